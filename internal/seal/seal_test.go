package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
)

var seed = []byte("0123456789abcdef0123456789abcdef")

// What is sealed does not tell the value, and its disclosure opens it.
func TestTree(t *testing.T) {
	s := NewSealer(seed)
	v, err := Decode([]byte(`{"name":"harbourcalls","n":12345678901234567890,"list":[{"name":"x"},{"name":"harbourcalls"}],"empty":"","keep":"visible <&>"}`))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := Canonical(s.Tree(v, func(p []string) bool { return p[len(p)-1] == "name" }))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("harbourcalls")) || !bytes.Contains(sealed, []byte(`"visible <&>"`)) || !bytes.Contains(sealed, []byte("12345678901234567890")) {
		t.Fatalf("sealed: %s", sealed)
	}
	tree, err := Decode(sealed)
	if err != nil {
		t.Fatal(err)
	}
	k, err := Learn(s.Disclosures(), nil)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := k.Open(tree)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(v, opened); d != "" {
		t.Error(d)
	}
	if u := k.Unused(); len(u) != 0 {
		t.Errorf("unused: %q", u)
	}
	if n := len(s.Disclosures()); n != 2 {
		t.Errorf("%d disclosures, want one a value: 2", n)
	}

	// Withheld: one pseudonym in both places, and the value nowhere.
	disclosure, digest := s.Value("harbourcalls")
	var rest []string
	for _, d := range s.Disclosures() {
		if d != disclosure {
			rest = append(rest, d)
		}
	}
	k, err = Learn(rest, map[string]string{digest: "redacted-R1"})
	if err != nil {
		t.Fatal(err)
	}
	opened, err = k.Open(tree)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := Canonical(opened)
	if strings.Count(string(text), "redacted-R1") != 2 || bytes.Contains(text, []byte("harbourcalls")) {
		t.Errorf("with one value withheld: %s", text)
	}

	// A value of which nothing is known, one told twice, one told and withheld.
	if k, _ := Learn(rest, nil); k != nil {
		if _, err := k.Open(tree); err == nil {
			t.Error("a digest of which nothing is known was opened")
		}
	}
	if _, err := Learn([]string{disclosure, disclosure}, nil); err == nil {
		t.Error("a disclosure twice was taken")
	}
	if _, err := Learn([]string{disclosure}, map[string]string{digest: "R1"}); err == nil {
		t.Error("a disclosure of what is withheld was taken")
	}
	other, _ := NewSealer(seed).Value("nobody asks for this")
	k, _ = Learn(append(rest, other), map[string]string{digest: "R1"})
	if _, err := k.Open(tree); err != nil {
		t.Fatal(err)
	}
	if u := k.Unused(); len(u) != 1 {
		t.Errorf("a disclosure that nothing refers to: %q", u)
	}
}

// The digests are those of RFC 9901, section 4.2.2 and its example.
func TestStandard(t *testing.T) {
	value, digest, err := ParseDisclosure("WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0")
	if err != nil || value != "FR" || digest != "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs" {
		t.Errorf("%q %q %v", value, digest, err)
	}
}

func TestDecodeIsStrict(t *testing.T) {
	for _, text := range []string{"", "{", `{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, "1 2", "[1]]", "\"\xff\"", strings.Repeat("[", 100) + strings.Repeat("]", 100), `{"a":01}`} {
		if v, err := Decode([]byte(text)); err == nil {
			t.Errorf("%q was read as %v", text, v)
		}
	}
}

// The tree is the one of transparency logs, and paths prove rows and no others.
func TestRows(t *testing.T) {
	key := NewSealer(seed).Key("table activity")
	for n := range int64(70) {
		rows := NewRows(key)
		var leaves []Hash
		hashes := map[int64]tlog.Hash{}
		reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
			out := make([]tlog.Hash, len(at))
			for i, a := range at {
				out[i] = hashes[a]
			}
			return out, nil
		})
		for i := range n {
			h := rows.Add(fmt.Appendf(nil, "row %d", i))
			want, err := Leaf(Salt(key, i), fmt.Appendf(nil, "row %d", i))
			if err != nil || want != h {
				t.Fatal("the salt of a row is not that of its table", err)
			}
			leaves = append(leaves, h)
			stored, err := tlog.StoredHashesForRecordHash(i, tlog.Hash(h), reader)
			if err != nil {
				t.Fatal(err)
			}
			for j, x := range stored {
				hashes[tlog.StoredHashIndex(0, i)+int64(j)] = x
			}
		}
		if n == 0 {
			if rows.Root() != sha256.Sum256(nil) {
				t.Error("the empty tree")
			}
			continue
		}
		root, err := tlog.TreeHash(n, reader)
		if err != nil || Hash(root) != rows.Root() {
			t.Fatalf("%d rows: root %x, want %x (%v)", n, rows.Root(), root, err)
		}
		for i := range n {
			p, err := Prove(leaves, i)
			if err != nil || !CheckPath(rows.Root(), leaves[i], i, n, p) {
				t.Fatalf("row %d of %d is not proved (%v)", i, n, err)
			}
			wrong := leaves[i]
			wrong[3] ^= 1
			if CheckPath(rows.Root(), wrong, i, n, p) || CheckPath(rows.Root(), leaves[i], i+1, n, p) || CheckPath(rows.Root(), leaves[i], i, n, append(p, wrong)) ||
				len(p) > 0 && CheckPath(rows.Root(), leaves[i], i, n, p[:len(p)-1]) {
				t.Fatalf("row %d of %d: a wrong path was taken", i, n)
			}
		}
	}
}

func TestShortSalts(t *testing.T) {
	if _, err := Leaf(make([]byte, 8), nil); err == nil {
		t.Error("a salt of 64 bits was taken")
	}
	if _, _, err := ParseDisclosure("WyJhYmMiLCJ4Il0"); err == nil { // ["abc","x"]
		t.Error("a salt of three characters was taken")
	}
}

func FuzzDisclosure(f *testing.F) {
	d, _ := NewSealer(seed).Value("x")
	f.Add(d)
	f.Add("WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0")
	f.Fuzz(func(t *testing.T, text string) {
		v, digest, err := ParseDisclosure(text)
		if err == nil && (len(digest) != 43 || !json.Valid([]byte(`"x"`)) || strings.ContainsRune(v, '\uFFFD')) {
			t.Errorf("%q: %q %q", text, v, digest)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"a":[1,"x",{"...":"y"}],"b":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Decode(data)
		if err != nil {
			return
		}
		text, err := Canonical(v)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(text)
		if err != nil || !cmp.Equal(v, again) {
			t.Errorf("%q became %q (%v)", data, text, err)
		}
	})
}

func BenchmarkRows(b *testing.B) {
	line := bytes.Repeat([]byte("x"), 400)
	r := NewRows(seed)
	for b.Loop() {
		r.Add(line)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
