package review

import (
	"encoding/hex"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"probity/internal/seal"
	"probity/internal/simulate"
	"probity/internal/table"
)

// The roots are those of the lines one after the other; each row is told of in
// order; and an error of who is told ends it.
func TestRoots(t *testing.T) {
	dir := t.TempDir()
	if err := simulate.WriteLoad(dir, 5_000, 1); err != nil { // several batches
		t.Fatal(err)
	}
	res, err := Run(t.Context(), Config{Case: dir, Key: filepath.Join(dir, "key")})
	if err != nil {
		t.Fatal(err)
	}
	tables := filepath.Join(res.Out, "tables")
	s, names := seal.NewSealer(make([]byte, 32)), seal.NewNames("loadone", "loadtwo")
	var told []string
	roots, err := Roots(tables, s, names, func(r Row) error {
		told = append(told, r.Table+" "+string(r.Line)+" "+hex.EncodeToString(r.Leaf[:]))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	bytes := 0
	text := func(v string) (string, error) { return s.Text(v, names), nil }
	for _, r := range roots {
		rows := seal.NewRows(RowKey(s, r.Name))
		err := table.Lines(tables, r.Name, text, func(line []byte) error {
			leaf := rows.Add(line)
			bytes += len(line)
			want = append(want, r.Name+" "+string(line)+" "+hex.EncodeToString(leaf[:]))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if root := rows.Root(); hex.EncodeToString(root[:]) != r.Root || rows.Len() != r.Rows {
			t.Errorf("%s: root %s of %d rows, want %x of %d", r.Name, r.Root, r.Rows, root, rows.Len())
		}
	}
	if !slices.Equal(told, want) || bytes < 2*batchBytes {
		t.Errorf("%d rows were told of, want %d; %d bytes", len(told), len(want), bytes)
	}
	enough := errors.New("enough")
	n := 0
	if _, err := Roots(tables, s, names, func(Row) error { n++; return enough }); !errors.Is(err, enough) || n != 1 {
		t.Errorf("%v after %d rows", err, n)
	}
	broken := func(string) (string, error) { return "", enough }
	if _, err := rootsOf(tables, func(string) []byte { return make([]byte, 32) }, broken, nil); !errors.Is(err, enough) {
		t.Errorf("a text that cannot be sealed: %v", err)
	}
}
