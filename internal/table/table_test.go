package table

import (
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

func number(d Decimal) string {
	n := new(big.Int).SetBytes(d[:])
	if d[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return n.String()
}

func TestParseDecimal(t *testing.T) {
	for _, c := range []struct {
		text  string
		scale int
		want  string // "" for refused
	}{
		{"0", 9, "0"},
		{"11.0", 9, "11000000000"},
		{"-4.20", 18, "-4200000000000000000"},
		{"1.7370468932096068", 18, "1737046893209606800"},
		{"0.1234567890123456789", 18, "123456789012345679"},
		{"1e3", 9, "1000000000000"},
		{"2.5E-3", 9, "2500000"},
		{".5", 9, "500000000"},
		{"5.", 9, "5000000000"},
		{"-0", 9, "0"},
		{"99999999999999999999999999999", 9, "99999999999999999999999999999000000000"},
		{"100000000000000000000000000000", 9, ""},
		{"1e-30", 18, "0"},
		{"", 9, ""}, {"-", 9, ""}, {".", 9, ""}, {"1,5", 9, ""}, {"NaN", 9, ""}, {"1e999", 9, ""}, {"1.2.3", 9, ""}, {"0x10", 9, ""},
	} {
		d, ok := ParseDecimal(c.text, c.scale)
		switch {
		case ok != (c.want != ""):
			t.Errorf("%q: ok %v", c.text, ok)
		case ok && number(d) != c.want:
			t.Errorf("%q: %s, want %s", c.text, number(d), c.want)
		}
	}
}

func FuzzParseDecimal(f *testing.F) {
	f.Add("1.5e3")
	f.Add("-0.0000000001")
	f.Fuzz(func(t *testing.T, text string) {
		d, ok := ParseDecimal(text, 9)
		if !ok || strings.ContainsAny(text, "eE") || len(text) > 30 {
			return
		}
		r, valid := new(big.Rat).SetString(text)
		if !valid {
			t.Fatalf("%q taken as a number", text)
		}
		n, _ := new(big.Int).SetString(number(d), 10)
		diff := new(big.Rat).Sub(r, new(big.Rat).SetFrac(n, big.NewInt(1e9)))
		if diff.Abs(diff).Cmp(big.NewRat(1, 2e9)) > 0 {
			t.Fatalf("%q read as %s", text, number(d))
		}
	})
}

func TestPart(t *testing.T) {
	dir := t.TempDir()
	for n := range 2 {
		p, err := NewPart(dir, n)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 1000 {
			if err := p.Activity(&Activity{Exhibit: "e", Position: int64(i), Digest: Token{byte(i)}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := parquet.ReadFile[Activity](filepath.Join(dir, "activity", "01.parquet"))
	if err != nil || len(rows) != 1000 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if diff := cmp.Diff(Activity{Exhibit: "e", Position: 999, Digest: Token{999 % 256}}, rows[999]); diff != "" {
		t.Error(diff)
	}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, name, "00.parquet")); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "metrics", "01.parquet")); err == nil {
		t.Error("an empty table got a second part")
	}
}

// A disk that is full is an error of the writer, not a short file.
func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	dir := t.TempDir()
	p, err := NewPart(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Unread(&Unread{Exhibit: "e"}); err != nil {
		t.Fatal(err)
	}
	p.unread.f.Close()
	if p.unread.f, err = os.OpenFile("/dev/full", os.O_WRONLY, 0); err != nil {
		t.Fatal(err)
	}
	p.unread.buffer.Reset(p.unread.f)
	if err := p.Close(); err == nil || !strings.Contains(err.Error(), syscall.ENOSPC.Error()) || !strings.Contains(err.Error(), "tables/unread") {
		t.Errorf("error %v, want one that says the disk is full and which table", err)
	}
}

// FORMATS.md names every column of every table.
func TestFormatsNameEveryColumn(t *testing.T) {
	data, err := os.ReadFile("../../FORMATS.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*parquet.Schema{
		parquet.SchemaOf(Activity{}), parquet.SchemaOf(Metric{}), parquet.SchemaOf(Charge{}), parquet.SchemaOf(Inventory{}), parquet.SchemaOf(Listing{}),
		parquet.SchemaOf(Disclosure{}), parquet.SchemaOf(Unread{}), parquet.SchemaOf(Duplicate{}), parquet.SchemaOf(Exhibit{}),
	} {
		for _, c := range s.Columns() {
			if !strings.Contains(string(data), "| `"+c[0]+"` |") {
				t.Errorf("FORMATS.md does not name column %s of %s", c[0], s.Name())
			}
		}
	}
}
