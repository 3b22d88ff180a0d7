package source

import (
	"fmt"
	"path"
	"sort"
	"strings"

	"probity"
	"probity/internal/table"
)

// tie connects inventory files with the manifests that name them, writes the
// table listings, and makes the checks that manifests and checksums allow.
// Nothing depends on the order in which files were read.
func tie(all []*listing, part *table.Part) ([]probity.Integrity, []string, error) {
	sort.Slice(all, func(i, j int) bool { return all[i].file.Path < all[j].file.Path })
	var objects, manifests, checksums []*listing
	for _, l := range all {
		switch {
		case l.manifest != nil:
			manifests = append(manifests, l)
		case l.schema != nil:
			objects = append(objects, l)
		default:
			checksums = append(checksums, l)
		}
	}
	t := &ties{of: map[*listing]*listing{}, whole: map[*listing]bool{}}
	for _, m := range manifests {
		t.manifest(m, objects)
	}
	t.checksums(checksums, manifests)
	for _, o := range objects {
		if err := part.Listing(t.row(o)); err != nil {
			return nil, nil, err
		}
	}
	return t.checks, t.warnings, nil
}

type ties struct {
	of       map[*listing]*listing // manifest of a file of objects
	whole    map[*listing]bool     // by manifest: everything it names was there and agrees
	checks   []probity.Integrity
	warnings []string
}

func (t *ties) check(l *listing, check, result, format string, args ...any) {
	t.checks = append(t.checks, probity.Integrity{Exhibit: l.file.SHA256, Path: l.file.Path, Check: check, Result: result, Detail: fmt.Sprintf(format, args...)})
}

// manifest finds the files that a manifest names and compares sizes and
// totals.
func (t *ties) manifest(m *listing, objects []*listing) {
	check := m.provider + "-inventory-manifest"
	whole := true
	var rows, bytes int64
	for i, f := range m.manifest.files {
		o := t.find(m, f, objects)
		switch {
		case o == nil:
			whole = false
			t.check(m, check, "missing", "file %d of %d, %d bytes, was not handed over", i+1, len(m.manifest.files), f.size)
			continue
		case f.md5 != "" && o.stored != "" && f.md5 != o.stored:
			whole = false
			t.check(o, check, "altered", "the file's MD5 is not the one that the manifest states")
		case o.file.Bytes != f.size && o.length != f.size:
			whole = false
			t.check(o, check, "altered", "the file has %d bytes, the manifest says %d", o.length, f.size)
		case o.unread > 0:
			whole = false
		}
		t.of[o] = m
		rows, bytes = rows+o.rows, bytes+o.bytes
	}
	t.whole[m] = whole
	switch {
	case !whole:
	case m.manifest.hasTotals && (rows != m.manifest.objects || m.manifest.size != bytes && m.manifest.size > 0):
		t.whole[m] = false
		t.check(m, check, "altered", "the files list %d objects of %d bytes, the manifest says %d of %d", rows, bytes, m.manifest.objects, m.manifest.size)
	default:
		t.check(m, check, "ok", "%d files, %d objects, %d bytes, as the manifest says", len(m.manifest.files), rows, bytes)
	}
}

// find returns the file of objects that a manifest means: by name beside the
// manifest, by name anywhere, or, where files were renamed, the only one with
// its size and columns.
func (t *ties) find(m *listing, f manifestFile, objects []*listing) *listing {
	var named, alike []*listing
	for _, o := range objects {
		if t.of[o] != nil || o.provider != m.provider || !sameColumns(o.schema, m.manifest.schema) {
			continue
		}
		if f.md5 != "" && f.md5 == o.stored {
			return o
		}
		base := strings.TrimSuffix(path.Base(o.file.Path), ".gz")
		if base == strings.TrimSuffix(f.name, ".gz") {
			if path.Dir(o.file.Path) == path.Dir(m.file.Path) {
				return o
			}
			named = append(named, o)
		}
		if o.file.Bytes == f.size || o.length == f.size {
			alike = append(alike, o)
		}
	}
	if len(alike) == 1 {
		return alike[0]
	}
	if len(named) == 1 {
		return named[0]
	}
	return nil
}

func sameColumns(a, b []string) bool {
	if len(b) == 0 {
		return true
	}
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !strings.EqualFold(a[i], b[i]) {
			return false
		}
	}
	return true
}

// checksums compares what sidecars state with the manifests. A sidecar belongs
// to the manifest with its digest, else to the one beside it.
func (t *ties) checksums(sidecars, manifests []*listing) {
	const check = "inventory-checksum"
next:
	for _, c := range sidecars {
		var beside *listing
		for _, m := range manifests {
			if m.md5 == c.md5 {
				t.check(m, check, "ok", "the manifest has the MD5 that its checksum file states")
				continue next
			}
			if path.Dir(m.file.Path) == path.Dir(c.file.Path) {
				beside = m
			}
		}
		if beside == nil {
			t.check(c, check, "cannot_be_tested", "no manifest with this MD5 was handed over")
			continue
		}
		t.whole[beside] = false
		t.check(beside, check, "altered", "the manifest's MD5 is not the one that its checksum file states")
	}
}

// row is the row of the table listings for a file of objects.
func (t *ties) row(o *listing) *table.Listing {
	r := &table.Listing{Exhibit: o.file.SHA256, Provider: o.provider, Rows: o.rows}
	m := t.of[o]
	if m == nil {
		t.warnings = append(t.warnings, o.file.Path+": an inventory without its manifest: when and of what it was taken is not known, so it is not used")
		return r
	}
	x := m.manifest
	r.ManifestExhibit, r.Resource = m.file.SHA256, x.resource
	if x.from != 0 {
		r.TakenFrom = &x.from
		r.TakenUntil = &x.until
		if x.until < x.from {
			r.TakenUntil = &x.from
		}
	}
	if x.prefixes > 0 {
		r.Prefixes = fmt.Sprint(x.prefixes)
	}
	r.BlobTypes, r.IncludeVersions, r.IncludeSnapshots, r.IncludeDeleted = x.blobTypes, x.versions, x.snapshots, x.deleted
	r.Complete = t.whole[m]
	return r
}
