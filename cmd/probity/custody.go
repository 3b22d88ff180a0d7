package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"probity"
	"probity/internal/casefile"
	"probity/internal/collect"
	"probity/internal/custody"
)

// startBook opens the record of a case for writing, and begins it if there is
// none.
func startBook(path string) (*probity.Case, *custody.Book, error) {
	c, err := casefile.Load(path)
	if err != nil {
		return nil, nil, err
	}
	b, err := custody.Start(c, custody.Options{})
	return c, b, err
}

// texts is a flag that may be given several times.
type texts []string

func (t *texts) String() string { return strings.Join(*t, ",") }
func (t *texts) Set(s string) error {
	*t = append(*t, s)
	return nil
}

// dateFlag reads a date, or a time in UTC.
func dateFlag(name, text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usageError("--%s %q: want a date such as 2026-01-31, or a time such as 2026-01-31T10:00:00Z", name, text)
}

var relations = []probity.Relation{probity.RelCustomer, probity.RelLocalOffice, probity.RelProvider, probity.RelThirdParty}

func relationFlag(text string) (probity.Relation, error) {
	if r := probity.Relation(text); text == "" || slices.Contains(relations, r) {
		return r, nil
	}
	return "", usageError("--relation %q: want customer, local_office, provider or third_party", text)
}

var requestCommand = command{
	name: "request", args: "CASE --id ID --custodian NAME --witness WITNESS --due DATE",
	short: "records that records were asked for",
	long: `Request puts a demand for records into the ledger of the case. The ledger is
begun if there is none. What is not answered by its due date is recorded as
overdue by the next command that opens the ledger. Names are in the ledger as
salted digests only.

  --id ID            by which answers name it, such as R1
  --custodian NAME   who is asked
  --relation WORD    customer, local_office, provider or third_party
  --witness WORD     billed, metered, listed, logged, flowed, control or stated
  --kind KIND        the kind of records, such as azure-storage-log
  --account ID       which account; may be given several times; all if absent
  --resource NAME    which resource; likewise
  --from DATE --until DATE   the period; the case's if absent
  --due DATE         until when

example:
  probity request mycase --id R1 --custodian "Local office" --relation local_office \
      --witness logged --due 2026-03-01`,
	run: runRequest,
}

func runRequest(_ context.Context, t *talk, args []string) (err error) {
	f := flag.NewFlagSet("request", flag.ContinueOnError)
	id, custodian, relation := f.String("id", "", ""), f.String("custodian", "", ""), f.String("relation", "", "")
	witness, kind, due := f.String("witness", "", ""), f.String("kind", "", ""), f.String("due", "", "")
	from, until := f.String("from", "", ""), f.String("until", "", "")
	var accounts, resources texts
	f.Var(&accounts, "account", "")
	f.Var(&resources, "resource", "")
	rest, err := parse(f, args, 1, "one case")
	if err != nil {
		return err
	}
	r := custody.Requested{Custodian: *custodian, Witness: probity.Witness(*witness), Kind: probity.Kind(*kind), Accounts: accounts, Resources: resources}
	switch {
	case *id == "" || *custodian == "" || *witness == "" || *due == "":
		return usageError("--id, --custodian, --witness and --due are needed")
	case !slices.Contains(probity.Witnesses, r.Witness):
		return usageError("--witness %q: want billed, metered, listed, logged, flowed, control or stated", *witness)
	case *kind != "" && !slices.Contains(probity.Kinds, r.Kind):
		return usageError("--kind %q is no kind of records", *kind)
	}
	if r.Relation, err = relationFlag(*relation); err != nil {
		return err
	}
	if r.Due, err = dateFlag("due", *due); err != nil {
		return err
	}
	if (*from == "") != (*until == "") {
		return usageError("--from and --until go together")
	}
	if *from != "" {
		var p probity.Span
		if p.From, err = dateFlag("from", *from); err != nil {
			return err
		}
		if p.Until, err = dateFlag("until", *until); err != nil {
			return err
		}
		if !p.From.Before(p.Until) {
			return usageError("--from %s is not before --until %s", *from, *until)
		}
		r.Period = &p
	}
	_, b, err := startBook(rest[0])
	if err != nil {
		return err
	}
	defer closeBook(b, &err)
	index, err := b.Record(custody.EvidenceRequested, *id, &r)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "recorded as leaf %d: request %s to %s, due %s\n", index, *id, *custodian, r.Due.Format(time.DateOnly))
	return nil
}

