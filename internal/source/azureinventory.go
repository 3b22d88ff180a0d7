package source

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"io"
	"strings"

	"probity/internal/evidence"
	"probity/internal/table"
)

// Azure blob inventory: CSV files of objects, a manifest that names them, and
// a checksum of the manifest (Azure Storage, blob inventory).

func detectInventory(o *opening) bool {
	c := o.columns()
	return c.has("name") && (c.has("contentlength") || c.has("lastmodified") || c.has("creationtime"))
}

// A listing is what one inventory file turned out to be: a file of objects, a
// manifest or a checksum. They are tied to each other when all are read.
type listing struct {
	file     *evidence.File
	provider string
	schema   []string // of a file of objects: its columns
	rows     int64
	bytes    int64
	length   int64 // of the decompressed stream
	unread   int64

	manifest *manifest
	stored   string // MD5 of a file of objects as stored, "" if its manifest would not state it
	md5      string // of a manifest: of its bytes; of a checksum: what it states
}

// size reads the bytes of an object and adds them to the listing's; nil if they
// are no number, or too large to be true.
func (l *listing) size(v []byte) *int64 {
	n, ok := digits(v)
	if !ok || len(v) > 18 || n > maxBytes {
		return nil
	}
	l.bytes += n
	return &n
}

type inventoryTaker struct {
	*sink
	c columns
	l *listing
}

func readInventory(s *sink, in io.Reader) error {
	t := &inventoryTaker{sink: s, l: &listing{file: s.file, provider: "azure"}}
	s.listing = t.l
	err := readCSV(in, t, func() bool { return s.stream.Damage() != "" })
	t.l.length, t.l.unread = s.stream.Length(), s.account.Unread
	return err
}

func (t *inventoryTaker) header(fields [][]byte) {
	t.c = columnsOf(fields)
	for _, f := range fields {
		t.l.schema = append(t.l.schema, string(f))
	}
}

func (t *inventoryTaker) row(from, until int64, fields [][]byte) {
	if len(fields) != len(t.l.schema) {
		t.unread(from, until, "a row with more or fewer fields than the header")
		return
	}
	r := table.Inventory{Exhibit: t.file.SHA256, Position: from, Length: int32(until - from), Provider: "azure"}
	name := t.c.get(fields, "name")
	if len(name) == 0 {
		t.unread(from, until, "a row without a name")
		return
	}
	container, object, _ := bytes.Cut(name, []byte("/"))
	r.Container, r.ObjectToken = t.words.of(container), t.tokens.OfBytes("object", name)
	shape, ext := evidence.Shape(string(object))
	r.ObjectShape, r.Extension = t.words.of([]byte(shape)), ext
	if v := t.c.get(fields, "contentlength"); len(v) > 0 {
		if r.Bytes = t.l.size(v); r.Bytes == nil {
			t.unread(from, until, "a length that is no number, or too large to be true")
			return
		}
	}
	for column, to := range map[string]**int64{"creationtime": &r.Created, "lastmodified": &r.Modified} {
		if v := t.c.get(fields, column); len(v) > 0 {
			at, ok := parseAnyTime(v)
			if !ok {
				t.unread(from, until, "a time that cannot be read")
				return
			}
			*to = &at
		}
	}
	r.BlobType, r.Tier = t.words.of(t.c.get(fields, "blobtype")), t.words.of(t.c.get(fields, "accesstier"))
	r.Snapshot = len(t.c.get(fields, "snapshot")) > 0
	r.OldVersion = strings.EqualFold(string(t.c.get(fields, "iscurrentversion")), "false") ||
		len(t.c.get(fields, "versionid")) > 0 && len(t.c.get(fields, "iscurrentversion")) == 0 && t.has("iscurrentversion")
	r.Deleted = strings.EqualFold(string(t.c.get(fields, "deleted")), "true")
	t.l.rows++
	t.fail(t.part.Inventory(&r))
	t.keep(from, until, hint{provider: "azure"})
}

