package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"probity"
	"probity/internal/attest"
	"probity/internal/casefile"
	"probity/internal/custody"
	"probity/internal/keyfile"
	"probity/internal/ledger"
	"probity/internal/seal"
	"probity/internal/stamptest"
	"probity/internal/verify"
)

// A maker collects vectors.
type maker struct {
	t      *testing.T
	list   []vector
	beside map[string][]byte
}

// What fails when an earlier step finds no ground.
var (
	noEvents  = []string{"openings", "redactions", "plan", "custody", "requests", "analysis", "excerpts", "signatures", "times"}
	noFormat  = append(append([]string{"format"}, noEvents...), "conclusion")
	noLedger  = append([]string{"ledger", "history", "witnesses"}, noEvents...)
	signedToo = []string{"go", "browser", "cosign", "sigstore-js"}
	ours      = []string{"go", "browser"}
	bagToo    = []string{"go", "browser", "bagit"}
	jsToo     = []string{"go", "browser", "sigstore-js"} // reads stamps, and the leaf in a bundle
	cosignToo = []string{"go", "browser", "cosign"}      // refuses members that stand twice
)

func steps(names ...string) []string { return names }

// add adds a vector: the bag as it is.
func (m *maker) add(name, done string, b bag, fails, seen []string) {
	m.zip(name, done, b.pack(), fails, seen)
}

func (m *maker) zip(name, done string, packed []byte, fails, seen []string) {
	v := vector{Name: name, Zip: name + ".zip", Done: done, Fails: append([]string{}, fails...), Seen: append([]string{}, seen...), packed: packed}
	m.list = append(m.list, v)
}

// again adds a vector that is a zip of before with something that the reader
// knows.
func (m *maker) again(name, of, done string, fails []string, know func(*vector)) {
	v := vector{Name: name, Zip: of + ".zip", Done: done, Fails: append([]string{}, fails...), Seen: []string{}}
	if len(fails) > 0 {
		v.Seen = ours
	}
	know(&v)
	m.list = append(m.list, v)
}

// change returns the bag with a text in a file replaced once, and manifests to
// match.
func (m *maker) change(b bag, p, from, to string) bag {
	m.t.Helper()
	if !strings.Contains(string(b[p]), from) {
		m.t.Fatalf("%s has no %q", p, from)
	}
	out := maps.Clone(b)
	out[p] = []byte(strings.Replace(string(b[p]), from, to, 1))
	out.seal()
	return out
}

// both does it to the review and its sealed form.
func (m *maker) both(b bag, from, to string) bag {
	m.t.Helper()
	return m.change(m.change(b, "data/review.json", from, to), "data/sealed/review.json", from, to)
}

func (m *maker) with(b bag, more map[string][]byte, without ...string) bag {
	out := maps.Clone(b)
	maps.Copy(out, more)
	for _, p := range without {
		if out[p] == nil {
			m.t.Fatalf("no file %s", p)
		}
		delete(out, p)
	}
	out.seal()
	return out
}

// loose is the changed file in a bag whose manifests are of the unchanged one.
func loose(good, changed bag) bag {
	out := maps.Clone(changed)
	for _, p := range []string{"manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt"} {
		out[p] = good[p]
	}
	return out
}

func makeVectors(t *testing.T) *maker {
	m := &maker{t: t, beside: map[string][]byte{}}
	p := proceed(t)
	unsealed := p.fork()
	p.do("plan", "--seal")
	unreceived, unasked := p.fork(), p.fork()
	p.ask()
	before := p.read("case", "ledger", "checkpoint")
	p.do("collect")
	p.do("review")
	reviewed := p.fork()
	p.sign("ada", "author")
	p.sign("bob", "approver")
	undissented := readLedger(t, p.at("case", "ledger"))
	p.sign("eve", "approver", "--dissent", "too little was asked for")
	stamped, withheld, halfway := p.fork(), p.fork(), p.fork()
	plain := p.publish()
	m.beside["before.checkpoint"], m.beside["log.vkey"] = before, plain["data/ledger/log.vkey"]

	m.add("plain", "nothing: published as it should be", plain, nil, nil)
	page := m.change(plain, "data/report.html", "disclaimer", "unmodified")
	m.add("changed-page", "report.html says something else", loose(plain, page), steps("bag"), bagToo)
	m.add("forged-page", "report.html says something else; the manifests match: only probity verify, which can make the page, sees it", page, nil, nil)
	plain = plain.lean()
	m.zips(m.with(plain, map[string][]byte{"data/report.html": []byte("<!DOCTYPE html>\n<title>A review of very little</title>\n")}))
	m.files(plain)
	m.texts(p, plain)
	m.ledgers(p, plain, undissented)
	m.leaves(p, plain)
	m.signed(p, plain)
	m.rules(unsealed, unreceived, unasked, reviewed)
	m.redacted(withheld, halfway, reviewed, plain)
	m.stamps(stamped)
	m.quorums()
	return m
}

