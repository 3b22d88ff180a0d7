package evidence

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"probity"
)

// Any bytes are opened: as gzip, zstd, Parquet, an archive or as they are.
// Nothing panics, each file's stream ends, and what lies in an archive stays
// below its name.
func FuzzOpen(f *testing.F) {
	plain := []byte(`{"a":1}` + "\n")
	f.Add(plain)
	f.Add(packed(string(plain)))
	var b bytes.Buffer
	z, _ := zstd.NewWriter(&b)
	z.Write(plain)
	z.Close()
	f.Add(bytes.Clone(b.Bytes()))
	b.Reset()
	t := tar.NewWriter(&b)
	t.WriteHeader(&tar.Header{Name: "../x", Mode: 0o644, Size: int64(len(plain))})
	t.Write(plain)
	t.Close()
	f.Add(bytes.Clone(b.Bytes()))
	f.Add(packed(b.String()))
	b.Reset()
	a := zip.NewWriter(&b)
	w, _ := a.Create("/etc/x")
	w.Write(plain)
	a.Close()
	f.Add(bytes.Clone(b.Bytes()))
	b.Reset()
	type row struct {
		A int64    `parquet:"a,timestamp(millisecond)"`
		B *string  `parquet:"b,optional"`
		C []string `parquet:"c,list"`
		D struct {
			E *int32 `parquet:"e,optional"`
		} `parquet:"d"`
	}
	p := parquet.NewGenericWriter[row](&b)
	p.Write(make([]row, 3))
	p.Close()
	f.Add(bytes.Clone(b.Bytes()))
	dir := f.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "evidence"), 0o777); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, "evidence", "x"), data, 0o666); err != nil {
			t.Fatal(err)
		}
		files, _, err := Walk(context.Background(), &probity.Case{Dir: dir, Evidence: []probity.Evidence{{Path: "evidence"}}}, Options{Spool: filepath.Join(dir, "spool"), Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer Close(files)
		for _, x := range files {
			if len(x.Path) < len("evidence/x") || x.Path[:len("evidence/x")] != "evidence/x" {
				t.Errorf("path %q", x.Path)
			}
			if x.Archive {
				continue
			}
			s, err := x.Open()
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, s)
			if err != nil || n != s.Length() {
				t.Errorf("%s: %d of %d bytes, %v", x.Path, n, s.Length(), err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