func (t *inventoryTaker) has(column string) bool { _, ok := t.c[column]; return ok }

// A manifest is what an inventory's manifest.json says.
type manifest struct {
	resource         string
	from, until      int64
	files            []manifestFile
	schema           []string
	prefixes         int
	blobTypes        string
	versions         bool
	snapshots        bool
	deleted          bool
	objects, size    int64
	hasTotals        bool
	status, ruleName string
}

type manifestFile struct {
	name string // the last element of its path
	size int64
	md5  string // of the file as stored, "" if the manifest does not say
}

func detectManifest(o *opening) bool {
	return o.has("inventoryStartTime") || o.has("ruleDefinition", "files")
}

// readManifest reads a manifest: the whole file is one record.
func readManifest(s *sink, in io.Reader) error {
	return readWhole(s, in, "not the JSON of a manifest", func(data []byte) (hint, bool) {
		m := parseManifest(data)
		sum := md5.Sum(s.raw)
		s.listing = &listing{file: s.file, provider: "azure", manifest: m, md5: hex.EncodeToString(sum[:])}
		return hint{provider: "azure", resource: m.resource, time: m.from}, true
	})
}

func parseManifest(data []byte) *manifest {
	m := &manifest{status: string(text(member(data, "status"))), ruleName: string(text(member(data, "ruleName")))}
	host := string(text(member(data, "endpoint")))
	host = strings.TrimPrefix(strings.TrimPrefix(host, "https://"), "http://")
	m.resource, _, _ = strings.Cut(strings.ToLower(valid(host)), ".")
	m.from, _ = parseTime(text(member(data, "inventoryStartTime")))
	m.until, _ = parseTime(text(member(data, "inventoryCompletionTime")))
	elements(member(data, "files"), func(_ int, f []byte) {
		name := string(text(member(f, "blob")))
		m.files = append(m.files, manifestFile{name: name[strings.LastIndexByte(name, '/')+1:], size: number(member(f, "size"))})
	})
	rule := member(data, "ruleDefinition")
	elements(member(rule, "schemaFields"), func(_ int, f []byte) { m.schema = append(m.schema, string(text(f))) })
	filters := member(rule, "filters")
	elements(member(filters, "prefixMatch"), func(int, []byte) { m.prefixes++ })
	var types []string
	elements(member(filters, "blobTypes"), func(_ int, f []byte) { types = append(types, valid(string(text(f)))) })
	m.blobTypes = strings.Join(types, ",")
	m.versions = string(member(filters, "includeBlobVersions")) == "true"
	m.snapshots = string(member(filters, "includeSnapshots")) == "true"
	m.deleted = string(member(filters, "includeDeleted")) == "true"
	if summary := member(data, "summary"); summary != nil {
		m.objects, m.size, m.hasTotals = number(member(summary, "objectCount")), number(member(summary, "totalObjectSize")), true
	}
	return m
}

func detectChecksum(o *opening) bool { return isChecksum(o.head) }

func isChecksum(head []byte) bool {
	t := bytes.TrimSpace(head[:min(len(head), 128)])
	if len(t) != 32 {
		return false
	}
	_, err := hex.DecodeString(string(t))
	return len(t) == 32 && err == nil
}

// readChecksum reads the sidecar that states a manifest's MD5.
func readChecksum(s *sink, in io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(in, 128))
	if err != nil {
		return err
	}
	rest, err := io.Copy(io.Discard, in)
	if err != nil {
		return err
	}
	start := skipBlank(data, len(data)-len(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))))
	t := bytes.TrimSpace(data[start:])
	if rest > 0 || !isChecksum(t) {
		s.unread(0, int64(len(data))+rest, "not a checksum")
		return nil
	}
	s.framing(0, int64(start))
	s.keep(int64(start), int64(start+len(t)), hint{provider: "azure"})
	s.framing(int64(start+len(t)), int64(len(data)))
	s.listing = &listing{file: s.file, md5: strings.ToLower(string(t))}
	return nil
}
