package sigma

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// errColumns says that a rule needs more than the columns of activity.
var errColumns = errors.New("the rule needs what activity does not hold")

// columnsOf are the fields of records that are columns of activity, by place.
// Letter case and blanks of some columns are not those of the record.
var columnsOf = map[string]map[string]string{
	"aws-cloudtrail":     {"eventName": "api_operation", "eventSource": "api_service_name", "errorCode": "status_code", "userIdentity.type": "actor_user_type"},
	"azure-activity-log": {"operationName": "api_operation"},
	"gcp-audit-log":      {"protoPayload.methodName": "api_operation", "gcp.audit.method_name": "api_operation", "data.protoPayload.methodName": "api_operation", "protoPayload.serviceName": "api_service_name", "gcp.audit.service_name": "api_service_name", "data.protoPayload.serviceName": "api_service_name"},
}

// SQL returns one query for all rules that ask only for open columns of the
// table activity: a row for each match, with the columns rule, exhibit,
// position and time, in one scan. It names the rules that are in it. An empty
// column and an absent field are the same to it.
func SQL(rules []*Rule) (query string, in []*Rule) {
	var cases []string
	for _, r := range rules {
		var forms []string
		for _, p := range Places {
			if r.Where == nil || !p.In(r.Source) {
				continue
			}
			cond, err := p.sql(r.Where)
			if err != nil {
				if p.Kind == "ocsf" {
					continue // names of fields differ there
				}
				forms = nil
				break
			}
			forms = append(forms, fmt.Sprintf("kind = %s AND cloud_provider = %s AND (%s)", quote(p.Kind), quote(p.Provider), cond))
		}
		if len(forms) > 0 {
			in = append(in, r)
			cases = append(cases, fmt.Sprintf("    -- %s\n    CASE WHEN %s THEN %s END", strings.Join(strings.Fields(r.Title), " "), strings.Join(forms, " OR "), quote(r.Key())))
		}
	}
	if len(in) == 0 {
		return "SELECT '' AS rule, exhibit, position, time FROM activity WHERE false;\n", nil
	}
	return "-- Matches of the rules that ask only for columns of activity, in one scan.\n-- The table hits has those of all rules.\n" +
		"SELECT rule, exhibit, position, time\nFROM (SELECT exhibit, position, time, UNNEST([\n" + strings.Join(cases, ",\n") +
		"]) AS rule\n  FROM activity)\nWHERE rule IS NOT NULL\nORDER BY time, exhibit, position, rule;\n", in
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// sql writes an expression over columns.
func (p Place) sql(e *Expr) (string, error) {
	var kids []string
	for _, k := range e.Kids {
		s, err := p.sql(k)
		if err != nil {
			return "", err
		}
		kids = append(kids, s)
	}
	switch e.Op {
	case And:
		return "(" + strings.Join(kids, " AND ") + ")", nil
	case Or:
		return "(" + strings.Join(kids, " OR ") + ")", nil
	case Not:
		return "NOT " + kids[0], nil
	}
	return p.test(e.Test)
}

func (p Place) column(field string) (string, bool) {
	if name, ok := strings.CutPrefix(field, Column); ok {
		return name, true
	}
	name, ok := columnsOf[p.Kind][field]
	return name, ok
}

func (p Place) test(t *Test) (string, error) {
	c, ok := p.column(t.Field)
	if !ok || strings.HasSuffix(c, "_bytes") || t.Cased && p.Kind != "aws-cloudtrail" {
		return "", errColumns
	}
	switch t.Kind {
	case Null:
		return c + " = ''", nil
	case Exists:
		return c + " <> ''", nil
	case Text:
		if t.Pattern.match(nil) {
			return "", errColumns // empty text and none are one in a column
		}
		return textSQL(c, t), nil
	case Regexp:
		if t.Re.MatchString("") || p.Kind == "azure-activity-log" {
			return "", errColumns
		}
		return "regexp_matches(" + c + ", " + quote(t.Re.String()) + ")", nil
	case Number:
		op := map[string]string{"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "="}[t.Cmp]
		if t.Part != "" {
			return "", errColumns
		}
		return fmt.Sprintf("coalesce(TRY_CAST(%s AS DOUBLE) %s %s, false)", c, op, strconv.FormatFloat(t.Number, 'g', -1, 64)), nil
	}
	return "", errColumns
}

// textSQL compares a column with a pattern.
func textSQL(c string, t *Test) string {
	if !t.Cased {
		c = "lower(" + c + ")"
	}
	if text, ok := t.Pattern.plain(); ok {
		return c + " = " + quote(text)
	}
	var b strings.Builder
	for _, x := range t.Pattern.parts {
		switch x.wild {
		case '*':
			b.WriteByte('%')
		case '?':
			b.WriteByte('_')
		default:
			b.WriteString(strings.NewReplacer(`!`, `!!`, `%`, `!%`, `_`, `!_`).Replace(x.lit))
		}
	}
	return c + " LIKE " + quote(b.String()) + " ESCAPE '!'"
}

// Keys returns the keys of rules, sorted.
func Keys(rules []*Rule) []string {
	var out []string
	for _, r := range rules {
		out = append(out, r.Key())
	}
	sort.Strings(out)
	return out
}
