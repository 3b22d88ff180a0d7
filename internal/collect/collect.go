// Package collect copies what lies in buckets of object storage to a folder
// beside the case, so that a review reads the same bytes every time. It only
// lists and reads. What was copied before is not copied again, and a copy that
// was interrupted goes on where it stopped.
package collect

import (
	"bufio"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"probity"
)

// Folder is where the copies of an address lie, below the case folder. The
// parameters of the address do not matter: they say how to reach it.
func Folder(caseDir, address string) string {
	address, _, _ = strings.Cut(address, "?")
	sum := sha256.Sum256([]byte(address))
	return filepath.Join(caseDir, "collected", hex.EncodeToString(sum[:6]))
}

// Copied returns what was copied into a folder by earlier runs, by key.
func Copied(dir string) ([]Object, error) {
	f := &fetcher{opts: Options{Dir: dir}, name: dir}
	if err := f.load(); err != nil {
		return nil, err
	}
	defer f.close()
	out := make([]Object, 0, len(f.known))
	for _, o := range f.known {
		out = append(out, o)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Key < out[j].Key })
	return out, nil
}

// An Object is one that was copied.
type Object struct {
	Key    string         `json:"key"`  // below the prefix of the address
	File   string         `json:"file"` // of the copy, below the folder
	Bytes  int64          `json:"bytes"`
	Origin probity.Origin `json:"origin"`
}

// Options say how to collect.
type Options struct {
	Dir      string // the folder for copies, made if it is not there
	Workers  int    // how many objects are read at once; 0 means 8
	Progress func(done, total int64)
}

// Index is the name of the list of what was copied, one JSON object a line.
const Index = "index.jsonl"

// Fetch copies every object below an address such as
// s3://bucket/prefix?region=eu-west-1 and returns them by key. The rest of the
// address is that of gocloud.dev/blob; credentials come from where the
// provider's own tools take them. Objects that are gone since the last time
// stay copied, and are not returned.
func Fetch(ctx context.Context, address string, opts Options) ([]Object, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("evidence %s: not an address: %w", address, err)
	}
	name := u.Scheme + "://" + u.Host + u.Path
	prefix := strings.TrimPrefix(u.Path, "/")
	u.Path = ""
	bucket, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", name, err)
	}
	defer bucket.Close()
	return fetch(ctx, bucket, name, prefix, opts)
}

func fetch(ctx context.Context, bucket *blob.Bucket, name, prefix string, opts Options) ([]Object, error) {
	f := &fetcher{bucket: bucket, name: name, opts: opts}
	if err := f.load(); err != nil {
		return nil, err
	}
	defer f.close()
	list, err := f.list(ctx, prefix)
	if err != nil {
		return nil, err
	}
	return f.all(ctx, prefix, list)
}

type fetcher struct {
	bucket *blob.Bucket
	name   string
	opts   Options

	mu    sync.Mutex
	known map[string]Object // by full key, of earlier runs
	index *os.File
}

// entry is a line of the index.
type entry struct {
	Full string `json:"full_key"`
	Object
}

// load reads the index of earlier runs. A line that was cut off is written
// anew.
func (f *fetcher) load() error {
	if err := os.MkdirAll(f.opts.Dir, 0o777); err != nil {
		return fmt.Errorf("making a folder for copies of %s: %w", f.name, err)
	}
	p := filepath.Join(f.opts.Dir, Index)
	f.known = map[string]Object{}
	data, err := os.ReadFile(p)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading %s: %w", p, err)
	}
	for line := range strings.Lines(string(data)) {
		var e entry
		if json.Unmarshal([]byte(line), &e) == nil && e.Full != "" {
			f.known[e.Full] = e.Object
		}
	}
	if f.index, err = os.OpenFile(p, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666); err != nil {
		return fmt.Errorf("writing %s: %w", p, err)
	}
	if n := len(data); n > 0 && data[n-1] != '\n' {
		_, err = f.index.WriteString("\n")
	}
	return err
}

func (f *fetcher) close() { f.index.Close() }

// list returns the objects below the prefix, by key.
func (f *fetcher) list(ctx context.Context, prefix string) ([]*blob.ListObject, error) {
	var out []*blob.ListObject
	it := f.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := it.Next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", f.name, f.hint(err))
		}
		if !o.IsDir && !strings.HasSuffix(o.Key, "/") {
			out = append(out, o)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Key < out[j].Key })
	if len(out) == 0 {
		return nil, fmt.Errorf("listing %s: nothing lies there: correct the address in the case", f.name)
	}
	return out, nil
}

// hint adds to an error of the provider what to do.
func (f *fetcher) hint(err error) error {
	switch gcerrors.Code(err) {
	case gcerrors.PermissionDenied:
		return fmt.Errorf("%w: the credentials may not list and read there", err)
	case gcerrors.NotFound:
		return fmt.Errorf("%w: correct the address in the case", err)
	}
	return err
}

