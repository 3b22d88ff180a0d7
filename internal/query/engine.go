// Package query runs the catalogue's SQL on the tables that a review wrote,
// with an embedded DuckDB. The same SQL runs in any DuckDB shell that stands
// in the folder above tables/.
package query

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // registers the engine with database/sql

	"probity"
	"probity/catalog"
)

// An Engine holds one connection to an in-memory database whose views read
// the tables below one folder. It is not for use by several goroutines.
type Engine struct {
	db   *sql.DB
	conn *sql.Conn

	alias  string // folder of a link to the tables, or ""
	closed bool
}

// Options bound what an engine uses.
type Options struct {
	MemoryMiB int    // 0 means 192
	Temp      string // folder for what does not fit into memory; "" means none
	// Settled says that the folder is one that a review finished: nothing is
	// written to it.
	Settled bool
}

// Open starts an engine on dir, which holds the folder tables/. The period
// becomes the table period of the catalogue. Records that do not count are
// found and written to tables/duplicates and tables/superseded before the views
// are made.
func Open(ctx context.Context, dir string, period probity.Span, opts Options) (*Engine, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, fmt.Errorf("starting the query engine: %w", err)
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the query engine: %w", err), db.Close())
	}
	e := &Engine{db: db, conn: conn}
	if err := e.prepare(ctx, dir, period, opts); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *Engine) prepare(ctx context.Context, dir string, period probity.Span, opts Options) error {
	if opts.MemoryMiB == 0 {
		opts.MemoryMiB = 192
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if abs, err = e.plain(abs); err != nil {
		return err
	}
	settings := []string{
		fmt.Sprintf("SET memory_limit = '%dMiB'", opts.MemoryMiB),
		fmt.Sprintf("SET threads = %d", runtime.GOMAXPROCS(0)),
		"SET preserve_insertion_order = false",
		"SET autoinstall_known_extensions = false",
		"SET file_search_path = " + Quote(abs),
	}
	if opts.Temp != "" {
		settings = append(settings, "SET temp_directory = "+Quote(opts.Temp))
	} else {
		settings = append(settings, "SET temp_directory = ''")
	}
	at := func(t time.Time) string { return "TIMESTAMP " + Quote(t.UTC().Format("2006-01-02 15:04:05.999999")) }
	settings = append(settings, fmt.Sprintf("CREATE TABLE period AS SELECT %s AS period_from, %s AS period_until", at(period.From), at(period.Until)))
	for _, s := range settings {
		if err := e.Exec(ctx, s); err != nil {
			return fmt.Errorf("preparing the query engine: %w", err)
		}
	}
	for _, table := range []string{"duplicates", "superseded"} {
		if opts.Settled {
			break
		}
		if err := e.setAside(ctx, abs, table); err != nil {
			return err
		}
	}
	views, err := catalog.Files.ReadFile("tables.sql")
	if err != nil {
		return err
	}
	if err := e.Exec(ctx, string(views)); err != nil {
		return fmt.Errorf("catalog/tables.sql: %w", err)
	}
	return nil
}

// setAside runs a query of the catalogue that finds records which do not
// count, and writes the table of that name.
func (e *Engine) setAside(ctx context.Context, dir, table string) error {
	find, err := catalog.Files.ReadFile("coverage/" + table + ".sql")
	if err != nil {
		return err
	}
	folder := filepath.Join(dir, "tables", table)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	copyTo := fmt.Sprintf("COPY (%s) TO %s (FORMAT parquet, COMPRESSION zstd)", strings.TrimSpace(string(find)), Quote(filepath.Join(folder, "00.parquet")))
	if err := e.Exec(ctx, copyTo); err != nil {
		return fmt.Errorf("catalog/coverage/%s.sql: %w", table, err)
	}
	return nil
}

// Exec runs statements that return nothing.
func (e *Engine) Exec(ctx context.Context, statements string) error {
	_, err := e.conn.ExecContext(ctx, statements)
	return err
}

// Each runs a query and calls scan for each of its rows, in order. The query
// may come from the catalogue; name says which, for errors.
func (e *Engine) Each(ctx context.Context, name, query string, scan func(row func(dest ...any) error) error) error {
	rows, err := e.conn.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows.Scan); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// EachOf runs a query of the catalogue, as Each does.
func (e *Engine) EachOf(ctx context.Context, file string, scan func(row func(dest ...any) error) error) error {
	query, err := catalog.Files.ReadFile(file)
	if err != nil {
		return err
	}
	return e.Each(ctx, "catalog/"+file, string(query), scan)
}

// Close stops the engine. A second call does nothing.
func (e *Engine) Close() error {
	if e.closed {
		return nil
	}
	e.closed = true
	err := errors.Join(e.conn.Close(), e.db.Close())
	if e.alias != "" {
		err = errors.Join(err, os.RemoveAll(e.alias))
	}
	return err
}

// plain returns a name of a folder that the engine takes as it is: commas divide
// its list of folders, and it reads other signs as patterns.
func (e *Engine) plain(dir string) (string, error) {
	const signs = ",*?[]{}"
	if !strings.ContainsAny(dir, signs) {
		return dir, nil
	}
	alias, err := os.MkdirTemp("", "probity-tables-")
	if err != nil {
		return "", fmt.Errorf("making a link to %s, whose name the query engine cannot take: %w", dir, err)
	}
	e.alias = alias
	link := filepath.Join(alias, "tables")
	if strings.ContainsAny(link, signs) {
		return "", fmt.Errorf("the query engine can take neither the name %s nor %s for a link to it: set TMPDIR to a folder without any of %s", dir, link, signs)
	}
	if err := os.Symlink(dir, link); err != nil {
		return "", fmt.Errorf("making a link to %s, whose name the query engine cannot take: %w", dir, err)
	}
	return link, nil
}

// Quote writes s as an SQL string.
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
