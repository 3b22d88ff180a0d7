package evidence

import "fmt"

// An Account says what became of each byte of a stream. Ranges follow one
// another without a hole.
type Account struct {
	Records      int64
	RecordBytes  int64
	Unread       int64 // ranges
	UnreadBytes  int64
	FramingBytes int64

	end    int64
	broken error
}

// Record says that the bytes from..until are a record.
func (a *Account) Record(from, until int64) {
	a.Records++
	a.RecordBytes += a.take(from, until)
}

// UnreadRange says that the bytes from..until could not be read.
func (a *Account) UnreadRange(from, until int64) {
	a.Unread++
	a.UnreadBytes += a.take(from, until)
}

// Framing says that the bytes from..until stand between records: line ends,
// brackets, commas, a byte order mark, a header line.
func (a *Account) Framing(from, until int64) {
	a.FramingBytes += a.take(from, until)
}

// End returns where the next range must begin.
func (a *Account) End() int64 { return a.end }

func (a *Account) take(from, until int64) int64 {
	if a.broken == nil && (from != a.end || until < from) {
		a.broken = fmt.Errorf("bytes %d..%d follow byte %d", from, until, a.end)
	}
	a.end = until
	return until - from
}

// Balance returns an error unless the ranges cover the bytes 0..length, each
// once. Such an error is a fault of the reader, not of the file.
func (a *Account) Balance(length int64) error {
	switch sum := a.RecordBytes + a.UnreadBytes + a.FramingBytes; {
	case a.broken != nil:
		return fmt.Errorf("bytes are not accounted for: %w", a.broken)
	case sum != length || a.end != length:
		return fmt.Errorf("bytes are not accounted for: %d of %d", sum, length)
	}
	return nil
}