// all copies the objects.
func (f *fetcher) all(ctx context.Context, prefix string, list []*blob.ListObject) ([]Object, error) {
	if f.opts.Workers <= 0 {
		f.opts.Workers = 8
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := make([]Object, len(list))
	var next, done, total atomic.Int64
	for _, o := range list {
		total.Add(o.Size)
	}
	var wg sync.WaitGroup
	for range min(f.opts.Workers, len(list)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(list)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				o, err := f.one(ctx, prefix, list[i])
				if err != nil {
					cancel(err)
					return
				}
				out[i] = o
				if n := done.Add(list[i].Size); f.opts.Progress != nil {
					f.opts.Progress(n, total.Load())
				}
			}
		})
	}
	wg.Wait()
	return out, context.Cause(ctx)
}

// one copies one object, unless it was copied and did not change since.
func (f *fetcher) one(ctx context.Context, prefix string, o *blob.ListObject) (Object, error) {
	a, err := f.bucket.Attributes(ctx, o.Key)
	if err != nil {
		return Object{}, fmt.Errorf("reading %s: %w", f.full(o.Key), f.hint(err))
	}
	sum := sha256.Sum256([]byte(o.Key))
	id := hex.EncodeToString(sum[:])
	x := Object{Key: strings.TrimPrefix(strings.TrimPrefix(o.Key, prefix), "/"), File: path.Join("objects", id[:2], id), Bytes: a.Size,
		Origin: probity.Origin{ETag: strings.Trim(a.ETag, `"`), MD5: hex.EncodeToString(a.MD5), Version: versionOf(a), Modified: a.ModTime.UTC().Format(time.RFC3339)}}
	if x.Key == "" {
		x.Key = path.Base(o.Key)
	}
	at := filepath.Join(f.opts.Dir, filepath.FromSlash(x.File))
	f.mu.Lock()
	old, ok := f.known[o.Key]
	f.mu.Unlock()
	if info, err := os.Stat(at); ok && err == nil && old.Origin == x.Origin && old.Bytes == x.Bytes && info.Size() == x.Bytes {
		return x, nil
	}
	if err := f.copy(ctx, o.Key, at, x, a); err != nil {
		return Object{}, err
	}
	line, err := json.Marshal(entry{o.Key, x})
	if err != nil {
		return Object{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.index.Write(append(line, '\n')); err != nil {
		return Object{}, fmt.Errorf("writing %s: %w", Index, err)
	}
	return x, f.index.Sync()
}

// full is a key with the address's host.
func (f *fetcher) full(key string) string {
	scheme, rest, _ := strings.Cut(f.name, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host + "/" + key
}

// copy reads an object to its end into a file beside its place, goes on where
// an earlier run stopped, compares size and MD5, and moves the file into its
// place.
func (f *fetcher) copy(ctx context.Context, key, at string, x Object, a *blob.Attributes) error {
	if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
		return fmt.Errorf("making a folder for copies: %w", err)
	}
	part := at + partOf(x)
	out, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return fmt.Errorf("writing a copy of %s: %w", f.full(key), err)
	}
	defer out.Close()
	h := md5.New()
	have, err := io.Copy(h, bufio.NewReaderSize(out, 1<<18))
	if err != nil || have > x.Bytes {
		have = 0
		h.Reset()
		if err := errors.Join(out.Truncate(0), seek(out, 0)); err != nil {
			return fmt.Errorf("writing a copy of %s: %w", f.full(key), err)
		}
	}
	if have < x.Bytes {
		in, err := f.bucket.NewRangeReader(ctx, key, have, -1, nil)
		if err != nil {
			return fmt.Errorf("reading %s: %w", f.full(key), f.hint(err))
		}
		n, err := io.Copy(io.MultiWriter(out, h), in)
		err = errors.Join(err, in.Close())
		if have += n; err != nil {
			return fmt.Errorf("reading %s at byte %d: %w: run again to go on from there", f.full(key), have, err)
		}
	}
	if have != x.Bytes || len(a.MD5) > 0 && hex.EncodeToString(h.Sum(nil)) != x.Origin.MD5 {
		return errors.Join(fmt.Errorf("reading %s: what was read is not what the provider states, or it changed meanwhile: run again", f.full(key)), os.Remove(part))
	}
	if err := errors.Join(out.Sync(), out.Close(), os.Rename(part, at)); err != nil {
		return fmt.Errorf("writing a copy of %s: %w", f.full(key), err)
	}
	return nil
}

// partOf is the ending of an unfinished copy of one version of an object.
func partOf(x Object) string {
	pin := sha256.Sum256([]byte(x.Origin.ETag + x.Origin.Modified + x.Origin.Version))
	return "." + hex.EncodeToString(pin[:4]) + ".part"
}

func seek(f *os.File, at int64) error {
	_, err := f.Seek(at, io.SeekStart)
	return err
}
