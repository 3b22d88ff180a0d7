// Package verify checks a published answer, offline, without the program that
// made it: it reads a bundle and nothing else. docs/bundle.md is its
// specification; the steps here have the numbers there.
package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"probity"
	"probity/internal/attest"
	"probity/internal/custody"
	"probity/internal/ledger"
	"probity/internal/seal"
)

// A Step is one numbered check of a bundle.
type Step struct {
	Number int    `json:"number"`
	Name   string `json:"name"` // also the class of its failure
	Says   string `json:"says"` // what was found, in words
	Failed bool   `json:"failed"`
}

// Options say what else a reader knows.
type Options struct {
	Older  []byte // a checkpoint of this ledger from before; nil for none
	Vkey   string // the key of the ledger, known from elsewhere; "" for none
	Policy []byte // a tlog-policy: whose cosignatures are needed; nil for the bundle's own

	TimeAuthority []byte // PEM: the root of the time stamp authority; nil for the one that the bundle names
}

// A check reads what earlier ones opened, and says what it found.
type check struct {
	name string
	run  func(*bundle) (string, error)
}

// checks are the steps in their order.
var checks = []check{
	{"bag", (*bundle).bag},
	{"format", (*bundle).format},
	{"ledger", (*bundle).ledgerWhole},
	{"history", (*bundle).history},
	{"witnesses", (*bundle).witnesses},
	{"openings", (*bundle).openings},
	{"redactions", (*bundle).redactionsApproved},
	{"plan", (*bundle).planSealed},
	{"custody", (*bundle).custody},
	{"requests", (*bundle).requests},
	{"analysis", (*bundle).analysis},
	{"excerpts", (*bundle).excerpts},
	{"signatures", (*bundle).signatures},
	{"times", (*bundle).times},
	{"conclusion", (*bundle).conclusion},
}

// A bundle is what is being checked.
type bundle struct {
	fsys   fs.FS
	opts   Options
	index  Index
	review probity.Review
	text   []byte // of review.json
	sealed []byte // of its sealed form, which is signed
	view   *ledger.View
	events []*custody.Event
	leaves [][]byte

	redactions *custody.Redactions
	withheld   map[string]string // digest to pseudonym
}

// Index is bundle.json.
type Index struct {
	Version int    `json:"probity_bundle"`
	Case    string `json:"case"`
	Origin  string `json:"origin"` // of the ledger
}

// Run checks the bundle in fsys. A step whose ground an earlier one did not
// find fails too: nothing is taken for granted.
func Run(fsys fs.FS, opts Options) []Step {
	b := &bundle{fsys: fsys, opts: opts}
	var out []Step
	for i, c := range checks {
		says, err := run(c, b)
		s := Step{Number: i + 1, Name: c.name, Says: says}
		if err != nil {
			s.Failed, s.Says = true, err.Error()
		}
		out = append(out, s)
	}
	return out
}

var errGround = errors.New("cannot be checked: an earlier step failed")

func run(c check, b *bundle) (string, error) {
	needs := map[string]bool{
		"history": b.view == nil, "witnesses": b.view == nil, "openings": b.view == nil,
		"redactions": b.events == nil, "excerpts": b.events == nil || b.lastRun() == nil, "plan": b.events == nil, "custody": b.events == nil, "requests": b.events == nil,
		"analysis": b.events == nil, "signatures": b.events == nil, "times": b.events == nil, "conclusion": b.text == nil,
	}
	if needs[c.name] {
		return "", errGround
	}
	return c.run(b)
}

// maxFile bounds the files that are read into memory.
const maxFile = 1 << 30

func (b *bundle) read(name string) ([]byte, error) {
	i, err := fs.Stat(b.fsys, name)
	if err != nil {
		return nil, err
	}
	if !i.Mode().IsRegular() || i.Size() > maxFile {
		return nil, fmt.Errorf("%s is no file of a bundle", name)
	}
	return fs.ReadFile(b.fsys, name)
}

// format reads the index and the review, strictly.
func (b *bundle) format() (string, error) {
	data, err := b.read("data/bundle.json")
	if err != nil {
		return "", err
	}
	if err := strict(data, &b.index); err != nil {
		return "", fmt.Errorf("bundle.json: %w", err)
	}
	if b.index.Version != 1 {
		return "", fmt.Errorf("bundle.json is of version %d, and this program reads 1: use a newer one", b.index.Version)
	}
	text, err := b.read("data/review.json")
	if err != nil {
		return "", err
	}
	if err := strict(text, &b.review); err != nil {
		return "", fmt.Errorf("review.json: %w", err)
	}
	if b.review.Case != b.index.Case {
		return "", fmt.Errorf("review.json is of the case %q, the bundle of %q", b.review.Case, b.index.Case)
	}
	if b.sealed, err = b.read("data/sealed/review.json"); err != nil {
		return "", err
	}
	if err := b.redacted(); err != nil {
		return "", err
	}
	b.text = text
	return fmt.Sprintf("case %s, %d claims, %d exhibits", b.review.Case, len(b.review.Claims), len(b.review.Exhibits)), nil
}

