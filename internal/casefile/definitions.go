package casefile

import (
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"probity"
	"probity/catalog"
)

// The definitions say what a case file may hold. Decoding and the JSON Schema
// for editors both come from them.

// A value is what may stand at one place of the file.
type value struct {
	kind     kind
	enum     []string // of text: the words allowed
	pattern  string   // of text: a regular expression
	means    string   // of text with a pattern: what is wanted, in words
	fields   []field  // of an object
	item     *value   // of a list
	examples []any
}

type kind uint8

const (
	word   kind = iota // text, or a number taken as it is written
	number             // a number
	truth              // true or false
	object
	list
	either // an object, or a list of such objects
)

// A field is a key of an object.
type field struct {
	key      string
	text     string
	required bool
	value    value
}

const (
	idPattern   = `^[A-Za-z0-9][A-Za-z0-9._-]*$`
	datePattern = `^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2})?)?$`
)

var (
	id     = value{pattern: idPattern, means: "a name of letters, digits, dots, dashes and underscores, such as A1.1"}
	date   = value{pattern: datePattern, means: "a date such as 2025-01-31, or a time such as 2025-01-31T10:00:00Z", examples: []any{"2025-01-31"}}
	plain  = value{}
	plains = value{kind: list, item: &value{}}
)

func oneOf(words ...string) value    { return value{enum: words} }
func listOf(v value) value           { return value{kind: list, item: &v} }
func objectOf(fields ...field) value { return value{kind: object, fields: fields} }

// aggregates are the words that aggregate takes.
func aggregates() []string {
	out := []string{"max", "min", "mean", "sum", "last"}
	for i := 1; i < 100; i++ {
		out = append(out, fmt.Sprintf("p%d", i))
	}
	return out
}

// rules are the rules of the catalogue.
func rules() []string {
	files, _ := fs.Glob(catalog.Files, "rules/*.yml") // the pattern is well formed
	var out []string
	for _, f := range files {
		out = append(out, strings.TrimSuffix(path.Base(f), ".yml"))
	}
	sort.Strings(out)
	return out
}

func examplesOf(list []string) []any {
	var out []any
	for _, x := range list {
		out = append(out, x)
	}
	return out
}

var indicators = []string{"speech_archive", "bulk_collection", "move_out", "transcription"}

func quantities() []string {
	var out []string
	for _, q := range probity.Quantities {
		out = append(out, string(q))
	}
	return out
}

func witnesses() []string {
	var out []string
	for _, w := range probity.Witnesses {
		out = append(out, string(w))
	}
	return out
}

var kinds = func() []string {
	var out []string
	for _, k := range probity.Kinds {
		out = append(out, string(k))
	}
	return out
}()

// periodOf is a span with both ends.
func periodOf() value {
	return objectOf(
		field{"from", "the first instant; a date means its midnight, UTC", true, date},
		field{"until", "the first instant that no longer belongs to it; a date means its midnight, UTC", true, date})
}