// files: something changed in a member of each kind, with manifests that tell
// and with manifests to match.
func (m *maker) files(b bag) {
	excerpts, review := "data/excerpts.json", "data/review.json"
	plan, manifest := b.find("data/plans/", ""), b.listing("  7\n")
	tile := b.find("data/ledger/tile/0/", "")
	for _, x := range []struct {
		name, done, file, from, to string
		fails, seen                []string
	}{
		{"index", "bundle.json says another version", "data/bundle.json", `"probity_bundle":1`, `"probity_bundle":2`, noFormat, ours},
		{"origin", "bundle.json names another ledger", "data/bundle.json", "vector.probity", "hector.probity", noLedger, ours},
		{"case", "case.yaml has another threshold", "data/case.yaml", "at_least: 1 GB", "at_least: 9 GB", noEvents, ours},
		{"sealed-case", "the sealed form of the case has another threshold", "data/sealed/case.yaml", "at_least: 1 GB", "at_least: 9 GB", noEvents, ours},
		{"review", "review.json has a space more", review, `"case": "vector"`, `"case":  "vector"`, noEvents, ours},
		{"opinion", "review.json has another opinion than its sealed form", review, `"opinion": "disclaimer"`, `"opinion": "unmodified"`, append(slices.Clone(noEvents), "conclusion"), ours},
		{"manifest", "a receipt lists another length", manifest, "  7\n", "  8\n", steps("custody"), ours},
		{"plan", "the sealed plan has another rule", plan, "period", "Period", steps("plan"), ours},
		{"excerpt", "a row that is shown says something else", excerpts, "westeurope", "easteurope", steps("excerpts"), ours},
		{"excerpt-row", "a row is said to stand in another place", excerpts, `"row":0`, `"row":1`, steps("excerpts"), ours},
		{"excerpt-salt", "the salt of a row has 8 bytes", excerpts, b.salt(), b.salt()[:11] + "=", steps("excerpts"), ours},
		{"excerpt-table", "a row is said to be of another table", excerpts, `"table":"disclosures"`, `"table":"unread"`, steps("excerpts"), ours},
		{"key-of-ledger", "log.vkey has another name", "data/ledger/log.vkey", "vector", "hector", noLedger, ours},
		{"checkpoint", "the checkpoint says another size", "data/ledger/checkpoint", "invalid\n", "invalid\n1", noLedger, ours},
		{"tile", "a hash in a tile", tile, string(b[tile][40:48]), "\x00probity", noLedger, ours},
		{"leaf", "a refusal is made a receipt", b.entries(), "evidence.refused", "evidence.receive", noLedger, ours},
		{"disclosure", "a disclosure is another", "data/disclosures.json", b.disclosure(0)[10:20], "AAAAAAAAAA", noEvents, ours},
		{"public-key", "the public key of the author", "data/signatures/ada.pub", "MFkwEwYH", "MFkwEwYI", steps("signatures"), signedToo},
		{"signature", "a digit in the signature of the author", "data/signatures/ada.sigstore.json", b.sig()[30:42], flip(b.sig()[30:42]), steps("signatures"), signedToo},
		{"statement", "what the author signed", "data/signatures/ada.sigstore.json", b.payload()[60:72], flip(b.payload()[60:72]), steps("signatures"), signedToo},
	} {
		changed := m.change(b, x.file, x.from, x.to)
		m.add("forged-"+x.name, x.done+"; the manifests match", changed, x.fails, x.seen)
		m.add("changed-"+x.name, x.done, loose(b, changed), append(steps("bag"), x.fails...), append(slices.Clone(x.seen), unless(x.seen, bagToo)...))
	}
	lost := m.with(b, nil, manifest)
	m.add("lost-file", "the manifest of a receipt is missing", loose(b, lost), steps("bag", "custody"), bagToo)
	m.add("stray-file", "a file that is in no manifest", loose(b, m.with(b, map[string][]byte{"data/note.txt": []byte("stray\n")})), steps("bag"), bagToo)
	m.add("no-bagit", "bagit.txt is missing", m.with(b, nil, "bagit.txt"), steps("bag"), bagToo)
	m.add("old-bagit", "bagit.txt is of a version that is no longer", m.with(b, map[string][]byte{"bagit.txt": []byte("BagIt-Version: 0.50\nTag-File-Character-Encoding: UTF-8\n")}), steps("bag"), bagToo)
	m.add("no-review", "review.json is missing", m.with(b, nil, review), noFormat, ours)
	oxum := maps.Clone(b)
	oxum["bag-info.txt"] = bytes.Replace(b["bag-info.txt"], []byte("Oxum: "), []byte("Oxum: 1"), 1)
	oxum["tagmanifest-sha256.txt"] = retag(oxum)
	m.add("oxum", "bag-info.txt says another number of bytes", oxum, steps("bag"), bagToo)
	twice := maps.Clone(b)
	line, _, _ := strings.Cut(string(b["manifest-sha256.txt"]), "\n")
	twice["manifest-sha256.txt"] = append(slices.Clone(b["manifest-sha256.txt"]), line+"\n"...)
	twice["tagmanifest-sha256.txt"] = retag(twice)
	m.add("manifest-line-twice", "a line of the manifest stands twice", twice, steps("bag"), bagToo)
	swapped := maps.Clone(b)
	swapped["manifest-sha256.txt"], swapped["tagmanifest-sha256.txt"] = b["tagmanifest-sha256.txt"], b["manifest-sha256.txt"]
	m.add("manifests-swapped", "the two manifests of the bag stand in each other's place", swapped, steps("bag"), bagToo)
}

// listing returns the manifest of a receipt that holds a text.
func (b bag) listing(text string) string {
	for p, data := range b {
		if strings.HasPrefix(p, "data/manifests/") && strings.Contains(string(data), text) {
			return p
		}
	}
	panic("no manifest")
}

func unless(have, more []string) []string {
	var out []string
	for _, x := range more {
		if !slices.Contains(have, x) {
			out = append(out, x)
		}
	}
	return out
}

// retag writes the list of tag files alone anew.
func retag(b bag) []byte {
	var text strings.Builder
	for _, p := range slices.Sorted(maps.Keys(b)) {
		if !strings.HasPrefix(p, "data/") && p != "tagmanifest-sha256.txt" {
			fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(b[p]), p)
		}
	}
	return []byte(text.String())
}

// flip returns other base64 of the same length.
func flip(s string) string {
	return strings.Map(func(r rune) rune {
		if r == 'A' {
			return 'B'
		}
		return 'A'
	}, s)
}

func (b bag) excerpts() (x verify.Excerpts) {
	if err := json.Unmarshal(b["data/excerpts.json"], &x); err != nil || len(x.Openings) == 0 {
		panic("no excerpts")
	}
	return x
}

func (b bag) salt() string { return base64.StdEncoding.EncodeToString(b.excerpts().Openings[0].Salt) }

func (b bag) disclosures() (list []string) {
	if err := json.Unmarshal(b["data/disclosures.json"], &list); err != nil {
		panic(err)
	}
	return list
}

func (b bag) disclosure(i int) string { return b.disclosures()[i] }

// about returns the disclosure of a value.
func (b bag) about(value string) string {
	for _, d := range b.disclosures() {
		if v, _, err := seal.ParseDisclosure(d); err == nil && v == value {
			return d
		}
	}
	panic("no disclosure of " + value)
}

func (b bag) attested(name string) (x attest.Bundle) {
	if err := json.Unmarshal(b["data/signatures/"+name+".sigstore.json"], &x); err != nil {
		panic(err)
	}
	return x
}

func (b bag) sig() string {
	return base64.StdEncoding.EncodeToString(b.attested("ada").Envelope.Signatures[0].Sig)
}

func (b bag) payload() string {
	return base64.StdEncoding.EncodeToString(b.attested("ada").Envelope.Payload)
}

