package source

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"probity"
	"probity/internal/evidence"
	"probity/internal/table"
)

// A ledgerTaker checks that ranges follow one another.
type ledgerTaker struct {
	t   *testing.T
	end int64
}

func (l *ledgerTaker) take(from, until int64) {
	if from != l.end || until < from {
		l.t.Fatalf("bytes %d..%d follow byte %d", from, until, l.end)
	}
	l.end = until
}

func (l *ledgerTaker) framing(from, until int64)              { l.take(from, until) }
func (l *ledgerTaker) record(from int64, data []byte)         { l.take(from, from+int64(len(data))) }
func (l *ledgerTaker) unread(from, until int64, _ string)     { l.take(from, until) }
func (l *ledgerTaker) header([][]byte)                        {}
func (l *ledgerTaker) row(from, until int64, fields [][]byte) { l.take(from, until) }

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"records":[{"a":1},{"b":"x\"}"}],"next":"y"}`))
	f.Add([]byte("{\"a\":1}\n{\"a\":\ngarbage\n,{\"b\":[{}]}\n]}"))
	f.Add([]byte("\xEF\xBB\xBF[]"))
	f.Add([]byte(`{"value":[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := &ledgerTaker{t: t}
		if err := readJSON(bytes.NewReader(data), l, "records", "value"); err != nil {
			t.Fatal(err)
		}
		if l.end != int64(len(data)) {
			t.Fatalf("%d of %d bytes are accounted for", l.end, len(data))
		}
	})
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("a,b\n1,\"x\n,y\"\"\"\r\n\"open\n2,3"), false)
	f.Add([]byte("\xEF\xBB\xBF\n\n"), true)
	f.Fuzz(func(t *testing.T, data []byte, cut bool) {
		l := &ledgerTaker{t: t}
		if err := readCSV(bytes.NewReader(data), l, func() bool { return cut }); err != nil {
			t.Fatal(err)
		}
		if l.end != int64(len(data)) {
			t.Fatalf("%d of %d bytes are accounted for", l.end, len(data))
		}
	})
}

// Any bytes at all go through every reader: nothing panics, and each byte is
// accounted for.
func FuzzRead(f *testing.F) {
	for _, s := range samples() {
		f.Add([]byte(s.text))
	}
	f.Add([]byte(packed(repeat(logLine, 2)))[:90])
	tables := f.TempDir()
	part, err := table.NewPart(tables, 1)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { part.Close() })
	w := newWorker(part, evidence.NewTokens(make([]byte, 32)), &tally{})
	path := filepath.Join(tables, "x")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		for i := range All {
			file := &evidence.File{Abs: path, From: &probity.Evidence{Kind: All[i].Kind}}
			x, err := readFile(context.Background(), file, w, true)
			if err != nil {
				t.Fatal(err)
			}
			if x.RecordBytes+x.UnreadBytes+x.FramingBytes != x.StreamBytes {
				t.Fatalf("%s: %+v", All[i].Kind, x)
			}
		}
	})
}

func FuzzTime(f *testing.F) {
	f.Add([]byte("2025-10-06T00:12:45.5647488Z"))
	f.Add([]byte("2025/10/06 00:12:45+02:00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		parseTime(data)
		parseAnyTime(data)
		grain(data)
		parseARM(data)
	})
}