// whole is the case file.
func whole() value {
	return objectOf(
		field{"probity", "the version of this format", true, oneOf("1")},
		field{"id", "a short name of the case", true, id},
		field{"title", "what is alleged, in a line", false, plain},
		field{"subject", "whom the review is about", false, objectOf(field{"name", "as reports show it", false, plain})},
		field{"period", "the time under review, half-open, UTC", true, periodOf()},
		field{"review", "who ordered the review, and how it decides", false, objectOf(
			field{"instructed_by", "who ordered it", false, plain},
			field{"standard_of_proof", "the standard by which claims are decided", false,
				oneOf("balance_of_probabilities", "clear_and_convincing", "beyond_reasonable_doubt", "reasonable_grounds")},
			field{"time_authority", "who stamps the time of signatures, by RFC 3161", false, objectOf(
				field{"url", "its address", true, value{pattern: `^https?://[^\s]+$`, means: "an address such as https://time.example/stamp"}},
				field{"certificate", "a PEM file with its root and what lies between, beside the case file", true, plain})})},
		field{"estate", "the accounts in scope, as far as the authors of the case know; they do not count as disclosed", false, listOf(objectOf(
			field{"provider", "the cloud", true, oneOf("azure", "aws", "gcp")},
			field{"account", "subscription, account or project id", true, plain},
			field{"regions", "regions in scope; all if absent", false, plains}))},
		field{"terms", "the instruments whose provisions are alleged to be breached; paraphrased, never quoted", false, listOf(objectOf(
			field{"id", "by which provisions are named: id/provision", true, id},
			field{"instrument", "its title", true, plain},
			field{"version", "its version or date", false, plain},
			field{"provisions", "the rules that matter", true, listOf(objectOf(
				field{"id", "a short name", true, id},
				field{"paraphrase", "what it says, in your words", true, plain}))}))},
		field{"sources", "where the allegations come from", false, listOf(objectOf(
			field{"id", "a short name", true, id},
			field{"name", "what it is", true, plain},
			field{"date", "of publication", false, date},
			field{"grade", "Admiralty grade: A-F for reliability, 1-6 for credibility; F and 6 cannot be judged", false,
				value{pattern: `^[A-F][1-6]$`, means: "a grade from A1 to F6", examples: []any{"B2"}}}))},
		field{"rules", "folders of further rules in the Sigma format, relative to the case folder; a checkout of public ones may lie elsewhere", false, plains},
		field{"allegations", "what somebody states, broken into claims that records can show", true, listOf(allegation())},
		field{"coverage", "how much must have been looked at before an absence may be stated", false, objectOf(
			field{"minimum", "share of accounts x resources x hours, above 0 and at most 1; 0.95 if absent", true, value{kind: number, examples: []any{0.95}}})},
		field{"tolerances", "how far two witnesses may differ; declared before evidence is read", false, listOf(objectOf(
			field{"quantity", "what is compared", true, oneOf(quantities()...)},
			field{"between", "the two witnesses", true, listOf(oneOf(witnesses()...))},
			field{"share", "of the larger value, 0 to 1", true, value{kind: number, examples: []any{0.001}}}))},
		field{"evidence", "the folders and files that were handed over", false, listOf(objectOf(
			field{"path", "below the case folder, or an address of object storage: s3://bucket/prefix, azblob://container/prefix, gs://bucket/prefix", true, plain},
			field{"kind", "overrides the detection of the format", false, oneOf(kinds...)},
			field{"custodian", "who held it", false, objectOf(
				field{"name", "of the custodian", true, plain},
				field{"relation", "to the subject of the review", true, oneOf("customer", "local_office", "provider", "third_party")})},
			field{"acquired", "when, by whom and how it was collected; decides what had expired by then", false, objectOf(
				field{"at", "the time", false, date}, field{"by", "a name", false, plain}, field{"how", "the way", false, plain})},
			field{"covers", "the span that the custodian says it covers", false, periodOf()}))},
		field{"names", "further names, of people for example, that may have to be withheld when the answer is published", false, plains},
		field{"requests", "demands for records that were refused, answered with parts taken out, or not made", false, listOf(objectOf(
			field{"custodian", "of whom", true, plain},
			field{"witness", "which records", true, oneOf(witnesses()...)},
			field{"accounts", "all if absent", false, plains},
			field{"resources", "all if absent", false, plains},
			field{"period", "the period of the case if absent", false, periodOf()},
			field{"outcome", "what came of it", true, oneOf("refused", "redacted", "not_requested")}))})
}

func allegation() value {
	return objectOf(
		field{"id", "a short name", true, id},
		field{"statement", "what is alleged", true, plain},
		field{"sources", "ids of sources", false, plains},
		field{"provisions", "terms/provision", false, plains},
		field{"claims", "what records would show if it were so", true, listOf(objectOf(
			field{"id", "a short name", true, id},
			field{"statement", "the claim in words", true, plain},
			field{"material", "whether the conclusion rests on it; true if absent", false, value{kind: truth}},
			field{"kind", "an allegation, or an assurance: a denial to be tested", false, oneOf("allegation", "assurance")},
			field{"test", "what must hold; a list means all of them", true, value{kind: either, fields: test()}}))})
}

func test() []field {
	amount := value{examples: []any{"8 PB", "11.5 TiB", "1000000", "10000 h"}}
	return []field{
		{"quantity", "what is measured", false, oneOf(quantities()...)},
		{"indicator", "what the objects look like, by sizes and names' shapes alone", false, oneOf(indicators...)},
		{"rule", "a rule on the control plane's log: of the catalogue, or one of rules by its name, id or file", false, value{examples: examplesOf(rules())}},
		{"estate", "resources billed or metered and not disclosed", false, oneOf("undisclosed")},
		{"where", "narrows what the test is about", false, objectOf(
			field{"provider", "the cloud", false, oneOf("azure", "aws", "gcp")},
			field{"account", "subscription, account or project id", false, plain},
			field{"region", "such as westeurope", false, plain},
			field{"service", "such as blob", false, plain},
			field{"resource", "a storage account or bucket", false, plain},
			field{"container", "a container; only listings and logs know them", false, plain})},
		{"per", "the windows over which a flow is summed", false, oneOf("hour", "day", "month")},
		{"aggregate", "how one number is made of the windows; max for a level, sum for a flow if absent", false, oneOf(aggregates()...)},
		{"at_least", "the threshold, with a unit", false, amount},
		{"at_most", "an upper threshold, with a unit", false, amount},
	}
}
