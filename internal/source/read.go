package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"probity"
	"probity/internal/evidence"
	"probity/internal/sigma"
	"probity/internal/table"
)

// Options say how to read.
type Options struct {
	Tables   string           // the folder in which the tables are written
	Tokens   *evidence.Tokens // under the key of the case
	Workers  int              // how many files are read at once; 0 means 2
	Progress func(done, total int64)
	// Rules are matched with each record of the control plane's logs; nil means
	// none. They must be resolved.
	Rules *sigma.Collection
}

// A Result is what became of the files.
type Result struct {
	Exhibits  []probity.Exhibit // one a file, by path
	Integrity []probity.Integrity
	Warnings  []string
}

// Read reads every file to its end and writes the tables. No result depends on
// the order in which files are read. Its errors are those of reading files and
// writing tables, and any byte that was not accounted for.
func Read(ctx context.Context, files []*evidence.File, opts Options) (Result, error) {
	if opts.Workers <= 0 {
		opts.Workers = 2
	}
	r := &run{ctx: ctx, opts: opts}
	rules := compile(opts.Rules)
	for _, f := range files {
		if f.Original == nil {
			r.queue = append(r.queue, f)
		}
		r.total += f.Bytes
	}
	sortQueue(r.queue)
	parts := make([]*table.Part, opts.Workers)
	workers := make([]*worker, opts.Workers)
	for n := range opts.Workers {
		var err error
		if parts[n], err = table.NewPart(opts.Tables, n); err != nil {
			return Result{}, errors.Join(err, closeAll(parts))
		}
		workers[n] = newWorker(parts[n], opts.Tokens.Fork(), &r.tally)
		workers[n].rules = rules.fork()
	}
	err := r.round(workers)
	if err == nil && len(r.waiting) > 0 {
		r.late.Store(true)
		r.queue = r.waiting
		sortQueue(r.queue)
		r.next.Store(0)
		err = r.round(workers)
	}
	if err != nil {
		return Result{}, errors.Join(err, closeAll(parts))
	}
	integrity, warnings, err := tie(r.tally.listings, parts[0])
	if err == nil {
		err = r.tally.trail.verify(parts[0], &integrity, &warnings)
	}
	if err == nil {
		err = rules.write(parts[0], workers)
	}
	if err := errors.Join(err, closeAll(parts)); err != nil {
		return Result{}, err
	}
	res := Result{Integrity: integrity, Warnings: warnings}
	for _, f := range files {
		if f.Original != nil {
			duplicate(f, &f.Original.Exhibit)
		}
		res.Exhibits = append(res.Exhibits, f.Exhibit)
	}
	return res, nil
}

