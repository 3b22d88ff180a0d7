package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"probity/internal/attest"
	"probity/internal/custody"
	"probity/internal/ledger"
)

var update = flag.Bool("update", false, "make testdata/bundles anew")

// vectorDir holds bundles, good and damaged, for every program that checks
// bundles. cmd/probity-verify, web/ and interop/ run over them.
const vectorDir = "../../testdata/bundles"

// A vector is a bundle with what its checkers must find.
type vector struct {
	Name  string   `json:"name"`
	Zip   string   `json:"zip"`
	Done  string   `json:"done"`  // what was done to it
	Fails []string `json:"fails"` // exactly these steps; "zip" if it cannot be opened
	// Seen lists the programs that can see the damage; of a good one all accept
	// it. Of go and browser the steps are compared.
	Seen []string `json:"seen"`
	// What else the reader knows: files beside the zips.
	Since     string `json:"since,omitempty"`
	Log       string `json:"log,omitempty"`
	Policy    string `json:"policy,omitempty"`
	Authority string `json:"authority,omitempty"`

	packed []byte
}

// A bag is the files of a bundle.
type bag map[string][]byte

func readBag(t *testing.T, dir string) bag {
	t.Helper()
	out := bag{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out[p], err = os.ReadFile(filepath.Join(dir, p))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	delete(out, "data/verify.html") // as large as all the rest
	out.prune()
	out.seal()
	return out
}

func (b bag) rename(from, to string) {
	for _, p := range slices.Sorted(maps.Keys(b)) {
		if q := strings.Replace(p, "/"+from+".", "/"+to+".", 1); q != p {
			b[q] = b[p]
			delete(b, p)
		}
	}
	b.seal()
}

// prune drops the tiles of earlier sizes, so that vectors stay small.
func (b bag) prune() {
	largest := map[string]string{}
	for p := range b {
		if dir, _, is := strings.Cut(p, ".p/"); is {
			if was := largest[dir]; len(b[p]) > len(b[was]) {
				largest[dir] = p
			}
		}
	}
	maps.DeleteFunc(b, func(p string, _ []byte) bool {
		dir, _, is := strings.Cut(p, ".p/")
		return is && largest[dir] != p
	})
}

// seal writes the manifests anew, as somebody who forges a bundle would.
func (b bag) seal() {
	list := func(in func(string) bool) []byte {
		var lines []string
		for _, p := range slices.Sorted(maps.Keys(b)) {
			if in(p) {
				sum := sha256.Sum256(b[p])
				lines = append(lines, hex.EncodeToString(sum[:])+"  "+p+"\n")
			}
		}
		return []byte(strings.Join(lines, ""))
	}
	data := func(p string) bool { return strings.HasPrefix(p, "data/") }
	files, size := 0, 0
	for p := range b {
		if data(p) {
			files, size = files+1, size+len(b[p])
		}
	}
	b["bag-info.txt"] = fmt.Appendf(nil, "Bag-Software-Agent: probity\nPayload-Oxum: %d.%d\n", size, files)
	b["manifest-sha256.txt"] = list(data)
	b["tagmanifest-sha256.txt"] = list(func(p string) bool { return !data(p) && p != "tagmanifest-sha256.txt" })
}

// find returns the one file with a beginning and an end.
func (b bag) find(prefix, suffix string) string {
	for _, p := range slices.Sorted(maps.Keys(b)) {
		if strings.HasPrefix(p, prefix) && strings.HasSuffix(p, suffix) {
			return p
		}
	}
	panic("no file " + prefix + "*" + suffix)
}

// entries returns the file of the ledger's leaves.
func (b bag) entries() string { return b.find("data/ledger/tile/entries/", "") }

// A member of a zip that is written as it stands here.
type member struct {
	header zip.FileHeader
	data   []byte
}

// pack returns the bag as a zip with members more behind it.
func (b bag) pack(more ...member) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	for _, p := range slices.Sorted(maps.Keys(b)) {

		w, err := z.Create("answer/" + p)
		if err == nil {
			_, err = w.Write(b[p])
		}
		if err != nil {
			panic(err)
		}
	}
	for _, m := range more {
		h := m.header
		w, err := z.CreateHeader(&h)
		if err == nil {
			_, err = w.Write(m.data)
		}
		if err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// vectorCase is a case small enough for many copies, with something of each
// kind in it.
const vectorCase = `probity: 1
id: vector
title: A review of very little
subject: {name: Example Customer}
period: {from: 2025-01-01, until: 2025-01-02}
names: [secrecy, No objection was heard in January]
allegations:
  - id: A
    statement: No objection was heard in January
    claims:
      - {id: A.1, statement: At least 1 GB was stored, test: {quantity: bytes_stored, at_least: 1 GB}}
      - {id: A.2, statement: An undisclosed account was used, material: false, test: {quantity: objects_stored, at_least: 10}}
evidence:
  - {path: evidence, custodian: {name: Head office, relation: provider}}
`

const vectorDisclosures = `provider,account,resource,kind,region,disclosed_by,disclosed_on
azure,b41d77a0-0000-4000-8000-000000000002,harbourannex,storage,westeurope,C. Example,2025-01-01
`

// A proceeding makes a case step by step, as people would.
type proceeding struct {
	t   *testing.T
	dir string
}

func proceed(t *testing.T) *proceeding {
	t.Helper()
	p := &proceeding{t, t.TempDir()}
	for name, text := range map[string]string{"case/case.yaml": vectorCase, "case/evidence/note.txt": "nothing", "case/evidence/disclosures.csv": vectorDisclosures,
		"pass": "correct horse\n", "handed/late.txt": "late",
		"redactions.yaml": "redactions:\n  - {id: X1, nature: name of a resource, rule: 'contract, clause 9', names: [harbourannex]}\n  - {id: X2, nature: name of an office, rule: protection of insiders, names: [Local office]}\n",
		"reason.yaml":     "redactions:\n  - {id: X1, nature: a reason, rule: none, names: [secrecy]}\n",
		"sentence.yaml":   "redactions:\n  - {id: X1, nature: a sentence, rule: none, names: [No objection was heard in January]}\n"} {
		if err := os.MkdirAll(filepath.Dir(p.at(name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p.at(name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"ada", "bob", "eve"} {
		step(t, "key", "new", name, "--dir", p.dir, "--passphrase-file", p.at("pass"))
	}
	return p
}

func (p *proceeding) at(elem ...string) string {
	return filepath.Join(append([]string{p.dir}, elem...)...)
}

func (p *proceeding) do(name string, args ...string) {
	p.t.Helper()
	step(p.t, append([]string{name, p.at("case")}, args...)...)
}

func (p *proceeding) read(elem ...string) []byte {
	p.t.Helper()
	text, err := os.ReadFile(p.at(elem...))
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

func (p *proceeding) key(name string) string {
	spki, _, err := attest.ParsePublic(p.read(name + ".pub"))
	if err != nil {
		p.t.Fatal(err)
	}
	return attest.KeyID(spki)
}

// fork returns a copy that goes another way.
func (p *proceeding) fork() *proceeding {
	q := &proceeding{p.t, p.t.TempDir()}
	if err := os.CopyFS(q.dir, os.DirFS(p.dir)); err != nil {
		p.t.Fatal(err)
	}
	return q
}

// ask makes three requests, one of each end.
func (p *proceeding) ask() {
	for id, due := range map[string]string{"R1": "2999-01-01", "R2": "2999-01-01", "R3": "2020-01-01"} {
		p.do("request", "--id", id, "--custodian", "Local office", "--witness", "logged", "--due", due)
	}
	step(p.t, "receive", p.at("case"), p.at("handed"), "--request", "R1", "--by", "A. Example", "--how", "by courier")
	p.do("refuse", "--request", "R2", "--reason", "secrecy")
}

func (p *proceeding) sign(name, role string, more ...string) {
	p.t.Helper()
	p.do("sign", append([]string{"--as", name, "--role", role, "--key", p.at(name + ".key"), "--passphrase-file", p.at("pass")}, more...)...)
}

func (p *proceeding) redact(file string, names ...string) {
	p.t.Helper()
	for _, name := range names {
		p.do("redact", "--file", p.at(file), "--as", name, "--role", map[string]string{"ada": "author", "bob": "approver"}[name], "--key", p.at(name+".key"), "--passphrase-file", p.at("pass"))
	}
}

// publish returns the bundle. The excerpt is the row of the disclosure.
func (p *proceeding) publish(more ...string) bag {
	p.t.Helper()
	sum := sha256.Sum256([]byte(vectorDisclosures))
	out := filepath.Join(p.t.TempDir(), "answer")
	p.do("publish", append([]string{"--out", out, "--no-tables", "--excerpt", hex.EncodeToString(sum[:]) + ":64"}, more...)...)
	b := readBag(p.t, out)
	for _, name := range []string{"ada", "bob", "eve"} { // files are named by keys: here by people, for who reads the tables
		b.rename(p.key(name)[:16], name)
	}
	if len(more) > 0 {
		return b.lean()
	}
	return b
}

// lean leaves out the renderings of the review: they are much of a small
// bundle, and checkers look at them in the manifests alone.
func (b bag) lean() bag {
	out := maps.Clone(b)
	delete(out, "data/report.html")
	delete(out, "data/oscal.json")
	out.seal()
	return out
}

// usual goes all the way to two signatures and a dissent.
func (p *proceeding) usual() {
	p.do("plan", "--seal")
	p.ask()
	p.do("collect")
	p.do("review")
	p.sign("ada", "author")
	p.sign("bob", "approver")
	p.sign("eve", "approver", "--dissent", "too little was asked for")
}

// grow returns the bag with leaves more in its ledger, signed with its key: what
// somebody can do who holds the case.
func (p *proceeding) grow(b bag, leaves ...string) bag {
	p.t.Helper()
	dir := filepath.Join(p.t.TempDir(), "ledger")
	if err := os.CopyFS(dir, os.DirFS(p.at("case", custody.LedgerDir))); err != nil {
		p.t.Fatal(err)
	}
	l, err := ledger.Open(dir, p.at("case", custody.KeyFile))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, leaf := range leaves {
		if _, err := l.Append([]byte(leaf)); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := l.Publish(); err != nil {
		p.t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		p.t.Fatal(err)
	}
	return b.withLedger(readLedger(p.t, dir))
}

func readLedger(t *testing.T, dir string) bag {
	t.Helper()
	out := bag{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (p == "checkpoint" || p == "log.vkey" || strings.HasPrefix(p, "tile/")) {
			out["data/ledger/"+p], err = os.ReadFile(filepath.Join(dir, p))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	out.prune()
	return out
}

func (b bag) withLedger(l bag) bag {
	out := maps.Clone(b)
	maps.DeleteFunc(out, func(p string, _ []byte) bool { return strings.HasPrefix(p, "data/ledger/") })
	maps.Copy(out, l)
	out.seal()
	return out
}

// Vectors are made by the program itself, and damaged afterwards: with -update
// they are made anew, else those that lie in testdata must be all that the
// tables name, in size and number what readers were promised.
func TestVectors(t *testing.T) {
	if *update {
		m := makeVectors(t)
		writeVectors(t, m.list, m.beside)
	}
	var list []vector
	text, err := os.ReadFile(filepath.Join(vectorDir, "vectors.json"))
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(vectorDir, "*.zip"))
	if err != nil {
		t.Fatal(err)
	}
	size, damaged := int64(0), 0
	for _, f := range files {
		i, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		size += i.Size()
		if !slices.ContainsFunc(list, func(v vector) bool { return v.Zip == filepath.Base(f) }) {
			t.Errorf("%s is not in vectors.json", f)
		}
	}
	for _, v := range list {
		if len(v.Fails) > 0 {
			damaged++
		}
	}
	if damaged < 40 || len(list)-damaged < 4 || size > 9<<19 {
		t.Errorf("%d damaged, %d good, %d bytes", damaged, len(list)-damaged, size)
	}
}

func writeVectors(t *testing.T, list []vector, beside map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll(vectorDir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(vectorDir, 0o777); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(list); err != nil {
		t.Fatal(err)
	}
	beside["vectors.json"] = text.Bytes()
	for _, v := range list {
		if v.packed != nil {
			beside[v.Zip] = v.packed
		}
	}
	for name, data := range beside {
		if err := os.WriteFile(filepath.Join(vectorDir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// packedTwice returns a zip in which a member stands a second time.
func packedTwice(b bag, name string, other []byte) []byte {
	return b.pack(member{zip.FileHeader{Name: "answer/" + name, Method: zip.Deflate}, other})
}

// linked returns a zip with a link.
func linked(b bag) []byte {
	h := zip.FileHeader{Name: "answer/data/note", Method: zip.Store}
	h.SetMode(fs.ModeSymlink | 0o777)
	return b.pack(member{h, []byte("/etc/hosts")})
}