var refuseCommand = command{
	name: "refuse", args: "CASE --request ID --reason TEXT",
	short: "records that a request was refused",
	long: `Refuse closes a request. The review gives the refusal as the cause of what
could not be looked at.

  --request ID    which
  --reason TEXT   as the custodian gave it
  --part          records came, with parts taken out
  --at DATE       when it was refused; now if absent

example:
  probity refuse mycase --request R1 --reason "not permitted by local law"`,
	run: runRefuse,
}

func runRefuse(_ context.Context, t *talk, args []string) (err error) {
	f := flag.NewFlagSet("refuse", flag.ContinueOnError)
	id, reason, at, part := f.String("request", "", ""), f.String("reason", "", ""), f.String("at", "", ""), f.Bool("part", false, "")
	rest, err := parse(f, args, 1, "one case")
	if err != nil {
		return err
	}
	if *id == "" || *reason == "" {
		return usageError("--request and --reason are needed: write \"none given\" if there was none")
	}
	r := custody.Refused{Request: *id, Reason: *reason, Part: *part}
	if *at != "" {
		if r.At, err = dateFlag("at", *at); err != nil {
			return err
		}
	}
	_, b, err := startBook(rest[0])
	if err != nil {
		return err
	}
	defer closeBook(b, &err)
	index, err := b.Record(custody.EvidenceRefused, "", &r)
	if err != nil {
		return err
	}
	word := "refused"
	if *part {
		word = "answered in part"
	}
	fmt.Fprintf(t.out, "recorded as leaf %d: request %s was %s\n", index, *id, word)
	return nil
}

var receiveCommand = command{
	name: "receive", args: "CASE PATH --by NAME --how TEXT",
	short: "takes records in: originals into the store, a copy to work on",
	long: `Receive copies the file or folder PATH into the store of the case, by digest,
never to be changed, makes a working copy below evidence/, and records the
receipt in the ledger. PATH itself stays as it is.

  --request ID      the request that it answers
  --custodian NAME  who handed it over; the request's custodian if absent
  --relation WORD   customer, local_office, provider or third_party
  --by NAME         who took it in
  --how TEXT        how it came
  --at DATE         when it was collected; now if absent
  --into NAME       the folder below evidence/; the request's id, or PATH's name
  --more            more was announced: the request stays open

example:
  probity receive mycase /media/disk/logs --request R1 --by "A. Example" --how "encrypted disk, by courier"`,
	run: runReceive,
}

func runReceive(_ context.Context, t *talk, args []string) (err error) {
	f := flag.NewFlagSet("receive", flag.ContinueOnError)
	request, custodian, relation := f.String("request", "", ""), f.String("custodian", "", ""), f.String("relation", "", "")
	by, how, at := f.String("by", "", ""), f.String("how", "", ""), f.String("at", "", "")
	into, more := f.String("into", "", ""), f.Bool("more", false, "")
	rest, err := parse(f, args, 2, "a case and a path")
	if err != nil {
		return err
	}
	if *by == "" || *how == "" {
		return usageError("--by and --how are needed: a chain of custody names who took what in, and how")
	}
	r := custody.Received{Request: *request, Custodian: *custodian, By: *by, How: *how, At: time.Now().UTC().Truncate(time.Second), More: *more}
	if r.Relation, err = relationFlag(*relation); err != nil {
		return err
	}
	if *at != "" {
		if r.At, err = dateFlag("at", *at); err != nil {
			return err
		}
	}
	c, b, err := startBook(rest[0])
	if err != nil {
		return err
	}
	defer closeBook(b, &err)
	name := *into
	for _, q := range b.Requests() {
		if q.ID == *request && r.Custodian == "" {
			r.Custodian, r.Relation = q.Requested.Custodian, q.Requested.Relation
		}
	}
	if name == "" {
		if name = *request; name == "" {
			name = filepath.Base(filepath.Clean(rest[1]))
		}
	}
	if name != filepath.Base(name) || name == "." || name == ".." {
		return usageError("--into %q: want the name of one folder below evidence/", name)
	}
	if err := b.Answerable(*request); err != nil {
		return err
	}
	lines, err := b.Take(rest[1], nil)
	if err != nil {
		return err
	}
	if err := b.WorkingCopy(filepath.Join(c.Dir, "evidence", name), lines); err != nil {
		return err
	}
	index, err := b.Receive(r, lines)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "recorded as leaf %d: %d files, originals in %s, working copy in evidence/%s\n", index, len(lines), filepath.Join(c.Dir, custody.StoreDir), name)
	for _, e := range c.Evidence {
		if strings.HasPrefix("evidence/"+name+"/", strings.TrimSuffix(e.Path, "/")+"/") {
			return nil
		}
	}
	fmt.Fprintf(t.out, "add to evidence in %s:\n  - {path: evidence/%s, custodian: {name: %q, relation: %s}, acquired: {at: %s, by: %q, how: %q}}\n",
		c.File, name, r.Custodian, orWord(string(r.Relation), "third_party"), r.At.Format(time.RFC3339), r.By, r.How)
	return nil
}