func closeAll(parts []*table.Part) error {
	var errs []error
	for _, p := range parts {
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	return errors.Join(errs...)
}

// duplicate fills the exhibit of a file whose bytes are those of another: it has
// no records of its own, and what the other has of records and unread ranges
// are its duplicates.
func duplicate(f *evidence.File, of *probity.Exhibit) {
	x := &f.Exhibit
	x.Kind, x.StreamBytes, x.FramingBytes = of.Kind, of.StreamBytes, of.FramingBytes
	x.Duplicates, x.DuplicateBytes = of.Records, of.RecordBytes+of.UnreadBytes
	x.Note = "the same bytes as " + of.Path
}

// A run is one call of Read.
type run struct {
	ctx   context.Context
	opts  Options
	queue []*evidence.File
	total int64
	next  atomic.Int64
	done  atomic.Int64

	late  atomic.Bool // the second round: files that can only be understood with others
	tally tally

	mu      sync.Mutex
	waiting []*evidence.File
}

// A tally is what readers learn of one file that concerns others.
type tally struct {
	mu       sync.Mutex
	listings []*listing
	trail    trail
	queries  map[string]metricQuery // of GetMetricData, by folder and id
}

func (t *tally) add(f func(*tally)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(t)
}

// sortQueue puts the largest files first, so that the workers end together.
func sortQueue(queue []*evidence.File) {
	sort.SliceStable(queue, func(i, j int) bool { return queue[i].Bytes > queue[j].Bytes })
}

func newWorker(part *table.Part, tokens *evidence.Tokens, t *tally) *worker {
	return &worker{part: part, tokens: tokens, words: words{}, arms: map[string]arm{}, tally: t}
}

// round reads the files of the queue.
func (r *run) round(workers []*worker) error {
	var wg sync.WaitGroup
	errs := make([]error, len(workers))
	for n, w := range workers {
		wg.Go(func() { errs[n] = r.work(w) })
	}
	wg.Wait()
	return errors.Join(append(errs, r.ctx.Err())...)
}

func (r *run) work(w *worker) error {
	for {
		i := int(r.next.Add(1)) - 1
		if i >= len(r.queue) || r.ctx.Err() != nil {
			return nil
		}
		f := r.queue[i]
		x, err := readFile(r.ctx, f, w, r.late.Load())
		if err != nil {
			r.next.Add(int64(len(r.queue))) // the other workers stop too
			return err
		}
		if x == nil {
			r.mu.Lock()
			r.waiting = append(r.waiting, f)
			r.mu.Unlock()
			continue
		}
		if n := r.done.Add(f.Bytes); r.opts.Progress != nil {
			r.opts.Progress(n, r.total)
		}
	}
}

// readFile reads one file and returns its exhibit with the counts filled in;
// nil if it has to wait for what other files say, and late is false.
func readFile(ctx context.Context, f *evidence.File, w *worker, late bool) (x *probity.Exhibit, err error) {
	if f.Archive {
		return archive(f, w)
	}
	stream, buffer, err := f.Load(w.buffer)
	w.buffer = buffer
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	reader := choose(f, stream.Head(headSize))
	if reader != nil && reader.after && !late {
		return nil, nil
	}
	return readStream(ctx, f, stream, w, reader)
}

// readWith reads one file with a reader, whatever it holds.
func readWith(ctx context.Context, f *evidence.File, w *worker, reader *Reader) (*probity.Exhibit, error) {
	stream, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	return readStream(ctx, f, stream, w, reader)
}

func readStream(ctx context.Context, f *evidence.File, stream *evidence.Stream, w *worker, reader *Reader) (x *probity.Exhibit, err error) {
	s := &sink{worker: w, file: f, kind: probity.KindUnknown, stream: stream}
	in := evidence.Canceled(ctx, stream)
	if reader != nil {
		s.kind = reader.Kind
		err = reader.read(s, in)
	} else {
		err = readUnknown(s, in)
	}
	if err != nil {
		return nil, err
	}
	s.damage()
	s.flush(hint{})
	if s.err != nil {
		return nil, s.err
	}
	if err := s.account.Balance(stream.Length()); err != nil {
		return nil, fmt.Errorf("evidence %s: %w: this is a fault of the program, please report it", f.Path, err)
	}
	if s.note == "" && s.account.Unread > 0 {
		s.note = fmt.Sprintf("the first unread range begins at byte %d: %s", s.firstUnread, s.firstReason)
	}
	e := &f.Exhibit // each file is read by one worker
	e.Kind, e.StreamBytes, e.Note = s.kind, stream.Length(), s.note
	e.Records, e.Unread = s.account.Records, s.account.Unread
	e.RecordBytes, e.UnreadBytes, e.FramingBytes = s.account.RecordBytes, s.account.UnreadBytes, s.account.FramingBytes
	if s.kind == probity.AWSCloudTrail {
		w.tally.add(func(t *tally) { t.trail.logs = append(t.trail.logs, f) })
	}
	if s.listing != nil {
		w.tally.add(func(t *tally) { t.listings = append(t.listings, s.listing) })
	}
	return e, nil
}

// archive is the exhibit of an archive. What was read of it are its members;
// its own bytes stand between them. One that is cut off or damaged has lost
// something, and says so.
func archive(f *evidence.File, w *worker) (*probity.Exhibit, error) {
	e := &f.Exhibit
	e.Kind, e.StreamBytes, e.FramingBytes, e.Note = probity.Archive, f.Bytes, f.Bytes, f.Damage
	if f.Damage == "" {
		return e, nil
	}
	s := &sink{worker: w, file: f, kind: probity.Archive}
	if f.Whole() {
		e.FramingBytes, e.Unread, e.UnreadBytes = 0, 1, f.Bytes
		s.lost(0, f.Bytes, f.Damage)
	} else { // what is lost behind the cut is nowhere: a range of no length says so
		e.Unread = 1
		s.lost(f.Bytes, 0, f.Damage)
	}
	s.flush(hint{})
	return e, s.err
}

// damage notes that a stream ended before its time. Where the cut falls
// between two records nothing is unread, and yet something is lost: the table
// says so with a range of no length.
func (s *sink) damage() {
	why := s.stream.Damage()
	if why == "" {
		return
	}
	if s.kind == probity.KindUnknown {
		s.note = ""
	}
	s.note = strings.TrimPrefix(s.note+"; "+why, "; ")
	if len(s.pending) == 0 {
		s.lost(s.stream.Length(), 0, "cut off")
	}
}

// readUnknown accounts for a file that no reader knows: all of it is unread.
func readUnknown(s *sink, in io.Reader) error {
	n, err := io.Copy(io.Discard, in)
	switch {
	case err != nil:
		return err
	case n == 0:
		s.note = "an empty file"
	default:
		s.note = "no reader knows this format"
		s.unread(0, n, s.note)
	}
	return nil
}
