package source

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"io"
	"strconv"
	"strings"

	"probity/internal/evidence"
	"probity/internal/table"
)

// Amazon S3 Inventory (user guide): CSV files without a header line, whose
// columns the manifest names, so they are read after the manifests.

func detectS3Manifest(o *opening) bool { return o.has("sourceBucket", "fileSchema") }

func readS3Manifest(s *sink, in io.Reader) error {
	return readWhole(s, in, "not the JSON of a manifest", func(data []byte) (hint, bool) {
		m := &manifest{resource: strings.ToLower(valid(string(text(member(data, "sourceBucket"))))), ruleName: "s3"}
		if m.resource == "" {
			return hint{}, false
		}
		if ms, err := strconv.ParseInt(string(text(member(data, "creationTimestamp"))), 10, 64); err == nil && ms > 0 && ms < 1<<43 {
			m.from = ms * 1000
			m.until = m.from
		}
		schema := string(text(member(data, "fileSchema")))
		if !strings.HasPrefix(strings.TrimSpace(schema), "message") { // of Parquet and ORC: a message type
			for _, c := range strings.Split(schema, ",") {
				m.schema = append(m.schema, strings.TrimSpace(c))
			}
		}
		elements(member(data, "files"), func(_ int, f []byte) {
			if len(f) == 0 || f[0] != '{' {
				return
			}
			key := string(text(member(f, "key")))
			m.files = append(m.files, manifestFile{name: key[strings.LastIndexByte(key, '/')+1:], size: number(member(f, "size")),
				md5: strings.ToLower(string(text(member(f, "MD5checksum"))))})
		})
		for _, c := range m.schema {
			m.versions = m.versions || strings.EqualFold(c, "VersionId") || strings.EqualFold(c, "IsLatest")
		}
		sum := md5.Sum(s.raw)
		s.listing = &listing{file: s.file, provider: "aws", manifest: m, md5: hex.EncodeToString(sum[:])}
		return hint{provider: "aws", resource: m.resource, time: m.from}, true
	})
}

// detectS3Inventory recognises rows that are quoted throughout, begin with the
// same bucket and have at least its key beside it.
func detectS3Inventory(o *opening) bool {
	if c := o.columns(); len(o.head) > 0 && o.head[0] == '{' {
		return c.has("bucket", "key") && (c.has("size") || c.has("lastmodifieddate") || c.has("versionid"))
	}
	head := o.head
	var bucket []byte
	for n := 0; n < 3; n++ {
		line, rest, more := bytes.Cut(head, []byte("\n"))
		line = bytes.TrimRight(line, "\r")
		if !more && n > 0 || len(line) == 0 {
			return n > 0
		}
		fields, ok := split(line, nil)
		if !ok || len(fields) < 2 || line[0] != '"' || line[len(line)-1] != '"' || bytes.Count(line, []byte(`"`)) < 2*len(fields) ||
			bucket != nil && !bytes.Equal(bucket, fields[0]) || !bucketName(fields[0]) {
			return false
		}
		bucket = fields[0]
		head = rest
	}
	return true
}

func bucketName(b []byte) bool {
	if len(b) < 3 || len(b) > 63 {
		return false
	}
	for _, c := range b {
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return true
}

type s3InventoryTaker struct {
	*sink
	c     columns
	width int
	l     *listing
}

func readS3Inventory(s *sink, in io.Reader) error {
	t := &s3InventoryTaker{sink: s, l: &listing{file: s.file, provider: "aws", schema: []string{}}}
	s.listing = t.l
	sum, err := rawMD5(s.file)
	if err != nil {
		return err
	}
	t.l.stored = sum
	s.tally.add(func(all *tally) {
		if m := manifestOf(all.listings, t.l); m != nil {
			t.l.schema = m.manifest.schema
			t.width = len(t.l.schema)
			var header [][]byte
			for _, c := range t.l.schema {
				header = append(header, []byte(c))
			}
			t.c = columnsOf(header)
		}
	})
	err = readRows(in, t, func() bool { return s.stream.Damage() != "" })
	t.l.length, t.l.unread = s.stream.Length(), s.account.Unread
	return err
}

// rawMD5 is the MD5 of a file as received, which is what a manifest of S3
// states.
func rawMD5(f *evidence.File) (string, error) {
	in, err := f.Raw()
	if err != nil {
		return "", err
	}
	defer in.Close()
	h := md5.New()
	if _, err := io.Copy(h, in); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// manifestOf returns the manifest of S3 that names a file: by its MD5, else by
// its name.
func manifestOf(all []*listing, l *listing) *listing {
	var byName *listing
	for _, m := range all {
		if m.manifest == nil || m.provider != "aws" {
			continue
		}
		for _, f := range m.manifest.files {
			if f.md5 != "" && f.md5 == l.stored {
				return m
			}
			if plainName(f.name) == plainName(l.file.Path) {
				byName = m
			}
		}
	}
	return byName
}

// header is told of the columns of a Parquet file: it has names of its own.
func (t *s3InventoryTaker) header(fields [][]byte) {
	t.c, t.width = columnsOf(fields), len(fields)
}

func (t *s3InventoryTaker) row(from, until int64, fields [][]byte) {
	if t.width == 0 { // no manifest: what the columns are is not known
		t.width = len(fields)
	}
	if len(fields) != t.width || len(fields) < 2 {
		t.unread(from, until, "a row with more or fewer fields than the manifest names")
		return
	}
	r := table.Inventory{Exhibit: t.file.SHA256, Position: from, Length: int32(until - from), Provider: "aws"}
	bucket, key := fields[0], fields[1]
	if t.c.has("bucket", "key") {
		bucket, key = t.c.get(fields, "bucket"), t.c.get(fields, "key")
	}
	name := unescapeURL(key)
	r.ObjectToken = t.tokens.OfBytes("object", append(append(append([]byte{}, bucket...), '/'), name...))
	shape, ext := evidence.Shape(string(name))
	r.ObjectShape, r.Extension = t.words.of([]byte(shape)), ext
	if v := t.c.get(fields, "size"); len(v) > 0 {
		if r.Bytes = t.l.size(v); r.Bytes == nil {
			t.unread(from, until, "a length that is no number, or too large to be true")
			return
		}
	}
	if v := t.c.get(fields, "lastmodifieddate"); len(v) > 0 {
		at, ok := parseAnyTime(v)
		if !ok {
			t.unread(from, until, "a time that cannot be read")
			return
		}
		r.Modified = &at
	}
	r.Tier = t.words.of(t.c.get(fields, "storageclass"))
	r.OldVersion = strings.EqualFold(string(t.c.get(fields, "islatest")), "false")
	r.Deleted = strings.EqualFold(string(t.c.get(fields, "isdeletemarker")), "true")
	t.l.rows++
	t.fail(t.part.Inventory(&r))
	t.keep(from, until, hint{provider: "aws", resource: string(bytes.ToLower(bucket))})
}
