package main

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The verifier answers with the codes that its help names, for folders and
// zips, and never passes what is no bundle.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	os.Mkdir(empty, 0o777)
	packed := filepath.Join(dir, "a.zip")
	f, err := os.Create(packed)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	w, _ := z.Create("answer/bagit.txt")
	w.Write([]byte("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"))
	z.Close()
	f.Close()
	note := filepath.Join(dir, "note.txt")
	os.WriteFile(note, []byte("no zip"), 0o666)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, 2, "want one bundle"},
		{[]string{empty, empty}, 2, "want one bundle"},
		{[]string{"--wibble", empty}, 2, "wibble"},
		{[]string{"--help"}, 0, "usage: probity-verify"},
		{[]string{filepath.Join(dir, "nothing")}, 1, "nothing"},
		{[]string{note}, 1, "want a folder or a zip"},
		{[]string{empty, "--since", filepath.Join(dir, "nothing")}, 1, "nothing"},
		{[]string{empty}, 4, "bag         FAILED"},
		{[]string{packed}, 4, "manifest-sha256.txt"},
		{[]string{packed, "--json"}, 4, `"failed": true`},
	} {
		var out, talk bytes.Buffer
		if code := run(c.args, &out, &talk); code != c.code || !strings.Contains(out.String()+talk.String(), c.says) {
			t.Errorf("%q: exit %d\n%s%s", c.args, code, out.String(), talk.String())
		}
	}
}
