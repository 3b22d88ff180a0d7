package evidence

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"probity"
)

func put(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func packed(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.Bytes()
}

func caseAt(dir string, paths ...string) *probity.Case {
	c := &probity.Case{Dir: dir, File: filepath.Join(dir, "case.yaml")}
	for _, p := range paths {
		c.Evidence = append(c.Evidence, probity.Evidence{Path: p, Custodian: probity.Custodian{Name: p, Relation: probity.RelProvider}})
	}
	return c
}

func TestWalk(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "evidence/a/1.json", []byte("one"))
	put(t, dir, "evidence/b/1-again.json", []byte("one"))
	put(t, dir, "evidence/b/empty", nil)
	put(t, dir, "evidence/b/empty2", nil)
	if err := os.Symlink("1-again.json", filepath.Join(dir, "evidence/b/link")); err != nil {
		t.Fatal(err)
	}
	files, warnings, err := Walk(context.Background(), caseAt(dir, "evidence", "evidence/b"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	type row struct{ Path, Of, By string }
	var got []row
	for _, f := range files {
		got = append(got, row{f.Path, f.DuplicateOf, f.Custodian.Name})
		if len(f.SHA256) != 64 {
			t.Errorf("%s: digest %q", f.Path, f.SHA256)
		}
	}
	want := []row{
		{"evidence/a/1.json", "", "evidence"},
		{"evidence/b/1-again.json", "evidence/a/1.json", "evidence/b"},
		{"evidence/b/empty", "", "evidence/b"},
		{"evidence/b/empty2", "", "evidence/b"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "evidence/b/link") {
		t.Errorf("warnings %q", warnings)
	}
}

// Names that are no UTF-8 stay two names.
func TestWalkOddNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"evidence/a\xfe", "evidence/a\xff", "evidence/line\nbreak"} {
		put(t, dir, name, []byte(name))
	}
	files, _, err := Walk(context.Background(), caseAt(dir, "evidence"), Options{})
	if err != nil || len(files) != 3 || files[0].Path != `evidence/a\xfe` {
		t.Errorf("%v: %d files, the first is %q", err, len(files), files[0].Path)
	}
}

func TestWalkErrors(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "evidence/closed/1", []byte("x"))
	if err := os.Chmod(filepath.Join(dir, "evidence/closed"), 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Join(dir, "evidence/closed"), 0o700)
	for path, want := range map[string]string{
		"nowhere":  "correct the path in case.yaml",
		".":        "a folder of their own",
		"evidence": "evidence/closed: permission denied",
	} {
		if path == "evidence" && os.Getuid() == 0 {
			continue // root reads everything
		}
		_, _, err := Walk(context.Background(), caseAt(dir, path), Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", path, err, want)
		}
	}
}