// texts: the review, its sealed form and what opens them.
func (m *maker) texts(p *proceeding, b bag) {
	list := "data/disclosures.json"
	m.add("finding", "another finding, in the review and its sealed form", m.both(b, `"finding": "undetermined"`, `"finding": "not_assessed"`), steps("analysis", "signatures", "conclusion"), signedToo)
	m.add("absence-without-coverage", "a finding of absence without the coverage that it needs", m.both(b, `"finding": "undetermined"`, `"finding": "not_supported"`), noFormat, signedToo)
	m.add("another-opinion", "another opinion, in the review and its sealed form", m.both(b, `"opinion": "disclaimer"`, `"opinion": "unmodified"`), steps("analysis", "signatures", "conclusion"), signedToo)
	m.add("swapped-exhibit", "an exhibit is another file, in the review and its sealed form", m.both(b, `"sha256": "`+b.exhibit(), `"sha256": "`+strings.Repeat("0", 64)), steps("custody", "analysis", "signatures"), signedToo)
	chain := func(p string) string {
		_, after, _ := strings.Cut(string(b[p]), `"chain": [`)
		return after[:strings.Index(after, ",")]
	}
	from := `"chain": [` + chain("data/review.json")
	m.add("chain-of-another-leaf", "the chain of custody of an exhibit is of another leaf", m.both(b, from, from+"1"), steps("custody", "analysis", "signatures"), signedToo)
	m.add("request-hidden", "the review tells of one request less", m.both(b, `"id": "R2"`, `"id": "R1"`), steps("requests", "analysis", "signatures"), signedToo)
	m.add("refusal-softened", "the review says that a refused request was answered", m.both(b, `"state": "refused"`, `"state": "received"`), steps("requests", "analysis", "signatures"), signedToo)
	m.add("plan-denied", "the review says that no plan was sealed", m.both(b, `"sealed": true`, `"sealed": false`), steps("plan", "analysis", "signatures"), signedToo)
	m.add("member-twice", "a member of the review stands twice", m.both(b, `"case": "vector"`, `"case": "vector",
  "case": "vector"`), noFormat, signedToo)
	m.add("member-in-other-letters", "a finding of the review stands a second time in other letters, which some readers tell apart and some do not", m.both(b, `"finding": "undetermined"`, `"Finding": "undetermined",
      "finding": "undetermined"`), noFormat, signedToo)
	m.add("member-twice-index", "a member of bundle.json stands twice", m.change(b, "data/bundle.json", `"case":"vector"`, `"case":"vector","case":"vector"`), slices.Concat(steps("format", "conclusion"), noLedger), ours)
	m.add("member-twice-excerpts", "a member of excerpts.json stands twice", m.change(b, "data/excerpts.json", `"row":0`, `"row":0,"row":0`), noEvents, ours)
	m.add("not-utf8", "bytes in the review that are no UTF-8", m.both(b, "no reader knows", "no reader\xffknows"), noFormat, signedToo)
	m.add("nested", "excerpts.json nests deeper than 64", m.with(b, map[string][]byte{"data/excerpts.json": []byte(`{"openings":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + "}\n")}), noEvents, ours)
	m.add("another-case", "the review is of another case", m.both(b, `"case": "vector"`, `"case": "hector"`), noFormat, signedToo)

	first := `"` + b.disclosure(0) + `",`
	m.add("disclosure-missing", "a disclosure is missing, and nothing is said to be withheld", m.change(b, list, first, ""), noEvents, ours)
	m.add("disclosure-twice", "a disclosure stands twice", m.change(b, list, first, first+first), noEvents, ours)
	m.add("disclosure-stray", "a disclosure that nothing refers to", m.change(b, list, "[", `["`+disclose("another name", 16)+`",`), noEvents, ours)
	m.add("disclosures-lost", "disclosures.json is missing", m.with(b, nil, list), noEvents, ours)
	weak := disclose("Branch office", 8)
	leaf := requestLeaf(weak, "2020-01-01T00:00:00Z")
	m.add("salt-weak", "a leaf whose disclosure has a salt of 64 bits", m.change(p.grow(b, leaf), list, "[", `["`+weak+`",`), noEvents, ours)
	m.add("path-wrong", "the path of a row has another hash", m.wrongPath(b), steps("excerpts"), ours)
}

func (b bag) exhibit() string {
	var r struct {
		Exhibits []struct {
			SHA256 string `json:"sha256"`
		} `json:"exhibits"`
	}
	if err := json.Unmarshal(b["data/review.json"], &r); err != nil {
		panic(err)
	}
	return r.Exhibits[0].SHA256
}

func (m *maker) wrongPath(b bag) bag {
	x := b.excerpts()
	if len(x.Openings[0].Path) == 0 { // a table of one row
		x.Openings[0].Path = [][]byte{make([]byte, 32)}
	} else {
		x.Openings[0].Path[0] = make([]byte, 32)
	}
	text, err := seal.Canonical(x)
	if err != nil {
		m.t.Fatal(err)
	}
	return m.with(b, map[string][]byte{"data/excerpts.json": append(text, '\n')})
}

// disclose returns a disclosure with a salt of n bytes.
func disclose(value string, n int) string {
	text, err := seal.Canonical([]string{base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{7}, n)), value})
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func mark(disclosure string) string {
	sum := sha256.Sum256([]byte(disclosure))
	return `{"...":"` + base64.RawURLEncoding.EncodeToString(sum[:]) + `"}`
}

func requestLeaf(disclosure, due string) string {
	return `{"at":"2025-02-01T00:00:00Z","body":{"custodian":` + mark(disclosure) + `,"due":"` + due + `","relation":"","witness":"logged"},"id":"R9","kind":"evidence.requested","probity":1}`
}

// ledgers: the log as a whole.
func (m *maker) ledgers(p *proceeding, b, undissented bag) {
	other := proceed(m.t)
	other.do("plan", "--seal")
	other.ask()
	alien := readLedger(m.t, other.at("case", "ledger"))
	fork := p.grow(b, requestLeaf(b.about("Local office"), "2020-01-01T00:00:00Z"))
	m.beside["fork.checkpoint"], m.beside["alien.checkpoint"], m.beside["alien.vkey"] = fork["data/ledger/checkpoint"], alien["data/ledger/checkpoint"], alien["data/ledger/log.vkey"]
	longer := p.grow(b, "a leaf more", "and another")
	m.beside["longer.checkpoint"] = longer["data/ledger/checkpoint"]
	m.again("older", "plain", "an older checkpoint, which the ledger continues", nil, func(v *vector) { v.Since = "before.checkpoint" })
	m.again("forked", "forked-twin", "an older checkpoint of the other branch of a ledger that was forked", steps("history"), func(v *vector) { v.Since = "fork.checkpoint" })
	twin := p.grow(b, requestLeaf(b.about("Local office"), "2020-01-02T00:00:00Z"), overdueLeaf("R9", "2020-01-02T00:00:00Z"))
	m.add("forked-twin", "a branch of a forked ledger: whole by itself", twin, nil, nil)
	m.again("truncated", "plain", "an older checkpoint that has more leaves", steps("history"), func(v *vector) { v.Since = "longer.checkpoint" })
	m.again("other-checkpoint", "plain", "an older checkpoint of another ledger", steps("history"), func(v *vector) { v.Since = "alien.checkpoint" })
	m.again("known-key", "plain", "the key of the ledger is known", nil, func(v *vector) { v.Log = "log.vkey" })
	m.again("wrong-key", "plain", "the key of another ledger is known", noLedger, func(v *vector) { v.Log = "alien.vkey" })
	m.add("cut-ledger", "the checkpoint is one of before: the tiles reach beyond it", m.with(b, map[string][]byte{"data/ledger/checkpoint": m.beside["before.checkpoint"]}), noLedger, ours)
	m.add("alien-ledger", "the ledger of another case with the same name", b.withLedger(alien), noEvents, ours)
	m.add("alien-key", "the key of another ledger", m.with(b, map[string][]byte{"data/ledger/log.vkey": alien["data/ledger/log.vkey"]}), noLedger, ours)
	short := b.withLedger(undissented)
	delete(short, "data/signatures/eve.pub")
	delete(short, "data/signatures/eve.sigstore.json")
	short.seal()
	m.add("dissent-cut-off", "the ledger ends before the dissent, whose signature is gone too: whole by itself", b.cutDisclosures(m, short), nil, nil)
	m.beside["whole.checkpoint"] = b["data/ledger/checkpoint"]
	m.again("dissent-cut-off-seen", "dissent-cut-off", "the same, seen by a reader who has the later checkpoint", steps("history"), func(v *vector) { v.Since = "whole.checkpoint" })
	m.add("key-of-ledger-lines", "log.vkey has a second, empty line", m.change(b, "data/ledger/log.vkey", "\n", "\n\n"), noLedger, ours)
	m.add("no-tile", "a tile is missing", m.with(b, nil, b.find("data/ledger/tile/0/", "")), noLedger, ours)
	m.add("stray-tile", "a tile that belongs to no size of this ledger", m.with(b, map[string][]byte{"data/ledger/tile/1/000.p/1": make([]byte, 32)}), noLedger, ours)
	m.add("dropped-leaf", "the leaf of a refusal is taken out of the entries", m.entriesWithout(b, "evidence.refused"), noLedger, ours)
	m.add("leaves-exchanged", "two leaves stand in each other's place", m.exchanged(b), noLedger, ours)
	m.add("checkpoint-second-spelling", "the signature of the checkpoint is written in a second way", m.spelledAgain(b), noLedger, ours)
}

// cutDisclosures leaves out what only the later leaves refer to.
func (b bag) cutDisclosures(m *maker, short bag) bag {
	return m.undisclosed(short, b.about("too little was asked for"), b.about("eve"))
}

// undisclosed returns a bag without disclosures.
func (m *maker) undisclosed(b bag, without ...string) bag {
	var list []string
	if err := json.Unmarshal(b["data/disclosures.json"], &list); err != nil {
		m.t.Fatal(err)
	}
	text, err := seal.Canonical(slices.DeleteFunc(list, func(d string) bool { return slices.Contains(without, d) }))
	if err != nil {
		m.t.Fatal(err)
	}
	return m.with(b, map[string][]byte{"data/disclosures.json": append(text, '\n')})
}

func overdueLeaf(id, due string) string {
	return `{"at":"2025-02-01T00:00:00Z","body":{"due":"` + due + `","request":"` + id + `"},"id":"","kind":"evidence.overdue","probity":1}`
}

func (b bag) leaves() [][]byte {
	var out [][]byte
	for data := b[b.entries()]; len(data) > 0; {
		n := int(data[0])<<8 | int(data[1])
		out, data = append(out, data[:2+n]), data[2+n:]
	}
	return out
}

func (m *maker) entriesWithout(b bag, kind string) bag {
	list := slices.DeleteFunc(b.leaves(), func(l []byte) bool { return bytes.Contains(l, []byte(kind)) })
	return m.with(b, map[string][]byte{b.entries(): bytes.Join(list, nil)})
}

func (m *maker) exchanged(b bag) bag {
	list := b.leaves()
	list[2], list[3] = list[3], list[2]
	return m.with(b, map[string][]byte{b.entries(): bytes.Join(list, nil)})
}

// spelledAgain sets a bit of the last digit of base64 that means nothing.
func (m *maker) spelledAgain(b bag) bag {
	text := bytes.Clone(b["data/ledger/checkpoint"])
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	at := bytes.LastIndexByte(text, '=') - 1
	for at > 0 && text[at] == '=' {
		at--
	}
	text[at] = digits[strings.IndexByte(digits, text[at])+1]
	return m.with(b, map[string][]byte{"data/ledger/checkpoint": text})
}

// leaves: what somebody can write who has the key of the ledger.
func (m *maker) leaves(p *proceeding, b bag) {
	office := b.about("Local office")
	m.add("request-open", "a request that was never answered, made after the review", p.grow(b, requestLeaf(office, "2999-01-01T00:00:00Z")), steps("requests"), ours)
	for name, x := range map[string][2]string{
		"leaf-unknown-kind":    {"a leaf of an unknown kind", `{"at":"2025-02-01T00:00:00Z","body":{},"id":"","kind":"evidence.lost","probity":1}`},
		"leaf-unknown-member":  {"a leaf with an unknown member", `{"at":"2025-02-01T00:00:00Z","body":{"due":"2020-01-01T00:00:00Z","request":"R1","why":"x"},"id":"","kind":"evidence.overdue","probity":1}`},
		"leaf-second-spelling": {"a leaf in another spelling", `{"at": "2025-02-01T00:00:00Z","body":{"due":"2020-01-01T00:00:00Z","request":"R1"},"id":"","kind":"evidence.overdue","probity":1}`},
		"leaf-member-twice":    {"a leaf with a member twice", `{"at":"2025-02-01T00:00:00Z","at":"2025-02-01T00:00:00Z","body":{"due":"2020-01-01T00:00:00Z","request":"R1"},"id":"","kind":"evidence.overdue","probity":1}`},
		"leaf-local-time":      {"a leaf whose time is not in UTC", `{"at":"2025-02-01T00:00:00+01:00","body":{"due":"2020-01-01T00:00:00Z","request":"R1"},"id":"","kind":"evidence.overdue","probity":1}`},
		"leaf-no-json":         {"a leaf that is no JSON", `evidence was lost`},
		"leaf-undisclosed":     {"a leaf with a digest of which nothing is known", requestLeaf(disclose("nobody", 16), "2020-01-01T00:00:00Z")},
	} {
		m.add(name, x[0], p.grow(b, x[1]), noEvents, ours)
	}
	revoked := disclose("the key was copied", 16)
	m.add("key-revoked", "the key of the author was revoked since before it signed", m.change(p.grow(b, `{"at":"2025-02-01T00:00:00Z","body":{"key_sha256":"`+p.key("ada")+`","reason":`+mark(revoked)+`,"since":"2025-01-01T00:00:00Z"},"id":"","kind":"key.revoked","probity":1}`),
		"data/disclosures.json", "[", `["`+revoked+`",`), steps("signatures"), ours)
	m.add("later-run", "the ledger tells of a later run, which gave something else", p.grow(b, m.laterRun(b)), steps("analysis"), ours)
	m.add("receipt-without-manifest", "a receipt whose manifest is not there", p.grow(b, `{"at":"2025-02-01T00:00:00Z","body":{"bytes":1,"files":1,"manifest_sha256":"`+strings.Repeat("0", 64)+`"},"id":"","kind":"evidence.received","probity":1}`), steps("custody"), ours)
}

// laterRun is the leaf of the run with another review.
func (m *maker) laterRun(b bag) string {
	for _, l := range b.leaves() {
		if text := string(l[2:]); strings.Contains(text, `"kind":"analysis.run"`) {
			_, after, _ := strings.Cut(text, `"review_sha256":"`)
			return strings.Replace(text, after[:64], strings.Repeat("0", 64), 1)
		}
	}
	m.t.Fatal("no run")
	return ""
}

// signed: signatures and who made them.
func (m *maker) signed(p *proceeding, b bag) {
	file := func(name string) string { return "data/signatures/" + name }
	ada := file("ada.sigstore.json")
	edit := func(name, done string, seen []string, change func(*attest.Bundle)) {
		x := b.attested("ada")
		change(&x)
		text, err := json.MarshalIndent(x, "", "  ")
		if err != nil {
			m.t.Fatal(err)
		}
		m.add(name, done, m.with(b, map[string][]byte{ada: append(text, '\n')}), steps("signatures"), seen)
	}
	edit("log-index", "the signature is said to be another leaf", signedToo, func(x *attest.Bundle) {
		x.Material.Entries[0].LogIndex, x.Material.Entries[0].Proof.LogIndex = "0", "0"
	})
	edit("proof-hash", "a hash of the proof that the signature is in the ledger", signedToo, func(x *attest.Bundle) { x.Material.Entries[0].Proof.Hashes[0][0] ^= 1 })
	edit("proof-root", "the root of that proof", ours, func(x *attest.Bundle) { x.Material.Entries[0].Proof.RootHash[0] ^= 1 })
	edit("proof-checkpoint", "the checkpoint of that proof", signedToo, func(x *attest.Bundle) {
		x.Material.Entries[0].Proof.Checkpoint.Envelope = strings.Replace(x.Material.Entries[0].Proof.Checkpoint.Envelope, "invalid\n1", "invalid\n2", 1)
	})
	edit("log-id", "the signature is said to be in another log", signedToo, func(x *attest.Bundle) { x.Material.Entries[0].LogID.KeyID[0] ^= 1 })
	edit("entry-body", "the leaf in the signature's bundle is another", jsToo, func(x *attest.Bundle) { x.Material.Entries[0].Body = b.attested("bob").Material.Entries[0].Body })
	edit("key-hint", "the bundle names another key", ours, func(x *attest.Bundle) { x.Material.PublicKey.Hint = b.attested("bob").Material.PublicKey.Hint })
	edit("two-signatures", "the envelope has two signatures", signedToo, func(x *attest.Bundle) {
		x.Envelope.Signatures = append(x.Envelope.Signatures, b.attested("bob").Envelope.Signatures[0])
	})
	m.list[len(m.list)-1].Fails = steps("signatures", "times")
	m.add("member-twice-signature", "a member of a signature's bundle stands twice", m.change(b, ada, `{`, `{"mediaType": "x",`), steps("signatures", "times"), cosignToo)
	m.add("reused-signature", "the approver's signature is that of the author", m.with(b, map[string][]byte{file("bob.sigstore.json"): b[ada]}), steps("signatures"), signedToo)
	m.add("reused-key", "the approver's key and signature are those of the author", m.with(b, map[string][]byte{file("bob.sigstore.json"): b[ada], file("bob.pub"): b[file("ada.pub")]}), steps("signatures"), ours)
	m.add("exchanged-keys", "the keys of author and approver stand in each other's place", m.with(b, map[string][]byte{file("ada.pub"): b[file("bob.pub")], file("bob.pub"): b[file("ada.pub")]}), steps("signatures"), signedToo)
	m.add("dissent-hidden", "the dissent is taken away", m.with(b, nil, file("eve.pub"), file("eve.sigstore.json")), steps("signatures"), ours)
	m.add("author-hidden", "the signature of the author is taken away", m.with(b, nil, file("ada.pub"), file("ada.sigstore.json")), steps("signatures"), ours)
	m.add("signature-without-key", "the key of the approver is taken away", m.with(b, nil, file("bob.pub")), steps("signatures"), signedToo)
	stranger := proceed(m.t)
	stranger.usual()
	alien := stranger.publish().lean()
	m.add("unknown-signature", "a signature that the ledger does not know", m.with(b, map[string][]byte{file("zoe.pub"): alien[file("bob.pub")], file("zoe.sigstore.json"): alien[file("bob.sigstore.json")]}), steps("signatures"), signedToo)
	m.add("other-signature", "the author's key and signature are of another case", m.with(b, map[string][]byte{file("ada.pub"): alien[file("ada.pub")], ada: alien[ada]}), steps("signatures"), signedToo)
	m.add("other-review", "the review, sealed and open, of another case of the same name", m.with(b, map[string][]byte{"data/review.json": alien["data/review.json"], "data/sealed/review.json": alien["data/sealed/review.json"]}), noEvents, signedToo)
	root := file("trusted_root.json")
	m.add("root-of-another", "the trusted root names another ledger", m.with(b, map[string][]byte{root: alien[root]}), steps("signatures"), signedToo)
	m.add("root-member-twice", "a member of the trusted root stands twice", m.change(b, root, "{", `{"mediaType": "x",`), steps("signatures"), cosignToo)
}

// zips: archives that can be read in two ways, or not at all.
func (m *maker) zips(b bag) {
	refused := func(name, done string, packed []byte) { m.zip("zip-"+name, done, packed, steps("zip"), ours) }
	refused("name-twice", "a member of the zip stands twice, with another content", packedTwice(b, "data/review.json", []byte("{}")))
	refused("traversal", "a member leads out of the folder", b.pack(member{zip.FileHeader{Name: "answer/../../note", Method: zip.Deflate}, []byte("x")}))
	refused("absolute", "a member has an absolute path", b.pack(member{zip.FileHeader{Name: "/etc/note", Method: zip.Deflate}, []byte("x")}))
	refused("backslash", "a member's name has a backslash", b.pack(member{zip.FileHeader{Name: `answer\note`, Method: zip.Deflate}, []byte("x")}))
	refused("link", "a member is a link", linked(b))
	refused("file-and-folder", "a name is that of a file and of a folder", b.pack(member{zip.FileHeader{Name: "answer/data/review.json/note", Method: zip.Deflate}, []byte("x")}))
	refused("bomb", "80 MB of zeros in 80 kB", bag{"bagit.txt": b["bagit.txt"]}.pack(member{zip.FileHeader{Name: "answer/data/zeros", Method: zip.Deflate}, make([]byte, 80<<20)}))
	packed := b.pack()
	refused("cut", "the zip is cut off", packed[:len(packed)-400])
	liar := bytes.Clone(packed)
	at := bytes.LastIndex(liar, []byte("answer/data/report.html"))
	liar[at-46+24] ^= 0x40 // the length in the directory, in its header
	m.zip("zip-length", "the directory of the zip says another length of report.html", liar, steps("bag"), ours)
	stored := b.packStored()
	m.zip("zip-stored", "nothing: packed without compression", stored, nil, nil)
	crc := bytes.Clone(stored)
	at = bytes.Index(crc, []byte("<title>A review of very little</"))
	if at < 0 {
		m.t.Fatal("no title")
	}
	crc[at+8] ^= 1
	m.zip("zip-checksum", "a byte of report.html in the zip", crc, steps("bag"), ours)
	m.zip("zip-no-folder", "nothing: the zip has no folder around the bundle", b.packBare(), nil, nil)
	m.zip("zip-two-folders", "a second folder beside the bundle", b.pack(member{zip.FileHeader{Name: "other/note", Method: zip.Deflate}, []byte("x")}), slices.Concat(steps("bag", "format", "conclusion"), noLedger), ours)
}

func (b bag) packStored() []byte {
	var list []member
	for _, p := range slices.Sorted(maps.Keys(b)) {
		list = append(list, member{zip.FileHeader{Name: "answer/" + p, Method: zip.Store}, b[p]})
	}
	return bag{}.pack(list...)
}

func (b bag) packBare() []byte {
	var list []member
	for _, p := range slices.Sorted(maps.Keys(b)) {
		list = append(list, member{zip.FileHeader{Name: p, Method: zip.Deflate}, b[p]})
	}
	return bag{}.pack(list...)
}

// rules: cases in which people did not do what they should; published as a
// draft.
func (m *maker) rules(unsealed, unreceived, unasked, reviewed *proceeding) {
	finish := func(p *proceeding) {
		p.do("review")
		p.sign("ada", "author")
		p.sign("bob", "approver")
	}
	late := unsealed.fork()
	unsealed.do("collect")
	finish(unsealed)
	m.add("plan-never", "no plan was sealed", unsealed.publish("--draft"), steps("plan"), ours)
	late.do("collect")
	late.do("plan", "--seal")
	finish(late)
	m.add("plan-late", "the plan was sealed after evidence was received", late.publish("--draft"), steps("plan"), ours)
	finish(unreceived)
	m.add("no-receipt", "exhibits without a receipt in the ledger", unreceived.publish("--draft"), steps("custody"), ours)
	unasked.do("request", "--id", "R1", "--custodian", "Local office", "--witness", "logged", "--due", "2999-01-01")
	unasked.do("collect")
	finish(unasked)
	m.add("request-unanswered", "a request that was not answered when the review was run", unasked.publish("--draft"), steps("requests"), ours)
	one := reviewed.fork()
	one.sign("ada", "author")
	m.add("one-signature", "only the author signed", one.publish("--draft"), steps("signatures"), ours)
	two := reviewed.fork()
	two.sign("ada", "author")
	two.force("Ada", "approver", "bob") // another key, the same person
	m.add("author-approves", "the approver is the author, with another key", two.publish("--draft"), steps("signatures"), ours)
	key := reviewed.fork()
	key.sign("ada", "author")
	key.force("bob", "approver", "ada")
	m.add("one-key", "author and approver sign with one key", key.publish("--draft"), steps("signatures"), ours)
	both := reviewed.fork()
	both.sign("ada", "author")
	both.sign("bob", "approver", "--dissent", "it is wrong")
	both.force("bob", "approver", "bob")
	m.add("approver-dissents", "the approver dissents, and signs all the same", both.publish("--draft"), steps("signatures"), ours)
	role := reviewed.fork()
	role.sign("ada", "author")
	role.force("bob", "reviewer", "bob")
	m.add("role-unknown", "a role that no policy gives", role.publish("--draft"), steps("signatures"), ours)
}

func (p *proceeding) book() (*probity.Case, *custody.Book) {
	p.t.Helper()
	c, err := casefile.Load(p.at("case"))
	if err != nil {
		p.t.Fatal(err)
	}
	b, err := custody.Resume(c.Dir, custody.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	return c, b
}

// force signs as a program would that does not ask whether it may.
func (p *proceeding) force(as, role, with string) {
	p.t.Helper()
	review := p.read("case", "out", "review.json")
	c, b := p.book()
	defer b.Close()
	sealed, err := sealedReview(b, c, review)
	if err != nil {
		p.t.Fatal(err)
	}
	key, spki, err := keyfile.Load(p.at(with+".key"), "correct horse")
	if err != nil {
		p.t.Fatal(err)
	}
	kind, what, err := predicate(review, "")
	if err != nil {
		p.t.Fatal(err)
	}
	statement, err := attest.NewStatement(kind, "review.json", sealed, what)
	if err != nil {
		p.t.Fatal(err)
	}
	signature, err := attest.Sign(statement, key)
	if err != nil {
		p.t.Fatal(err)
	}
	s := signer{book: b, content: sealed, by: as + "-again", dir: p.at("case", signatures)}
	leaf, err := s.enter(statement, signature, spki)
	if err == nil {
		_, err = b.Record(custody.FindingSigned, "", &custody.Signed{By: as, Role: custody.Role(role), KeySHA256: attest.KeyID(spki), ReviewSHA256: digest(sealed), Leaf: leaf})
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// redacted: what is withheld, and what cannot be.
func (m *maker) redacted(p, half, reviewed *proceeding, plain bag) {
	p.redact("redactions.yaml", "ada", "bob")
	b := p.publish("--redact", p.at("redactions.yaml"))
	list, dir := "data/redactions.json", "data/signatures/redactions/"
	m.add("redacted", "nothing: two names are withheld as they should be", b, nil, nil)
	m.add("redaction-restated", "redactions.json states another rule than was approved", m.change(b, list, "clause 9", "clause 8"), steps("redactions"), ours)
	m.list[len(m.list)-1].Seen = signedToo
	r, err := custody.ParseRedactions(b[list])
	if err != nil {
		m.t.Fatal(err)
	}
	r.List[0].Names[digestOf("nothing")] = "withheld-9"
	more, _ := r.Text()
	m.add("redaction-more", "a digest more is said to be withheld", m.with(b, map[string][]byte{list: more}), noEvents, signedToo)
	m.add("redaction-pseudonym", "a pseudonym is a name", m.change(b, list, "withheld-1", "Head office"), noFormat, signedToo)
	m.add("redactions-lost", "redactions.json is missing", m.with(b, nil, list), noEvents, signedToo)
	m.add("redaction-unapproved", "the signature of an approval is missing", m.with(b, nil, dir+"ada.sigstore.json"), steps("redactions"), signedToo)
	m.add("redaction-approvals-lost", "the approvals and their keys are missing", m.with(b, nil, dir+"ada.sigstore.json", dir+"ada.pub", dir+"bob.sigstore.json", dir+"bob.pub"), steps("redactions"), ours)
	m.add("redaction-told", "what is withheld is disclosed all the same", m.change(b, "data/disclosures.json", "[", `["`+plain.about("Local office")+`",`), noEvents, ours)
	m.add("redaction-approval-of-review", "an approval is a signature of the review", m.with(b, map[string][]byte{dir + "ada.sigstore.json": b["data/signatures/ada.sigstore.json"]}), steps("redactions"), signedToo)
	m.add("redactions-empty", "redactions.json withholds nothing", m.with(b, map[string][]byte{list: []byte("{\"redactions\":[]}\n")}), noFormat, signedToo)
	m.add("redaction-of-nobody", "names are withheld, and nobody approved it", m.withhold(plain, "Local office"), steps("redactions"), ours)
	half.redact("redactions.yaml", "ada")
	m.add("redaction-of-one", "one reviewer alone approved what is withheld", m.applied(half), steps("redactions"), ours)
	for _, x := range [][2]string{{"reason", "the reason of a refusal is withheld, approved by two"}, {"sentence", "a whole sentence of the review is withheld, approved by two"}} {
		q := reviewed.fork()
		q.sign("ada", "author")
		q.sign("bob", "approver")
		q.redact(x[0]+".yaml", "ada", "bob")
		m.add(x[0]+"-withheld", x[1], q.publish("--draft", "--redact", q.at(x[0]+".yaml")), noEvents, ours)
	}
}

func digestOf(disclosure string) string {
	sum := sha256.Sum256([]byte(disclosure))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// withhold withholds a name without anybody's approval.
func (m *maker) withhold(b bag, name string) bag {
	d := b.about(name)
	r := custody.Redactions{List: []custody.Redaction{{ID: "X1", Nature: "name of an office", Rule: "protection of insiders", Names: map[string]string{digestOf(d): "withheld-1"}}}}
	text, err := r.Text()
	if err != nil {
		m.t.Fatal(err)
	}
	return m.reopened(m.undisclosed(m.with(b, map[string][]byte{"data/redactions.json": text}), d))
}

// reopened opens the sealed forms of a bag with what it discloses.
func (m *maker) reopened(b bag) bag {
	m.t.Helper()
	var list []string
	if err := json.Unmarshal(b["data/disclosures.json"], &list); err != nil {
		m.t.Fatal(err)
	}
	r, err := custody.ParseRedactions(b["data/redactions.json"])
	if err != nil {
		m.t.Fatal(err)
	}
	withheld, _ := r.Withheld()
	known, err := seal.Learn(list, withheld)
	if err != nil {
		m.t.Fatal(err)
	}
	review, err := known.JSON(b["data/sealed/review.json"], custody.ReviewPlace)
	if err != nil {
		m.t.Fatal(err)
	}
	c, err := known.Text(string(b["data/sealed/case.yaml"]))
	if err != nil {
		m.t.Fatal(err)
	}
	return m.with(b, map[string][]byte{"data/review.json": review, "data/case.yaml": []byte(c)})
}

// applied is what a publisher makes who does not wait for the second approval.
func (m *maker) applied(p *proceeding) bag {
	r, err := custody.ParseRedactions(p.read("case", "signatures", "redactions", "redactions.json"))
	if err != nil {
		m.t.Fatal(err)
	}
	_, b := p.book()
	if err := b.RecordApplied(r); err != nil {
		m.t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		m.t.Fatal(err)
	}
	out := p.publish().lean()
	text, _ := r.Text()
	more := map[string][]byte{"data/redactions.json": text}
	for _, x := range []string{"ada.pub", "ada.sigstore.json"} {
		more["data/signatures/redactions/"+x] = p.read("case", "signatures", "redactions", x)
	}
	out = m.with(out, more)
	withheld, _ := r.Withheld()
	var hidden []string
	for _, d := range out.disclosures() {
		if withheld[digestOf(d)] != "" {
			hidden = append(hidden, d)
		}
	}
	return m.reopened(m.undisclosed(out, hidden...))
}

// stamps: times of signatures.
func (m *maker) stamps(p *proceeding) {
	authority := func(w stamptest.Wrong) *stamptest.Authority {
		a, err := stamptest.New(w)
		if err != nil {
			m.t.Fatal(err)
		}
		m.t.Cleanup(a.Server.Close)
		return a
	}
	stamp := func(p *proceeding, a *stamptest.Authority) bag {
		if err := os.WriteFile(p.at("tsa.pem"), a.PEM, 0o666); err != nil {
			m.t.Fatal(err)
		}
		p.do("sign", "--stamp", "--tsa", a.Server.URL, "--tsa-certificate", p.at("tsa.pem"))
		return p.publish()
	}
	stranger := authority(stamptest.Wrong{})
	early := authority(stamptest.Wrong{Time: func() time.Time { return time.Now().Add(-time.Hour) }})
	good := authority(stamptest.Wrong{Keys: "RSA"})
	m.add("stamped-rsa", "nothing: times stamped by an authority with RSA keys", stamp(p.fork(), good).lean(), nil, nil)
	m.add("stamped-p384", "nothing: times stamped by an authority with P-384 keys", stamp(p.fork(), authority(stamptest.Wrong{Keys: "P-384"})).lean(), nil, nil)
	good = authority(stamptest.Wrong{})
	b := stamp(p, good).lean()
	m.beside["authority.pem"], m.beside["stranger.pem"] = good.PEM, stranger.PEM
	m.add("stamped", "nothing: the time of each signature is stamped", b, nil, nil)
	m.again("stamped-known", "stamped", "the authority is known", nil, func(v *vector) { v.Authority = "authority.pem" })
	m.again("stamped-by-stranger", "stamped", "another authority is known", steps("times"), func(v *vector) { v.Authority = "stranger.pem" })
	ask := func(a *stamptest.Authority, signature []byte) []byte {
		anchors, err := attest.ParseAnchors(a.PEM)
		if err != nil {
			m.t.Fatal(err)
		}
		response, _, err := attest.RequestTime(context.Background(), nil, a.Server.URL, anchors, signature)
		if err != nil {
			m.t.Fatal(err)
		}
		return response
	}
	ada := b.attested("ada")
	sig := ada.Envelope.Signatures[0].Sig
	edit := func(name, done string, change func(s []byte) []byte) bag {
		x := b.attested("ada")
		t := x.Material.Times.RFC3161
		t[0].Signed = change(bytes.Clone(t[0].Signed))
		text, err := json.MarshalIndent(x, "", "  ")
		if err != nil {
			m.t.Fatal(err)
		}
		out := m.with(b, map[string][]byte{"data/signatures/ada.sigstore.json": append(text, '\n')})
		m.add(name, done, out, steps("times"), jsToo)
		return out
	}
	edit("stamp-changed", "a byte in a time stamp", func(s []byte) []byte { s[len(s)-20] ^= 1; return s })
	edit("stamp-time", "the time in a stamp", func(s []byte) []byte {
		at := bytes.Index(s, []byte("\x18\x0f20"))
		s[at+2+13] ^= 1
		return s
	})
	edit("stamp-cut", "a time stamp is cut off", func(s []byte) []byte { return s[:len(s)-9] })
	edit("stamp-of-another", "the stamp is of another signature", func([]byte) []byte { return b.attested("bob").Material.Times.RFC3161[0].Signed })
	edit("stamp-of-stranger", "a stamp of an authority that nobody names", func([]byte) []byte { return ask(stranger, sig) })
	old := ask(early, sig)
	out := edit("stamp-unnamed-early", "a stamp of an authority that nobody names, from before the plan", func([]byte) []byte { return old })
	anchors, err := attest.ParseAnchors(early.PEM)
	if err != nil {
		m.t.Fatal(err)
	}
	s, err := anchors.Check(old, sig)
	if err != nil {
		m.t.Fatal(err)
	}
	root, err := attest.TrustedRoot(strings.TrimSpace(string(b["data/ledger/log.vkey"])), "2026-01-01T00:00:00Z", attest.Authority{URL: "https://early.invalid", Chain: s.Chain})
	if err != nil {
		m.t.Fatal(err)
	}
	for _, name := range []string{"bob", "eve"} { // whose stamps are of the other authority
		x := b.attested(name)
		x.Material.Times = nil
		text, err := json.MarshalIndent(x, "", "  ")
		if err != nil {
			m.t.Fatal(err)
		}
		out["data/signatures/"+name+".sigstore.json"] = append(text, '\n')
	}
	m.add("stamp-early", "a stamp from before the plan was sealed, of an authority that is named", m.with(out, map[string][]byte{"data/signatures/trusted_root.json": root}), steps("times"), ours)
	m.add("stamp-no-root", "the trusted root is missing", m.with(b, nil, "data/signatures/trusted_root.json"), steps("times"), signedToo)
	for name, w := range map[string]stamptest.Wrong{
		"stamp-casual":  {Casual: true},
		"stamp-expired": {Validity: [2]time.Time{time.Now().Add(-72 * time.Hour), time.Now().Add(-48 * time.Hour)}},
	} {
		m.wrongStamp(name, b, w)
	}
}

// wrongStamp adds a vector whose one stamp is of an authority that does wrong,
// and is named.
func (m *maker) wrongStamp(name string, b bag, w stamptest.Wrong) {
	a, err := stamptest.New(w)
	if err != nil {
		m.t.Fatal(err)
	}
	defer a.Server.Close()
	x := b.attested("ada")
	response, chain, err := a.Stamp(x.Envelope.Signatures[0].Sig)
	if err != nil {
		m.t.Fatal(err)
	}
	x.Material.Times.RFC3161 = append(x.Material.Times.RFC3161, attest.SignedTime{Signed: response})
	text, err := json.MarshalIndent(x, "", "  ")
	if err != nil {
		m.t.Fatal(err)
	}
	list, err := attest.Authorities(b["data/signatures/trusted_root.json"])
	if err != nil {
		m.t.Fatal(err)
	}
	root, err := attest.TrustedRoot(strings.TrimSpace(string(b["data/ledger/log.vkey"])), "2026-01-01T00:00:00Z", append(list, attest.Authority{URL: "https://wrong.invalid", Chain: chain})...)
	if err != nil {
		m.t.Fatal(err)
	}
	seen := jsToo
	if w.Casual { // which the library does not look at
		seen = ours
	}
	m.add(name, map[string]string{"stamp-casual": "a second stamp, whose certificate is not for time stamps alone", "stamp-expired": "a second stamp, whose certificate had expired"}[name],
		m.with(b, map[string][]byte{"data/signatures/ada.sigstore.json": append(text, '\n'), "data/signatures/trusted_root.json": root}), steps("times"), seen)
}

// quorums: a policy of three reviewers and three witnesses.
func (m *maker) quorums() {
	p := proceed(m.t)
	p.do("plan", "--seal")
	vkey := strings.TrimSpace(string(p.read("case", "ledger", "log.vkey")))
	policy := ""
	for i := range 3 {
		w, err := ledger.OpenWitness(p.at(fmt.Sprint("w", i)), fmt.Sprintf("w%d.example", i), []string{vkey})
		if err != nil {
			m.t.Fatal(err)
		}
		m.t.Cleanup(func() { w.Close() })
		server := httptest.NewServer(w)
		if i == 2 {
			server.Close() // does not answer
		} else {
			m.t.Cleanup(server.Close)
		}
		policy += fmt.Sprintf("witness w%d %s %s\n", i, w.Vkey(), server.URL)
	}
	policy += "group g 2 w0 w1 w2\nquorum g\n"
	reviewers := ""
	for name, role := range map[string]string{"ada": "author", "bob": "approver", "eve": "reviewer"} {
		reviewers += fmt.Sprintf("  - {name: %s, role: %s, key_sha256: %s}\n", name, role, p.key(name))
	}
	for name, text := range map[string]string{"case/" + custody.WitnessFile: policy, "policy.yaml": "probity_policy: 1\nquorum: 3\nreviewers:\n" + reviewers + "recusals:\n  - {name: D. Example, reason: worked for the customer}\n"} {
		if err := os.WriteFile(p.at(filepath.FromSlash(name)), []byte(text), 0o666); err != nil {
			m.t.Fatal(err)
		}
	}
	p.do("policy", "--file", p.at("policy.yaml"))
	p.do("collect")
	p.do("review")
	p.sign("ada", "author")
	p.sign("bob", "approver")
	two, recused, other := p.fork(), p.fork(), p.fork()
	p.sign("eve", "reviewer")
	b := p.publish().lean()
	wp := "data/" + custody.WitnessFile
	m.add("policy", "nothing: a policy of three reviewers, and two of three witnesses", b, nil, nil)
	m.add("policy-lost", "the policy of witnesses is missing", m.with(b, nil, wp), steps("signatures"), ours)
	m.add("policy-laxer", "the policy of witnesses asks for less", m.change(b, wp, "group g 2", "group g 1"), steps("signatures"), ours)
	m.add("policy-no-quorum", "the policy of witnesses has no quorum line", m.change(b, wp, "quorum g\n", ""), steps("witnesses", "signatures"), ours)
	text := b["data/ledger/checkpoint"]
	m.add("cosignature-lost", "the cosignature of a witness is missing", m.with(b, map[string][]byte{"data/ledger/checkpoint": text[:bytes.LastIndex(text, []byte("— w"))]}), steps("witnesses"), ours)
	digits := string(text[len(text)-30 : len(text)-20])
	m.add("cosignature-changed", "the cosignature of a witness does not verify", m.change(b, "data/ledger/checkpoint", digits, flip(digits)), steps("witnesses"), ours)
	m.add("policy-not-utf8", "the policy of witnesses is not UTF-8", m.change(b, "data/"+custody.WitnessFile, "http:", "http\x9b"), steps("witnesses", "signatures"), ours)
	m.beside["all.policy"] = []byte(strings.Replace(policy, "group g 2", "group g 3", 1))
	m.again("witnesses-wanted", "policy", "the reader wants all three witnesses", steps("witnesses"), func(v *vector) { v.Policy = "all.policy" })
	// The witnesses saw the ledger go another way, and do not cosign a fork.
	m.add("quorum-short", "two of the three reviewers signed", two.publish("--draft"), steps("witnesses", "signatures"), ours)
	recused.force("D. Example", "reviewer", "eve")
	m.add("recused-signs", "the third signature is of somebody who is recused", recused.publish("--draft"), steps("witnesses", "signatures"), ours)
	other.force("Zoe", "reviewer", "eve")
	m.add("unlisted-signs", "the third signature is of somebody whom the policy does not list", other.publish("--draft"), steps("witnesses", "signatures"), ours)
}
