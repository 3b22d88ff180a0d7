package review

import (
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2" // registers the engine

	"probity/internal/query"
)

// Whoever has the output folder can run the SQL that the numbers come from:
// open.sql makes the views, and every file of catalog/ runs as it is.
func TestCatalogRunsInAnyShell(t *testing.T) {
	res, _ := review(t, estate(t, "contact-centre"))
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	open, err := os.ReadFile(filepath.Join(res.Out, "open.sql"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"SET file_search_path = " + query.Quote(res.Out), string(open)} {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	err = filepath.WalkDir(filepath.Join(res.Out, "catalog"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".sql") {
			return err
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if _, err := db.Exec(string(text)); err != nil {
			t.Errorf("%s: %v", d.Name(), err)
		}
		n++
		return nil
	})
	if err != nil || n < 30 {
		t.Fatalf("%d files, %v", n, err)
	}
	var billed, written float64
	if err := db.QueryRow("SELECT count(*), (SELECT count(*) FROM activity WHERE api_operation = 'PutBlob') FROM charges").Scan(&billed, &written); err != nil || billed == 0 || written == 0 {
		t.Errorf("%v charges, %v writes, %v", billed, written, err)
	}
}