func open(t *testing.T, data []byte) *Stream {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "evidence/x", data)
	files, _, err := Walk(context.Background(), caseAt(dir, "evidence"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStream(t *testing.T) {
	long := strings.Repeat("abc\n", 50_000)
	cut := packed(long)
	flipped := packed(long)
	flipped[len(flipped)-6] ^= 1 // in the checksum
	for _, c := range []struct {
		name, want, damage string
		data               []byte
	}{
		{"plain", "hello", "", []byte("hello")},
		{"empty", "", "", nil},
		{"gzip", long, "", packed(long)},
		{"two members", "ab", "", append(packed("a"), packed("b")...)},
		{"cut", "", "cut off", cut[:len(cut)-9]},
		{"tail", "a", "not gzip", append(packed("a"), "tail of text"...)},
		{"checksum", long, "damaged", flipped},
		{"magic only", "\x1f\x8b\x08", "", []byte("\x1f\x8b\x08")},
	} {
		s := open(t, c.data)
		if head := s.Head(3); !strings.HasPrefix(c.want, string(head)) && c.want != "" {
			t.Errorf("%s: head %q", c.name, head)
		}
		got, err := io.ReadAll(s)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.name == "cut" {
			if !strings.HasPrefix(long, string(got)) || len(got) == 0 {
				t.Errorf("cut: %d bytes", len(got))
			}
		} else if string(got) != c.want {
			t.Errorf("%s: %d bytes, want %d", c.name, len(got), len(c.want))
		}
		if s.Length() != int64(len(got)) {
			t.Errorf("%s: length %d", c.name, s.Length())
		}
		if !strings.Contains(s.Damage(), c.damage) || (s.Damage() == "") != (c.damage == "") {
			t.Errorf("%s: damage %q, want %q", c.name, s.Damage(), c.damage)
		}
	}
}

func TestStreamChanged(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "evidence/x", []byte("one"))
	files, _, err := Walk(context.Background(), caseAt(dir, "evidence"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "evidence/x", []byte("two"))
	s, err := files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := io.ReadAll(s); err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("error %v", err)
	}
}

func TestAccount(t *testing.T) {
	var a Account
	a.Framing(0, 3)
	a.Record(3, 10)
	a.UnreadRange(10, 12)
	if err := a.Balance(12); err != nil {
		t.Error(err)
	}
	if err := a.Balance(13); err == nil {
		t.Error("a byte is missing, and nobody says so")
	}
	for _, hole := range [][2]int64{{13, 14}, {11, 14}, {12, 11}} {
		b := a
		b.Record(hole[0], hole[1])
		if err := b.Balance(hole[1]); err == nil {
			t.Errorf("range %v: no error", hole)
		}
	}
}

func TestCaseTokens(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	c := caseAt(dir)
	one, warning, err := CaseTokens(c, "")
	if err != nil || warning != "" {
		t.Fatal(warning, err)
	}
	info, err := os.Stat(filepath.Join(dir, KeyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	two, _, err := CaseTokens(c, "")
	if err != nil || one.Of("object", "a") != two.Of("object", "a") {
		t.Error("the second run has other tokens")
	}
	other, _, _ := CaseTokens(caseAt(t.TempDir()), "")
	if one.Of("object", "a") == other.Of("object", "a") || one.Of("object", "a") == one.Of("address", "a") {
		t.Error("tokens do not depend on key and domain")
	}
	if one.OfBytes("object", []byte("a")) != one.Fork().Of("object", "a") || one.Of("object", "") != [16]byte{} {
		t.Error("forms of a token differ")
	}
	if err := os.WriteFile(filepath.Join(dir, KeyFile), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := CaseTokens(c, ""); err == nil || !strings.Contains(err.Error(), "64 hexadecimal digits") {
		t.Errorf("a damaged key: %v", err)
	}
}

func TestShape(t *testing.T) {
	for name, want := range map[string][2]string{
		"2025/10/06/07/992722332420-a5.amr": {"9999/99/99/99/999999999999-a9.amr", "amr"},
		"j.osei@vexford.example":            {"a.aaaa@aaaaaaa.aaaaaaa", ""},
		"Call of Müller.WAV":                {"aaaa aa aaaaaa.wav", "wav"},
		"a.b/c":                             {"a.a/a", ""},
		"noname":                            {"aaaaaa", ""},
		"x.osei":                            {"a.aaaa", ""},
		"":                                  {"", ""},
	} {
		shape, ext := Shape(name)
		if shape != want[0] || ext != want[1] {
			t.Errorf("%q: %q %q, want %q", name, shape, ext, want)
		}
	}
}

func FuzzShape(f *testing.F) {
	f.Add("2025/10/06/07/992722332420-a5.amr")
	f.Fuzz(func(t *testing.T, name string) {
		shape, ext := Shape(name)
		body := strings.TrimSuffix(shape, "."+ext)
		if strings.ContainsAny(body, "012345678bcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			t.Errorf("%q keeps letters: %q", name, shape)
		}
		if ext != "" && !extensions[ext] {
			t.Errorf("%q keeps the extension %q", name, ext)
		}
	})
}

// Files that no other can equal are hashed when they are read; where an archive
// is, every file could equal a member of it.
func TestDefer(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "evidence/one", []byte("x"))
	put(t, dir, "evidence/two", []byte("yy"))
	put(t, dir, "evidence/three", []byte("zz"))
	put(t, dir, "evidence/gz", packed("four"))
	walk := func() map[string]*File {
		files, _, err := Walk(context.Background(), caseAt(dir, "evidence"), Options{Defer: true})
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]*File{}
		for _, f := range files {
			out[f.Path] = f
		}
		return out
	}
	files := walk()
	if files["evidence/one"].SHA256 != "" || files["evidence/gz"].SHA256 != "" || files["evidence/two"].SHA256 == "" || files["evidence/three"].SHA256 == "" {
		t.Error("what is deferred is wrong")
	}
	put(t, dir, "evidence/one", []byte("longer than it was"))
	var buffer []byte
	for name, want := range map[string]string{"evidence/one": "longer than it was", "evidence/gz": "four", "evidence/two": "yy"} {
		f := files[name]
		var s *Stream
		var err error
		if s, buffer, err = f.Load(buffer); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(s)
		if err != nil || string(got) != want || s.Close() != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		raw, _ := os.ReadFile(f.Abs)
		sum := sha256.Sum256(raw)
		if f.SHA256 != hex.EncodeToString(sum[:]) || f.Bytes != int64(len(raw)) {
			t.Errorf("%s: %+v", name, f.Exhibit)
		}
		if s, err = f.Open(); err != nil { // again, from the file
			t.Fatal(err)
		}
		if got, err := io.ReadAll(s); err != nil || string(got) != want {
			t.Errorf("%s again: %q, %v", name, got, err)
		}
		s.Close()
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Name: "a", Mode: 0o600, Size: 1})
	w.Write([]byte("x"))
	w.Close()
	put(t, dir, "evidence/a.tar", b.Bytes())
	put(t, dir, "evidence/one", []byte("x"))
	files = walk()
	if m := files["evidence/a.tar/a"]; m == nil || files["evidence/one"].SHA256 == "" || m.DuplicateOf == "" && files["evidence/one"].DuplicateOf == "" {
		t.Errorf("a member equals a file: %+v", m)
	}
}
