package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Tiles are those of c2sp.org/tlog-tiles: eight levels high, 256 hashes wide.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// tilePath returns where a tile lies: tile/LEVEL/INDEX or, of entries,
// tile/entries/INDEX, and .p/WIDTH for one that is not full.
func tilePath(t tlog.Tile) string {
	p := t.Path() // tile/8/LEVEL/INDEX, tile/8/data/INDEX
	p = "tile/" + strings.TrimPrefix(p, "tile/8/")
	return strings.Replace(p, "tile/data/", "tile/entries/", 1)
}

// parsePath returns the tile that a path names. Paths have one spelling.
func parsePath(p string) (tlog.Tile, error) {
	rest, ok := strings.CutPrefix(p, "tile/")
	if !ok {
		return tlog.Tile{}, fmt.Errorf("%s is no path of a tile", p)
	}
	if r, is := strings.CutPrefix(rest, "entries/"); is {
		rest = "data/" + r
	}
	t, err := tlog.ParseTilePath("tile/8/" + rest)
	if err != nil || tilePath(t) != p {
		return tlog.Tile{}, fmt.Errorf("%s is no path of a tile", p)
	}
	return t, nil
}

// appendEntry appends a leaf as bundles of entries hold it.
func appendEntry(b, leaf []byte) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(leaf))), leaf...)
}

// readEntries returns the leaves of a bundle, which it must fill.
func readEntries(data []byte) ([][]byte, error) {
	var out [][]byte
	for len(data) > 0 {
		if len(data) < 2 {
			return nil, errors.New("an entry is cut off")
		}
		n := int(binary.BigEndian.Uint16(data))
		if n == 0 || n > len(data)-2 {
			return nil, fmt.Errorf("an entry of %d bytes where %d are left", n, len(data)-2)
		}
		out = append(out, data[2:2+n:2+n])
		data = data[2+n:]
	}
	return out, nil
}

// emptyRoot is the root of a tree without leaves: SHA-256 of nothing.
var emptyRoot = func() tlog.Hash { h, _ := tlog.TreeHash(0, nil); return h }()

// checkpointText returns the signed text of a checkpoint,
// c2sp.org/tlog-checkpoint.
func checkpointText(origin string, size int64, root tlog.Hash) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, size, root)
}

// parseCheckpoint reads the signed text of a checkpoint. Extension lines may
// follow.
func parseCheckpoint(text string) (origin string, size int64, root tlog.Hash, err error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) != 4 || lines[0] == "" {
		return "", 0, root, errors.New("a checkpoint has a line each for origin, size and root")
	}
	size, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return "", 0, root, fmt.Errorf("the checkpoint's size %q is no number of leaves", lines[1])
	}
	if root, err = tlog.ParseHash(lines[2]); err != nil || root.String() != lines[2] {
		return "", 0, root, fmt.Errorf("the checkpoint's root %q is no hash", lines[2])
	}
	if size == 0 && root != emptyRoot {
		return "", 0, root, errors.New("the checkpoint of no leaves has another root than the hash of nothing")
	}
	return lines[0], size, root, nil
}
