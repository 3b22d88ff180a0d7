package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const proofHead = "c2sp.org/tlog-proof@v1\n"

// Proof returns the proof that a leaf is in the ledger, with the checkpoint:
// c2sp.org/tlog-proof.
func (v *View) Proof(i int64) ([]byte, error) {
	path, err := v.Inclusion(i)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%sindex %d\n", proofHead, i)
	for _, h := range path {
		fmt.Fprintf(&b, "%s\n", h)
	}
	b.WriteByte('\n')
	b.Write(v.signed)
	return b.Bytes(), nil
}

// VerifyProof checks the proof of a leaf with the key of its log, and returns
// the place of the leaf.
func VerifyProof(proof, leaf []byte, vkey string) (int64, error) {
	index, path, signed, err := parseProof(proof)
	if err != nil {
		return 0, fmt.Errorf("reading a proof: %w", err)
	}
	_, size, root, err := VerifyCheckpoint(signed, vkey)
	if err != nil {
		return 0, err
	}
	if index >= size {
		return 0, fmt.Errorf("the proof is of leaf %d, and the checkpoint has %d leaves", index, size)
	}
	if err := tlog.CheckRecord(path, size, root, index, tlog.RecordHash(leaf)); err != nil {
		return 0, fmt.Errorf("leaf %d: %w", index, err)
	}
	return index, nil
}

func parseProof(proof []byte) (index int64, path tlog.RecordProof, signed []byte, err error) {
	rest, ok := strings.CutPrefix(string(proof), proofHead)
	if !ok {
		return 0, nil, nil, errors.New("its first line is not " + strings.TrimSpace(proofHead))
	}
	if strings.HasPrefix(rest, "extra ") {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	head, checkpoint, ok := strings.Cut(rest, "\n\n")
	if !ok {
		return 0, nil, nil, errors.New("it has no checkpoint")
	}
	lines := strings.Split(head, "\n")
	number, ok := strings.CutPrefix(lines[0], "index ")
	if index, err = strconv.ParseInt(number, 10, 64); !ok || err != nil || index < 0 || strconv.FormatInt(index, 10) != number {
		return 0, nil, nil, errors.New("it names no leaf")
	}
	if len(lines) > 64 {
		return 0, nil, nil, errors.New("it has more than 63 hashes")
	}
	for _, l := range lines[1:] {
		h, err := tlog.ParseHash(l)
		if err != nil || h.String() != l {
			return 0, nil, nil, fmt.Errorf("%q is no hash", l)
		}
		path = append(path, h)
	}
	return index, path, []byte(checkpoint), nil
}
