package source

import (
	"io"

	"probity/internal/table"
)

// Disclosures: who disclosed which account or resource, and when. A row
// without a resource discloses the whole account.

func detectDisclosures(o *opening) bool {
	c := o.columns()
	return c.has("provider", "account") && (c.has("resource") || c.has("disclosedby")) && len(c) <= 16
}

type disclosureTaker struct {
	*sink
	c     columns
	width int
}

func readDisclosures(s *sink, in io.Reader) error {
	return readCSV(in, &disclosureTaker{sink: s}, func() bool { return s.stream.Damage() != "" })
}

func (t *disclosureTaker) header(fields [][]byte) { t.c, t.width = columnsOf(fields), len(fields) }

func (t *disclosureTaker) row(from, until int64, fields [][]byte) {
	if len(fields) != t.width {
		t.unread(from, until, "a row with more or fewer fields than the header")
		return
	}
	get := func(name string) []byte { return t.c.get(fields, name) }
	r := table.Disclosure{
		Exhibit: t.file.SHA256, Position: from, Length: int32(until - from),
		Provider: providerOf(string(get("provider"))), Resource: t.words.lower(resourceName(get("resource"))),
		Kind: t.words.of(get("kind")), Region: t.words.region(get("region")),
		DisclosedByToken: t.tokens.OfBytes("discloser", get("disclosedby")),
	}
	r.Account = t.words.lower(t.accountID(r.Provider, get("account")))
	if a := t.arm(get("account")); a.account != "" {
		r.Account = a.account
	}
	if a := t.arm(get("resource")); a.name != "" {
		r.Resource = a.name
	}
	if v := get("disclosedon"); len(v) > 0 {
		at, ok := parseAnyTime(v)
		if !ok {
			t.unread(from, until, "a date that cannot be read")
			return
		}
		r.DisclosedOn = &at
	}
	if r.Account == "" && r.Resource == "" {
		t.unread(from, until, "a row that names neither an account nor a resource")
		return
	}
	t.fail(t.part.Disclosure(&r))
	t.keep(from, until, hint{provider: r.Provider, account: r.Account, resource: r.Resource})
}