func orWord(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

var collectCommand = command{
	name: "collect", args: "CASE",
	short: "puts the originals of a case's evidence into its store",
	long: `Collect copies every file of the case's evidence into the store, by digest,
never to be changed, and records in the ledger what was not recorded yet. What
lies in object storage is copied beside the case first. It may be repeated.

  --check   changes nothing: reads the store, and tells of originals that are
            missing or altered, and of files that no receipt knows; exit 4 then

example:
  probity collect mycase && probity collect mycase --check`,
	run: runCollect,
}

func runCollect(ctx context.Context, t *talk, args []string) (err error) {
	f := flag.NewFlagSet("collect", flag.ContinueOnError)
	check := f.Bool("check", false, "")
	rest, err := parse(f, args, 1, "one case")
	if err != nil {
		return err
	}
	if *check {
		return checkStore(t, rest[0])
	}
	c, b, err := startBook(rest[0])
	if err != nil {
		return err
	}
	defer closeBook(b, &err)
	for i := range c.Evidence {
		if err := collectEvidence(ctx, t, c, b, &c.Evidence[i]); err != nil {
			return err
		}
	}
	return nil
}

// take copies what a piece of evidence names into the store. What lies in object
// storage is copied beside the case first.
func take(ctx context.Context, c *probity.Case, b *custody.Book, e *probity.Evidence) ([]custody.Line, error) {
	if !e.Remote() {
		return b.Take(filepath.Join(c.Dir, filepath.FromSlash(e.Path)), nil)
	}
	dir := collect.Folder(c.Dir, e.Path)
	objects, err := collect.Fetch(ctx, e.Path, collect.Options{Dir: dir})
	if err != nil {
		return nil, err
	}
	var out []custody.Line
	for _, o := range objects {
		lines, err := b.Take(filepath.Join(dir, filepath.FromSlash(o.File)), nil)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			l.Path = o.Key
			out = append(out, l)
		}
	}
	return out, nil
}

func collectEvidence(ctx context.Context, t *talk, c *probity.Case, b *custody.Book, e *probity.Evidence) error {
	known, err := b.Received()
	if err != nil {
		return err
	}
	lines, err := take(ctx, c, b, e)
	if err != nil {
		if _, stat := os.Stat(filepath.Join(c.Dir, filepath.FromSlash(e.Path))); stat == nil && strings.HasSuffix(err.Error(), "holds no file") {
			fmt.Fprintf(t.out, "%s: no file\n", e.Path)
			return nil
		}
		return err
	}
	fresh := slices.DeleteFunc(slices.Clone(lines), func(l custody.Line) bool { return known[l.SHA256] != nil })
	if len(fresh) == 0 {
		fmt.Fprintf(t.out, "%s: %d files, all recorded before\n", e.Path, len(lines))
		return nil
	}
	r := custody.Received{Custodian: e.Custodian.Name, Relation: e.Custodian.Relation}
	if a := e.Acquired; a != nil {
		r.By, r.How, r.At = a.By, a.How, a.At
	}
	index, err := b.Receive(r, fresh)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s: %d files, %d of them new, recorded as leaf %d\n", e.Path, len(lines), len(fresh), index)
	return nil
}

// checkStore tells what is not as the receipts have it.
func checkStore(t *talk, path string) error {
	c, err := casefile.Load(path)
	if err != nil {
		return err
	}
	b, err := custody.Read(c.Dir, custody.Options{})
	if err != nil {
		return err
	}
	problems, err := b.CheckStore()
	if err != nil {
		return err
	}
	for _, p := range problems {
		from := "known to no receipt"
		if p.Leaf >= 0 {
			from = fmt.Sprintf("received with leaf %d", p.Leaf)
		}
		fmt.Fprintf(t.out, "%-8s %s, %s\n", p.What, p.SHA256, from)
	}
	if len(problems) > 0 {
		return verificationError("%d originals are not as they were received", len(problems))
	}
	received, err := b.Received()
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "ok: %d originals, each as it was received\n", len(received))
	return nil
}

// closeBook closes a book at the end of a command.
func closeBook(b *custody.Book, err *error) {
	if e := b.Close(); *err == nil {
		*err = e
	}
}
