package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"probity/internal/attest"
	"probity/internal/keyfile"
	"probity/internal/verify"
)

const bundleCase = `probity: 1
id: t
period: {from: 2025-01-01, until: 2025-01-02}
allegations:
  - id: A
    statement: s
    claims:
      - {id: A.1, statement: s, test: {quantity: bytes_stored, at_least: 1 GB}}
evidence:
  - {path: evidence}
`

// step runs the program in this process.
func step(t *testing.T, args ...string) {
	t.Helper()
	var out, talked bytes.Buffer
	if code := run(context.Background(), args, &talk{out: &out, err: &talked, width: 100}); code != 0 {
		t.Fatalf("probity %s: exit %d\n%s%s", strings.Join(args, " "), code, out.String(), talked.String())
	}
}

// signedCase makes a case with a sealed plan, a request of each end, and two
// signatures and a dissent, and returns its folder.
func signedCase(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	at := func(elem ...string) string { return filepath.Join(append([]string{dir}, elem...)...) }
	for name, text := range map[string]string{"case/case.yaml": bundleCase, "case/evidence/note.txt": "nothing", "pass": "correct horse\n", "handed/late.txt": "late"} {
		os.MkdirAll(filepath.Dir(at(name)), 0o777)
		os.WriteFile(at(name), []byte(text), 0o666)
	}
	step(t, "plan", at("case"), "--seal")
	for _, id := range []string{"R1", "R2", "R3"} {
		due := "2999-01-01"
		if id == "R3" {
			due = "2020-01-01"
		}
		step(t, "request", at("case"), "--id", id, "--custodian", "Local office", "--witness", "logged", "--due", due)
	}
	step(t, "receive", at("case"), at("handed"), "--request", "R1", "--by", "A. Example", "--how", "by courier")
	step(t, "refuse", at("case"), "--request", "R2", "--reason", "secrecy")
	step(t, "collect", at("case"))
	step(t, "review", at("case"))
	for i, role := range []string{"author", "approver", "approver"} {
		name := []string{"ada", "bob", "eve"}[i]
		step(t, "key", "new", name, "--dir", dir, "--passphrase-file", at("pass"))
		args := []string{"sign", at("case"), "--as", name, "--role", role, "--key", at(name + ".key"), "--passphrase-file", at("pass")}
		if name == "eve" {
			args = append(args, "--dissent", "too little was asked for")
		}
		step(t, args...)
	}
	return dir
}

func bundleSteps(dir string, opts verify.Options) (failed []string) {
	for _, s := range verify.Run(os.DirFS(dir), opts) {
		if s.Failed {
			failed = append(failed, s.Name)
		}
	}
	return failed
}

// rebag writes the manifests anew, as somebody who forges a bundle would.
func rebag(t *testing.T, dir string) {
	t.Helper()
	list := func(in func(string) bool) string {
		var lines []string
		fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && in(p) {
				data, _ := os.ReadFile(filepath.Join(dir, p))
				sum := sha256.Sum256(data)
				lines = append(lines, hex.EncodeToString(sum[:])+"  "+p+"\n")
			}
			return err
		})
		slices.Sort(lines)
		return strings.Join(lines, "")
	}
	data := func(p string) bool { return strings.HasPrefix(p, "data/") }
	os.WriteFile(filepath.Join(dir, "manifest-sha256.txt"), []byte(list(data)), 0o644)
	os.WriteFile(filepath.Join(dir, "tagmanifest-sha256.txt"), []byte(list(func(p string) bool { return !data(p) && !strings.HasPrefix(p, "tagmanifest") })), 0o644)
}

// signatureIn returns where the signature of a reviewer of a case lies in a
// bundle, without its ending.
func signatureIn(t *testing.T, dir, name string) string {
	t.Helper()
	spki, err := keyfile.Public(filepath.Join(dir, "case", signatures, name+".pub"))
	if err != nil {
		t.Fatal(err)
	}
	return "data/signatures/" + attest.KeyID(spki)[:16]
}