// strict reads JSON in which no member stands twice.
func strict(data []byte, v any) error {
	if _, err := seal.Decode(data); err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

// ledgerWhole recomputes the ledger from its entries.
func (b *bundle) ledgerWhole() (string, error) {
	sub, err := fs.Sub(b.fsys, "data/ledger")
	if err != nil {
		return "", err
	}
	v, err := ledger.OpenView(sub)
	if err != nil {
		return "", err
	}
	if err := v.Check(); err != nil {
		return "", err
	}
	if v.Origin() != b.index.Origin {
		return "", fmt.Errorf("the ledger is of %q, the bundle of %q", v.Origin(), b.index.Origin)
	}
	if b.opts.Vkey != "" && v.Vkey() != b.opts.Vkey {
		return "", errors.New("the key of the ledger is not the one that you know")
	}
	b.view = v
	return fmt.Sprintf("%d leaves, root %s, key %s", v.Size(), v.Root(), v.Vkey()), nil
}

func (b *bundle) history() (string, error) {
	if b.opts.Older == nil {
		return "no older checkpoint was given to compare with", nil
	}
	if err := b.view.Consistent(b.opts.Older); err != nil {
		return "", err
	}
	return "the ledger continues the older checkpoint", nil
}

// openings opens every leaf with the disclosures, and refuses a disclosure that
// no leaf refers to.
func (b *bundle) openings() (string, error) {
	data, err := b.read("data/disclosures.json")
	if err != nil {
		return "", err
	}
	var list []string
	if err := strict(data, &list); err != nil {
		return "", fmt.Errorf("disclosures.json: %w", err)
	}
	known, err := seal.Learn(list, b.withheld)
	if err != nil {
		return "", err
	}
	if b.text == nil {
		return "", errGround
	}
	events := []*custody.Event{}
	signatures := 0
	for leaf, err := range b.view.Leaves(0) {
		if err != nil {
			return "", err
		}
		index := int64(len(b.leaves))
		b.leaves = append(b.leaves, leaf)
		e, err := custody.Parse(leaf)
		if errors.Is(err, custody.ErrForeign) {
			signatures++
			continue
		}
		if err == nil {
			err = e.Open(known)
		}
		if err != nil {
			return "", fmt.Errorf("leaf %d: %w", index, err)
		}
		e.Index = index
		events = append(events, e)
	}
	if err := b.open(known); err != nil {
		return "", err
	}
	if err := b.openLines(known); err != nil {
		return "", err
	}
	if unused := known.Unused(); len(unused) > 0 {
		return "", fmt.Errorf("%d disclosures belong to nothing, the first says %q", len(unused), unused[0])
	}
	if len(events) == 0 || events[0].Kind != custody.ReviewOpened || events[0].Body.(*custody.Opened).Case != b.index.Case {
		return "", errors.New("the ledger does not begin with this case")
	}
	b.events = events
	return fmt.Sprintf("%d events and %d signatures, every text opened", len(events), signatures), nil
}

// planSealed compares what the review says of the plan with the ledger.
func (b *bundle) planSealed() (string, error) {
	var sealed *custody.Event
	for _, e := range b.events {
		if e.Kind == custody.EvidenceReceived || e.Kind == custody.AnalysisRun {
			break
		}
		if e.Kind == custody.PlanSealed {
			sealed = e
		}
	}
	p := b.review.Plan
	if sealed == nil {
		if p.Sealed {
			return "", errors.New("the review says that a plan was sealed before evidence was read, and the ledger does not")
		}
		return "", errors.New("no plan was sealed before evidence was received or read")
	}
	body := sealed.Body.(*custody.Plan)
	if !p.Sealed || p.Leaf != sealed.Index || p.PlanSHA256 != body.PlanSHA256 {
		return "", fmt.Errorf("the review does not name the plan that leaf %d sealed", sealed.Index)
	}
	text, err := b.read("data/plans/" + body.PlanSHA256 + ".txt")
	if err != nil {
		return "", err
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != body.PlanSHA256 {
		return "", fmt.Errorf("plans/%s.txt is not what leaf %d sealed", body.PlanSHA256, sealed.Index)
	}
	return p.Sentence(), nil
}

// custody looks for the receipt of each exhibit.
func (b *bundle) custody() (string, error) {
	manifest := func(sum string) ([]byte, error) { return b.read("data/manifests/" + sum + ".txt") }
	chains, err := custody.Chains(b.events, manifest)
	if err != nil {
		return "", err
	}
	seen := int64(0)
	if run := b.lastRun(); run != nil {
		seen = run.Seen
	}
	then, err := custody.Chains(custody.Before(b.events, seen), manifest)
	if err != nil {
		return "", err
	}
	var without []string
	for i := range b.review.Exhibits {
		x := &b.review.Exhibits[i]
		if chains[x.SHA256] == nil && chains[x.MemberOf] == nil && chains[outermost(&b.review, x)] == nil {
			without = append(without, x.SHA256)
		}
		if !equal(x.Chain, then[x.SHA256]) {
			return "", fmt.Errorf("the chain of custody of %s is not that of the ledger", x.SHA256)
		}
	}
	if len(without) > 0 {
		return "", fmt.Errorf("%d of %d exhibits have no receipt in the ledger, the first is %s", len(without), len(b.review.Exhibits), without[0])
	}
	return fmt.Sprintf("%d exhibits, each with its receipt; %d files received", len(b.review.Exhibits), len(chains)), nil
}

// equal reports whether two values are the same JSON.
func equal(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}

// lastRun returns the last run that the ledger tells of, nil if none.
func (b *bundle) lastRun() (last *custody.Analysis) {
	for _, e := range b.events {
		if a, ok := e.Body.(*custody.Analysis); ok {
			last = a
		}
	}
	return last
}

// outermost returns the archive that holds the archive that holds an exhibit.
func outermost(r *probity.Review, x *probity.Exhibit) string {
	for range 4 {
		i := slices.IndexFunc(r.Exhibits, func(y probity.Exhibit) bool { return y.SHA256 == x.MemberOf })
		if i < 0 {
			break
		}
		x = &r.Exhibits[i]
	}
	return x.SHA256
}

// requests lists what was asked for and never answered.
func (b *bundle) requests() (string, error) {
	list := custody.RequestsOf(b.events)
	if run := b.lastRun(); run != nil && !equal(b.review.Requests, custody.RequestRefs(custody.Before(b.events, run.Seen))) {
		return "", errors.New("the requests of the review are not those that the ledger knew of when it was run")
	}
	counts, open := map[custody.State]int{}, []string{}
	for _, r := range list {
		counts[r.State]++
		if !r.State.Closed() {
			open = append(open, r.ID)
		}
	}
	if len(open) > 0 {
		return "", fmt.Errorf("without an end: %s", strings.Join(open, ", "))
	}
	words := []string{fmt.Sprintf("%d requests", len(list))}
	for _, s := range []custody.State{custody.ReceivedWhole, custody.ReceivedTooLate, custody.RefusedWhole, custody.RefusedInPart, custody.PastDue} {
		if counts[s] > 0 {
			words = append(words, fmt.Sprintf("%d %s", counts[s], strings.ReplaceAll(string(s), "_", " ")))
		}
	}
	return strings.Join(words, ", "), nil
}

// analysis compares the review with the run that the ledger tells of.
func (b *bundle) analysis() (string, error) {
	sum := sha256.Sum256(b.sealed)
	var last *custody.Event
	for _, e := range b.events {
		if e.Kind == custody.AnalysisRun {
			last = e
		}
	}
	if last == nil {
		return "", errors.New("the ledger tells of no run")
	}
	a := last.Body.(*custody.Analysis)
	inputs := sha256.New()
	for i := range b.review.Exhibits {
		fmt.Fprintf(inputs, "%s\n", b.review.Exhibits[i].SHA256)
	}
	switch {
	case a.ReviewSHA256 != hex.EncodeToString(sum[:]):
		return "", fmt.Errorf("sealed/review.json is not what the run of leaf %d gave", last.Index)
	case a.InputsSHA256 != hex.EncodeToString(inputs.Sum(nil)) || a.Exhibits != len(b.review.Exhibits):
		return "", fmt.Errorf("the exhibits are not those of leaf %d", last.Index)
	case a.Tool != b.review.Tool || a.CaseSHA256 != b.review.CaseSHA256:
		return "", fmt.Errorf("the program or the case are not those of leaf %d", last.Index)
	}
	return fmt.Sprintf("what the run of leaf %d gave, on %s", last.Index, last.At.Format("2006-01-02 15:04 UTC")), nil
}

// signatures verifies every signature of the review and counts the reviewers.
func (b *bundle) signatures() (string, error) {
	sum := sha256.Sum256(b.sealed)
	r := custody.ReviewedIn(b.events, hex.EncodeToString(sum[:]))
	keys, err := b.keys("data/signatures/")
	if err != nil {
		return "", err
	}
	used := map[string]bool{}
	var words []string
	one := func(by string, role custody.Role, key string, leaf int64, kind, word string) error {
		name, ok := keys[key]
		if !ok {
			return fmt.Errorf("the key of %s is not there", by)
		}
		used[name] = true
		if err := b.signature(name, b.sealed, leaf, kind); err != nil {
			return fmt.Errorf("%s of %s: %w", word, by, err)
		}
		words = append(words, fmt.Sprintf("%s (%s) %s", by, role, word))
		return nil
	}
	for _, s := range r.Signed {
		if err := one(s.By, s.Role, s.KeySHA256, s.Leaf, attest.ReviewType, "signature"); err != nil {
			return "", err
		}
	}
	for _, s := range r.Dissent {
		if err := one(s.By, s.Role, s.KeySHA256, s.Leaf, attest.DissentType, "dissent"); err != nil {
			return "", err
		}
	}
	for _, name := range keys {
		if !used[name] {
			return "", fmt.Errorf("%s is a signature that the ledger does not know of this review", path.Base(name))
		}
	}
	if err := b.trustedRoot(); err != nil {
		return "", err
	}
	if err := b.witnessPolicy(r); err != nil {
		return "", err
	}
	if met, missing := r.Met(); !met {
		return "", errors.New(missing)
	}
	for _, v := range r.Void {
		words = append(words, fmt.Sprintf("the signature of %s does not count: %s", v.Signed.By, v.Why))
	}
	for _, c := range r.Challenged {
		words = append(words, fmt.Sprintf("%s challenges %s: %s", c.By, c.Claim, c.Reason))
	}
	return strings.Join(append(append(words, r.Notes...), r.Rule()), "; "), nil
}

// trustedRoot checks what stock tools are told to believe, if anything is.
func (b *bundle) trustedRoot() error {
	text, err := b.read("data/signatures/trusted_root.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = attest.CheckTrustedRoot(text, b.view.Vkey())
	}
	if err != nil {
		return fmt.Errorf("trusted_root.json: %w", err)
	}
	return nil
}

// keys returns the public keys in a folder: id to file, without its ending.
func (b *bundle) keys(dir string) (map[string]string, error) {
	files, err := fs.Glob(b.fsys, dir+"*.pub")
	if err != nil {
		return nil, err
	}
	keys := map[string]string{}
	for _, f := range files {
		text, err := b.read(f)
		if err != nil {
			return nil, err
		}
		spki, _, err := attest.ParsePublic(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path.Base(f), err)
		}
		keys[attest.KeyID(spki)] = strings.TrimSuffix(f, ".pub")
	}
	return keys, nil
}

// signature checks one signature of content, and that the ledger holds it.
func (b *bundle) signature(name string, content []byte, leaf int64, kind string) error {
	key, err := b.read(name + ".pub")
	if err != nil {
		return err
	}
	spki, _, err := attest.ParsePublic(key)
	if err != nil {
		return err
	}
	text, err := b.read(name + ".sigstore.json")
	if err != nil {
		return err
	}
	v, err := attest.Verify(text, spki, content, b.view.Vkey())
	if err != nil {
		return err
	}
	if v.PredicateType != kind || v.Index != leaf {
		return fmt.Errorf("it is not the one that the ledger tells of")
	}
	want, err := attest.Leaf(v.Statement, v.Signature, spki)
	if err != nil || leaf >= int64(len(b.leaves)) || string(b.leaves[leaf]) != string(want) {
		return fmt.Errorf("leaf %d of this ledger is another", leaf)
	}
	return nil
}

// conclusion draws the conclusion from the findings anew.
func (b *bundle) conclusion() (string, error) {
	want := probity.Conclude(b.review.Claims)
	if want.Opinion == b.review.Conclusion.Opinion && !slices.Equal(want.Basis, b.review.Conclusion.Basis) {
		return "", fmt.Errorf("the findings give %q on another basis than the review says", want.Opinion)
	}
	if want.Opinion != b.review.Conclusion.Opinion {
		return "", fmt.Errorf("the findings give %q, and the review says %q", want.Opinion, b.review.Conclusion.Opinion)
	}
	return fmt.Sprintf("%s, as the findings give it", want.Opinion), nil
}
