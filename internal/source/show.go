package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"probity"
	"probity/internal/evidence"
	"probity/internal/table"
)

// signature is the part of an address, or of a record, that grants access.
var signature = regexp.MustCompile(`(?i)((?:[?&]|\b)(?:sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature)=|"sessionToken"\s*:\s*"|"secretAccessKey"\s*:\s*")[^&"\s]+`)

// Show writes the original record that lies at a position of an exhibit, which
// is named by the first digits of its SHA-256: for a CSV file the header and
// the row. Signatures in addresses are masked. If no record begins there, the
// error names the nearest one before.
func Show(ctx context.Context, files []*evidence.File, exhibit string, position int64, w io.Writer) error {
	f, stream, reader, err := openExhibit(files, exhibit)
	if err != nil {
		return err
	}
	defer stream.Close()
	length, nearest, err := locate(ctx, f, reader, position)
	if err != nil {
		return err
	}
	if length == 0 {
		if nearest < 0 {
			return fmt.Errorf("no record of %s begins at or before byte %d", f.Path, position)
		}
		return fmt.Errorf("no record of %s begins at byte %d: the nearest before is at %d", f.Path, position, nearest)
	}
	if reader.Kind == probity.Focus || reader.Kind == probity.Disclosures || reader.Kind == probity.AzureBlobInventory && position > 0 {
		head := stream.Head(headSize)
		line, _, _ := bytes.Cut(head, []byte("\n"))
		if len(line) > 0 && line[0] != '{' {
			fmt.Fprintf(w, "%s\n", bytes.TrimRight(line, "\r"))
		}
	}
	if _, err := io.CopyN(io.Discard, stream, position); err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(stream, length))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", signature.ReplaceAll(data, []byte("${1}MASKED")))
	return err
}

// openExhibit opens the file whose digest begins so, with the reader of its kind.
func openExhibit(files []*evidence.File, prefix string) (*evidence.File, *evidence.Stream, *Reader, error) {
	f, err := exhibitOf(files, prefix)
	if err != nil {
		return nil, nil, nil, err
	}
	stream, err := f.Open()
	if err != nil {
		return nil, nil, nil, err
	}
	reader := choose(f, stream.Head(headSize))
	if reader == nil {
		return nil, nil, nil, errors.Join(fmt.Errorf("%s is of unknown kind: it has no records", f.Path), stream.Close())
	}
	return f, stream, reader, nil
}

// exhibitOf returns the file whose digest begins so.
func exhibitOf(files []*evidence.File, prefix string) (*evidence.File, error) {
	var found *evidence.File
	for _, f := range files {
		if f.Original == nil && strings.HasPrefix(f.SHA256, prefix) {
			if found != nil {
				return nil, fmt.Errorf("%q begins the digests of several exhibits (%s, %s): write more digits", prefix, found.Path, f.Path)
			}
			found = f
		}
	}
	if found == nil {
		return nil, fmt.Errorf("no exhibit of this case has a SHA-256 that begins with %q", prefix)
	}
	return found, nil
}

// locate reads a file as a review does and returns the length of the record at
// a position, or else where the nearest record before begins, -1 for none.
func locate(ctx context.Context, f *evidence.File, reader *Reader, position int64) (length, nearest int64, err error) {
	stream, err := f.Open()
	if err != nil {
		return 0, 0, err
	}
	defer stream.Close()
	dir, err := os.MkdirTemp("", "probity-show-")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	part, err := table.NewPart(dir, 1)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, part.Close()) }()
	s := &sink{worker: newWorker(part, evidence.NewTokens(make([]byte, 32)), &tally{}),
		file: f, kind: reader.Kind, stream: stream}
	nearest = -1
	s.watch = func(from, until int64) {
		switch {
		case from == position:
			length = until - from
		case from < position:
			nearest = from
		}
	}
	if err := reader.read(s, evidence.Canceled(ctx, stream)); err != nil {
		return 0, 0, err
	}
	return length, nearest, s.err
}
