package verify

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"testing"
	"testing/fstest"
)

// Whatever stands in the files of a bundle, no step passes that has no ground,
// and nothing ends the program.
func FuzzRun(f *testing.F) {
	f.Add([]byte("0000000000000000000000000000000000000000000000000000000000000000  data/bundle.json\n"), []byte(`{"probity_bundle":1,"case":"t","origin":"t"}`), []byte(`{"probity":1,"case":"t"}`), []byte("t\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— t AAAA\n"))
	f.Add([]byte("x"), []byte(`{}`), []byte(`{"claims":[{"finding":"supported"}]}`), []byte(""))
	f.Fuzz(func(t *testing.T, manifest, index, review, checkpoint []byte) {
		steps := Run(fstest.MapFS{
			"bagit.txt": {Data: []byte(Bagit)}, "manifest-sha256.txt": {Data: manifest}, "tagmanifest-sha256.txt": {Data: manifest},
			"data/bundle.json": {Data: index}, "data/review.json": {Data: review}, "data/disclosures.json": {Data: []byte("[]")},
			"data/ledger/checkpoint": {Data: checkpoint}, "data/ledger/log.vkey": {Data: []byte("t+00000000+AAAA\n")},
		}, Options{})
		for _, s := range steps {
			if (s.Name == "bag" || s.Name == "ledger" || s.Name == "signatures") && !s.Failed {
				t.Errorf("%s passed: %s", s.Name, s.Says)
			}
		}
	})
}

// Whatever a zip says, its files have names that lead nowhere else, and give no
// more bytes than they say; all that was refused stays refused.
func FuzzOpenZip(f *testing.F) {
	pack := func(names ...string) []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		for _, name := range names {
			w, err := z.Create(name)
			if err != nil {
				f.Fatal(err)
			}
			io.WriteString(w, "text")
		}
		z.Close()
		return out.Bytes()
	}
	for _, names := range [][]string{{"a/bagit.txt", "a/data/x"}, {"a/x", "a/x"}, {"a/../x"}, {"/x"}, {"a", "a/x"}, {"a/x", "a"}, {`a\x`}, {"a/"}, {"x", "b/y"}} {
		f.Add(pack(names...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys, err := OpenZip(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		files := 0
		err = fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			if !fs.ValidPath(p) {
				t.Errorf("the name %q", p)
			}
			i, err := d.Info()
			if err != nil {
				return err
			}
			if i.Size() > 1<<20 {
				return nil
			}
			if text, err := fs.ReadFile(fsys, p); err == nil && int64(len(text)) != i.Size() {
				t.Errorf("%s has %d bytes and says %d", p, len(text), i.Size())
			}
			return nil
		})
		if err != nil {
			t.Errorf("%d files, then %v", files, err)
		}
	})
}
