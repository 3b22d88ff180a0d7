package table

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"probity"
)

// groupRows is how many rows a row group holds: it bounds the memory of a
// writer.
const groupRows = 50_000

// Names are the tables that a Part writes.
var names = []string{"activity", "metrics", "charges", "inventory", "listings", "disclosures", "unread", "trails", "flows", "hits", "rules"}

// A Part writes one file of each table. It is not for several goroutines.
type Part struct {
	dir string
	n   int

	activity    *file[Activity]
	metrics     *file[Metric]
	charges     *file[Charge]
	inventory   *file[Inventory]
	listings    *file[Listing]
	disclosures *file[Disclosure]
	unread      *file[Unread]
	trails      *file[Trail]
	flows       *file[Flow]
	hits        *file[Hit]
	rules       *file[Rule]
}

// NewPart begins part n of the tables below dir: activity/00.parquet and so
// on. Part 0 has a file of every table, so that a query finds each; the other
// parts only have those that got rows.
func NewPart(dir string, n int) (*Part, error) {
	p := &Part{dir: dir, n: n}
	if n > 0 {
		return p, nil
	}
	err := errors.Join(
		open(p, &p.activity, "activity"), open(p, &p.metrics, "metrics"), open(p, &p.charges, "charges"),
		open(p, &p.inventory, "inventory"), open(p, &p.listings, "listings"),
		open(p, &p.disclosures, "disclosures"), open(p, &p.unread, "unread"),
		open(p, &p.trails, "trails"), open(p, &p.flows, "flows"),
		open(p, &p.hits, "hits"), open(p, &p.rules, "rules"))
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Activity adds a row to the table activity.
func (p *Part) Activity(r *Activity) error { return add(p, &p.activity, "activity", r) }

// Metric adds a row to the table metrics.
func (p *Part) Metric(r *Metric) error { return add(p, &p.metrics, "metrics", r) }

// Charge adds a row to the table charges.
func (p *Part) Charge(r *Charge) error { return add(p, &p.charges, "charges", r) }

// Inventory adds a row to the table inventory.
func (p *Part) Inventory(r *Inventory) error { return add(p, &p.inventory, "inventory", r) }

// Listing adds a row to the table listings.
func (p *Part) Listing(r *Listing) error { return add(p, &p.listings, "listings", r) }

// Disclosure adds a row to the table disclosures.
func (p *Part) Disclosure(r *Disclosure) error { return add(p, &p.disclosures, "disclosures", r) }

// Unread adds a row to the table unread.
func (p *Part) Unread(r *Unread) error { return add(p, &p.unread, "unread", r) }

// Trail adds a row to the table trails.
func (p *Part) Trail(r *Trail) error { return add(p, &p.trails, "trails", r) }

// Flow adds a row to the table flows.
func (p *Part) Flow(r *Flow) error { return add(p, &p.flows, "flows", r) }

// Hit adds a row to the table hits.
func (p *Part) Hit(r *Hit) error { return add(p, &p.hits, "hits", r) }

// Rule adds a row to the table rules.
func (p *Part) Rule(r *Rule) error { return add(p, &p.rules, "rules", r) }

// Close finishes the files of the part.
func (p *Part) Close() error {
	return errors.Join(p.activity.close(), p.metrics.close(), p.charges.close(), p.inventory.close(),
		p.listings.close(), p.disclosures.close(), p.unread.close(), p.trails.close(), p.flows.close(), p.hits.close(), p.rules.close())
}

// A file is one Parquet file of rows of type T.
type file[T any] struct {
	name   string
	f      *os.File
	buffer *bufio.Writer
	w      *parquet.GenericWriter[T]
	rows   []T
}

func open[T any](p *Part, at **file[T], name string) error {
	x, err := create[T](filepath.Join(p.dir, name), fmt.Sprintf("%02d.parquet", p.n))
	*at = x
	return err
}

func create[T any](dir, name string) (*file[T], error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("making a folder for tables: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, fmt.Errorf("writing tables: %w", err)
	}
	buffer := bufio.NewWriterSize(f, 1<<18)
	options := []parquet.WriterOption{
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		parquet.MaxRowsPerRowGroup(groupRows), parquet.PageBufferSize(64 << 10),
		parquet.CreatedBy("probity", "1", "")}
	for _, c := range parquet.SchemaOf(new(T)).Columns() { // bounds of dictionaries cost more than they save
		if c[0] != "time" {
			options = append(options, parquet.SkipPageBounds(c...))
		}
	}
	w := parquet.NewGenericWriter[T](buffer, options...)
	return &file[T]{name: filepath.Base(dir) + "/" + name, f: f, buffer: buffer, w: w}, nil
}

func add[T any](p *Part, at **file[T], name string, r *T) error {
	if *at == nil {
		if err := open(p, at, name); err != nil {
			return err
		}
	}
	x := *at
	if x.rows = append(x.rows, *r); len(x.rows) < 256 {
		return nil
	}
	return x.flush()
}

func (x *file[T]) flush() error {
	if _, err := x.w.Write(x.rows); err != nil {
		return fmt.Errorf("writing tables/%s: %w", x.name, err)
	}
	x.rows = x.rows[:0]
	return nil
}

func (x *file[T]) close() error {
	if x == nil {
		return nil
	}
	err := errors.Join(x.flush(), x.w.Close(), x.buffer.Flush(), x.f.Close())
	if err != nil {
		return fmt.Errorf("writing tables/%s: %w", x.name, err)
	}
	return nil
}

// Exhibit is one row of the table exhibits: a file as received and what became
// of its bytes.
type Exhibit struct {
	SHA256         string `parquet:"sha256"`
	Path           string `parquet:"path"`
	Kind           string `parquet:"kind,dict"`
	Bytes          int64  `parquet:"bytes"`
	StreamBytes    int64  `parquet:"stream_bytes"`
	Records        int64  `parquet:"records"`
	Duplicates     int64  `parquet:"duplicates"`
	Unread         int64  `parquet:"unread"`
	RecordBytes    int64  `parquet:"record_bytes"`
	DuplicateBytes int64  `parquet:"duplicate_bytes"`
	UnreadBytes    int64  `parquet:"unread_bytes"`
	FramingBytes   int64  `parquet:"framing_bytes"`
	DuplicateOf    string `parquet:"duplicate_of"`
	Custodian      string `parquet:"custodian,dict"`
	Relation       string `parquet:"relation,dict"`
	AcquiredAt     *int64 `parquet:"acquired_at,timestamp(microsecond:local)"`
	AcquiredBy     string `parquet:"acquired_by,dict"`
	AcquiredHow    string `parquet:"acquired_how,dict"`
	Note           string `parquet:"note,dict"`
}

// WriteExhibits writes the table exhibits below dir.
func WriteExhibits(dir string, exhibits []probity.Exhibit) error {
	x, err := create[Exhibit](filepath.Join(dir, "exhibits"), "00.parquet")
	if err != nil {
		return err
	}
	for i := range exhibits {
		x.rows = append(x.rows, exhibitRow(&exhibits[i]))
	}
	return x.close()
}

func exhibitRow(e *probity.Exhibit) Exhibit {
	r := Exhibit{
		SHA256: e.SHA256, Path: e.Path, Kind: string(e.Kind), Bytes: e.Bytes, StreamBytes: e.StreamBytes,
		Records: e.Records, Duplicates: e.Duplicates, Unread: e.Unread,
		RecordBytes: e.RecordBytes, DuplicateBytes: e.DuplicateBytes, UnreadBytes: e.UnreadBytes, FramingBytes: e.FramingBytes,
		DuplicateOf: e.DuplicateOf, Note: e.Note,
	}
	if c := e.Custodian; c != nil {
		r.Custodian, r.Relation = c.Name, string(c.Relation)
	}
	if a := e.Acquired; a != nil {
		r.AcquiredBy, r.AcquiredHow = a.By, a.How
		if !a.At.IsZero() {
			at := a.At.UnixMicro()
			r.AcquiredAt = &at
		}
	}
	return r
}
