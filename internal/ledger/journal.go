package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// The journal is a row of frames, one for each call of Append:
//
//	magic     4 bytes  "PLJ1"
//	length    4 bytes  of the payload
//	first     8 bytes  place of the first leaf
//	sum       4 bytes  CRC-32C of the payload
//	head sum  4 bytes  CRC-32C of the 20 bytes before
//	payload            entries: 2 bytes of length and the leaf
//
// Numbers are big endian.
const headSize = 24

var (
	magic = []byte("PLJ1")
	crc   = crc32.MakeTable(crc32.Castagnoli)
)

func appendFrame(b []byte, first int64, leaves [][]byte) []byte {
	head := len(b)
	b = append(b, make([]byte, headSize)...)
	for _, leaf := range leaves {
		b = appendEntry(b, leaf)
	}
	h, payload := b[head:head+headSize], b[head+headSize:]
	copy(h, magic)
	binary.BigEndian.PutUint32(h[4:], uint32(len(payload)))
	binary.BigEndian.PutUint64(h[8:], uint64(first))
	binary.BigEndian.PutUint32(h[16:], crc32.Checksum(payload, crc))
	binary.BigEndian.PutUint32(h[20:], crc32.Checksum(h[:20], crc))
	return b
}

// readHead returns the head of a frame.
func readHead(b []byte) (length, first int64, sum uint32, ok bool) {
	if len(b) < headSize || !bytes.Equal(b[:4], magic) || crc32.Checksum(b[:20], crc) != binary.BigEndian.Uint32(b[20:]) {
		return 0, 0, 0, false
	}
	return int64(binary.BigEndian.Uint32(b[4:])), int64(binary.BigEndian.Uint64(b[8:])), binary.BigEndian.Uint32(b[16:]), true
}

// readJournal returns the leaves that are not published yet, and how much of
// the journal is good. What follows was cut off while it was written and never
// acknowledged; if a whole frame follows a damaged one, an acknowledged frame
// was damaged, and that is an error.
func readJournal(data []byte, published int64) (leaves [][]byte, good int64, err error) {
	next := int64(-1) // the place that the next frame must have
	for good < int64(len(data)) {
		rest := data[good:]
		length, first, sum, ok := readHead(rest)
		if !ok || length > int64(len(rest))-headSize || crc32.Checksum(rest[headSize:headSize+length], crc) != sum {
			if at := nextFrame(rest); at > 0 {
				return nil, 0, fmt.Errorf("the journal is damaged at byte %d, and whole frames follow at %d: restore the ledger from a copy", good, good+at)
			}
			break
		}
		if next < 0 && first > published || next >= 0 && first != next {
			return nil, 0, fmt.Errorf("the journal has leaf %d at byte %d, where %d is due: restore the ledger from a copy", first, good, max(next, published))
		}
		next = first
		entries, err := readEntries(rest[headSize : headSize+length])
		if err != nil {
			return nil, 0, fmt.Errorf("the journal at byte %d: %w", good, err)
		}
		for _, leaf := range entries {
			if next >= published {
				leaves = append(leaves, leaf)
			}
			next++
		}
		good += headSize + length
	}
	return leaves, good, nil
}

// nextFrame returns where behind the beginning a whole head stands, or 0.
func nextFrame(data []byte) int64 {
	for at := int64(1); ; {
		i := bytes.Index(data[at:], magic)
		if i < 0 {
			return 0
		}
		at += int64(i)
		if _, _, _, ok := readHead(data[at:]); ok {
			return at
		}
		at++
	}
}