// A bundle verifies; the same case gives the same bytes; and whatever is done to
// it fails the step that says so, also when the manifests are written anew.
func TestBundles(t *testing.T) {
	dir := signedCase(t)
	good := filepath.Join(dir, "good")
	before, err := os.ReadFile(filepath.Join(dir, "case", "ledger", "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	step(t, "publish", filepath.Join(dir, "case"), "--out", good)
	step(t, "publish", filepath.Join(dir, "case"), "--out", good+"2")
	step(t, "verify", good)
	if failed := bundleSteps(good, verify.Options{Older: before}); len(failed) > 0 {
		t.Fatalf("the good bundle fails %q", failed)
	}
	members := map[string][]byte{}
	fs.WalkDir(os.DirFS(good), ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			members[p], _ = os.ReadFile(filepath.Join(good, p))
			again, _ := os.ReadFile(filepath.Join(good+"2", p))
			if !bytes.Equal(members[p], again) {
				t.Errorf("%s differs when it is published again", p)
			}
		}
		return err
	})
	sum := sha256.Sum256(members["data/review.json"])
	if want := hex.EncodeToString(sum[:]); !strings.Contains(string(members["data/oscal.json"]), want) {
		t.Errorf("oscal.json does not name the review %s that it is a rendering of", want)
	}
	packed, err := zip.OpenReader(good + ".zip")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	inside, err := fs.Sub(packed, "good")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range verify.Run(inside, verify.Options{}) {
		if s.Failed {
			t.Errorf("the zip fails %s: %s", s.Name, s.Says)
		}
	}
	if len(members) < 30 {
		t.Fatalf("only %d members", len(members))
	}
	for _, secret := range []string{"probity.key", "ledger.key", "private", "journal", "lock", "store"} {
		for p := range members {
			if slices.Contains(strings.Split(p, "/"), secret) {
				t.Errorf("%s was published", p)
			}
		}
	}

	// A changed byte in, a cut of, and the loss of every member; and a stray one.
	work := filepath.Join(dir, "work")
	damage := func(name string, change func(p string), want ...string) {
		t.Helper()
		os.RemoveAll(work)
		if err := os.CopyFS(work, os.DirFS(good)); err != nil {
			t.Fatal(err)
		}
		change(work)
		failed := bundleSteps(work, verify.Options{Older: before})
		for _, w := range want {
			if !slices.Contains(failed, w) {
				t.Errorf("%s: %q failed, want %s", name, failed, w)
			}
		}
	}
	vectors := 0
	for p, data := range members {
		if strings.HasPrefix(p, "data/catalog/") || strings.HasPrefix(p, "data/tables/") { // many, and alike
			if !strings.HasSuffix(p, "exhibits/00.parquet") {
				continue
			}
		}
		vectors += 3
		damage(p+" changed", func(w string) {
			bad := bytes.Clone(data)
			bad[len(bad)/2] ^= 1
			os.WriteFile(filepath.Join(w, p), bad, 0o644)
		}, "bag")
		damage(p+" cut", func(w string) { os.Truncate(filepath.Join(w, p), int64(len(data)/2)) }, "bag")
		damage(p+" lost", func(w string) { os.Remove(filepath.Join(w, p)) }, "bag")
	}
	damage("a stray file", func(w string) { os.WriteFile(filepath.Join(w, "data", "note"), nil, 0o644) }, "bag")
	damage("a link", func(w string) { os.Symlink("/etc/hosts", filepath.Join(w, "data", "note")) }, "bag")

	// The same with manifests to match: a forger's.
	edit := func(p, from, to string) func(string) {
		return func(w string) {
			data := string(members[p])
			if !strings.Contains(data, from) {
				t.Fatalf("%s has no %q", p, from)
			}
			os.WriteFile(filepath.Join(w, p), []byte(strings.ReplaceAll(data, from, to)), 0o644)
			rebag(t, w)
		}
	}
	remove := func(names ...string) func(string) {
		return func(w string) {
			for _, p := range names {
				os.Remove(filepath.Join(w, p))
			}
			rebag(t, w)
		}
	}
	find := func(prefix, suffix string) string {
		for p := range members {
			if strings.HasPrefix(p, prefix) && strings.HasSuffix(p, suffix) {
				return p
			}
		}
		t.Fatalf("no member %s*%s", prefix, suffix)
		return ""
	}
	entries := ""
	for p := range members {
		if strings.HasPrefix(p, "data/ledger/tile/entries/") && len(members[p]) > len(members[entries]) {
			entries = p
		}
	}
	hidden := strings.SplitN(strings.Trim(string(members["data/disclosures.json"]), "[]\n"), ",", 2)[0]
	other := signedCase(t)
	step(t, "publish", filepath.Join(other, "case"), "--out", filepath.Join(other, "good"))
	from := func(names ...string) func(string) {
		return func(w string) {
			for _, p := range names {
				data, err := os.ReadFile(filepath.Join(other, "good", p))
				if err != nil {
					t.Fatal(err)
				}
				os.WriteFile(filepath.Join(w, p), data, 0o644)
			}
			rebag(t, w)
		}
	}
	ada, bob, eve := signatureIn(t, dir, "ada"), signatureIn(t, dir, "bob"), signatureIn(t, dir, "eve")
	theirs := signatureIn(t, other, "bob")
	plan, manifest := find("data/plans/", ".txt"), find("data/manifests/", ".txt")
	for name, v := range map[string]struct {
		change func(string)
		want   []string
	}{
		"nothing but the manifests":    {func(w string) { rebag(t, w) }, nil},
		"another finding":              {edit("data/review.json", `"finding": "undetermined"`, `"finding": "contradicted"`), []string{"analysis", "signatures"}},
		"another opinion":              {edit("data/review.json", `"opinion": "disclaimer"`, `"opinion": "unmodified"`), []string{"analysis", "signatures", "conclusion"}},
		"another exhibit":              {edit("data/review.json", `"sha256": "`, `"sha256": "00`), []string{"custody", "analysis", "signatures"}},
		"a review of another case":     {edit("data/review.json", `"case": "t"`, `"case": "u"`), []string{"format"}},
		"a member twice":               {edit("data/review.json", `"case": "t"`, `"case": "t", "case": "t"`), []string{"format"}},
		"a newer version":              {edit("data/bundle.json", `"probity_bundle":1`, `"probity_bundle":2`), []string{"format"}},
		"another origin":               {edit("data/bundle.json", "t.probity", "u.probity"), []string{"ledger"}},
		"a plan said to be sealed":     {edit("data/review.json", `"leaf": 1,`, `"leaf": 2,`), []string{"plan", "signatures"}},
		"a plan said not to be sealed": {edit("data/review.json", `"sealed": true`, `"sealed": false`), []string{"plan", "signatures"}},
		"a rule of the plan":           {edit(plan, "period", "Period"), []string{"plan"}},
		"no plan":                      {remove(plan), []string{"plan"}},
		"a receipt":                    {edit(manifest, "  ", "   "), []string{"custody"}},
		"no receipt":                   {remove(manifest), []string{"custody"}},
		"a leaf":                       {edit(entries, "evidence.refused", "evidence.Refused"), []string{"ledger"}},
		"a refusal made a receipt":     {edit(entries, "evidence.overdue", "evidence.refused"), []string{"ledger"}},
		"a shorter checkpoint":         {func(w string) { os.WriteFile(filepath.Join(w, "data/ledger/checkpoint"), before, 0o644); rebag(t, w) }, []string{"ledger"}},
		"a checkpoint's size":          {edit("data/ledger/checkpoint", "t.probity.invalid\n1", "t.probity.invalid\n2"), []string{"ledger"}},
		"the ledger of another":        {from("data/ledger/checkpoint", "data/ledger/log.vkey", entries), []string{"ledger"}},
		"the key of another ledger":    {from("data/ledger/log.vkey"), []string{"ledger"}},
		"no tile":                      {remove("data/ledger/tile/0/" + strings.TrimPrefix(entries, "data/ledger/tile/entries/")), []string{"ledger"}},
		"a disclosure hidden":          {edit("data/disclosures.json", hidden+",", ""), []string{"openings"}},
		"a disclosure twice":           {edit("data/disclosures.json", hidden+",", hidden+","+hidden+","), []string{"openings"}},
		"a disclosure nobody asks for": {edit("data/disclosures.json", "[", `["WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0",`), []string{"openings"}},
		"a disclosure changed":         {edit("data/disclosures.json", hidden, hidden[:len(hidden)-3]+`A"`), []string{"openings"}},
		"no disclosures":               {remove("data/disclosures.json"), []string{"openings"}},
		"no signature of the author":   {remove(ada + ".sigstore.json"), []string{"signatures"}},
		"no key of the author":         {remove(ada + ".pub"), []string{"signatures"}},
		"no dissent":                   {remove(eve+".pub", eve+".sigstore.json"), []string{"signatures"}},
		"a signature of another case": {func(w string) {
			for _, x := range []string{".pub", ".sigstore.json"} {
				data, _ := os.ReadFile(filepath.Join(other, "good", theirs+x))
				os.WriteFile(filepath.Join(w, bob+x), data, 0o644)
			}
			rebag(t, w)
		}, []string{"signatures"}},
		"a signature of another key": {func(w string) {
			os.WriteFile(filepath.Join(w, ada+".sigstore.json"), members[bob+".sigstore.json"], 0o644)
			rebag(t, w)
		}, []string{"signatures"}},
		"a signature nobody knows": {func(w string) {
			for _, x := range []string{".pub", ".sigstore.json"} {
				data, _ := os.ReadFile(filepath.Join(other, "good", theirs+x))
				os.WriteFile(filepath.Join(w, "data/signatures/zoe"+x), data, 0o644)
			}
			rebag(t, w)
		}, []string{"signatures"}},
		"a signature's place":   {edit(ada+".sigstore.json", `"logIndex": "`, `"logIndex": "1`), []string{"signatures"}},
		"a bag of version 0.97": {edit("bagit.txt", "1.0", "0.97"), []string{"bag"}},
		"no review":             {remove("data/review.json"), []string{"format", "conclusion"}},
		"the review of another": {from("data/review.json"), []string{"analysis", "signatures"}},
	} {
		vectors++
		damage(name, v.change, v.want...)
		if v.want == nil {
			if failed := bundleSteps(work, verify.Options{Older: before}); len(failed) > 0 {
				t.Errorf("%s: %q failed", name, failed)
			}
		}
	}
	t.Logf("%d damaged bundles", vectors)
	forked, err := os.ReadFile(filepath.Join(other, "case", "ledger", "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	if failed := bundleSteps(good, verify.Options{Older: forked}); !slices.Equal(failed, []string{"history"}) {
		t.Errorf("a checkpoint of another ledger: %q failed", failed)
	}
	if failed := bundleSteps(good, verify.Options{Policy: fmt.Appendf(nil, "quorum w\n")}); !slices.Equal(failed, []string{"witnesses"}) {
		t.Errorf("a policy that cannot be met: %q failed", failed)
	}
	if failed := bundleSteps(t.TempDir(), verify.Options{}); len(failed) < 10 {
		t.Errorf("an empty folder: %q failed", failed)
	}
}

// From the tables of a published answer every claim comes out as it says, and
// does not when a table, a finding or the case is another.
func TestRecompute(t *testing.T) {
	dir := t.TempDir()
	harbour := filepath.Join(dir, "case")
	if err := os.CopyFS(harbour, os.DirFS("../../examples/harbour")); err != nil {
		t.Fatal(err)
	}
	step(t, "plan", harbour, "--seal")
	step(t, "request", harbour, "--id", "R1", "--custodian", "Customer", "--witness", "logged", "--resource", "harbourops", "--due", "2999-01-01")
	step(t, "refuse", harbour, "--request", "R1", "--reason", "none given")
	step(t, "collect", harbour)
	step(t, "review", harbour)
	good := filepath.Join(dir, "good")
	step(t, "publish", harbour, "--out", good, "--draft")
	if failed := bundleSteps(good, verify.Options{}); !slices.Equal(failed, []string{"signatures"}) {
		t.Errorf("a draft fails %q, want its signatures alone", failed)
	}
	if s := recompute(context.Background(), good, 13); s.Failed || !strings.Contains(s.Says, "9 claims") {
		t.Errorf("%+v", s)
	}
	other := filepath.Join(dir, "other")
	os.MkdirAll(filepath.Join(other, "evidence"), 0o777)
	os.WriteFile(filepath.Join(other, "case.yaml"), []byte(bundleCase), 0o666)
	step(t, "review", other)
	for name, change := range map[string]func(data string) error{
		"no charges": func(data string) error {
			os.RemoveAll(filepath.Join(data, "tables", "charges"))
			return os.CopyFS(filepath.Join(data, "tables", "charges"), os.DirFS(filepath.Join(other, "out", "tables", "charges")))
		},
		"another threshold": func(data string) error {
			text, err := os.ReadFile(filepath.Join(data, "case.yaml"))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(data, "case.yaml"), bytes.Replace(text, []byte("at_least: 1 GB"), []byte("at_least: 9 GB"), 1), 0o666)
		},
		"another finding": func(data string) error {
			text, err := os.ReadFile(filepath.Join(data, "review.json"))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(data, "review.json"), bytes.Replace(text, []byte(`"finding": "contradicted"`), []byte(`"finding": "undetermined"`), 1), 0o666)
		},
		"a damaged table": func(data string) error {
			return os.Truncate(filepath.Join(data, "tables", "metrics", "00.parquet"), 100)
		},
	} {
		work := filepath.Join(dir, "work")
		os.RemoveAll(work)
		if err := os.CopyFS(work, os.DirFS(good)); err != nil {
			t.Fatal(err)
		}
		if err := change(filepath.Join(work, "data")); err != nil {
			t.Fatal(err)
		}
		if s := recompute(context.Background(), work, 13); !s.Failed {
			t.Errorf("%s: %s", name, s.Says)
		}
	}
}
