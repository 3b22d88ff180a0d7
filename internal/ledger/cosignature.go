package ledger

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// algCosignature is the algorithm byte of Ed25519 cosignatures with a time,
// c2sp.org/tlog-cosignature.
const algCosignature = 0x04

// A cosigner verifies the cosignatures of a witness.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

// newCosigner reads the key of a witness: name+id+base64(0x04 || key).
func newCosigner(vkey string) (*cosigner, error) {
	name, rest, _ := strings.Cut(vkey, "+")
	id, text, ok := strings.Cut(rest, "+")
	raw, err := base64.StdEncoding.DecodeString(text)
	if !ok || name == "" || strings.ContainsAny(name, " \n") || err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != algCosignature {
		return nil, fmt.Errorf("%q is no key of a witness (name+id+key with the algorithm 4)", vkey)
	}
	c := &cosigner{name: name, hash: cosignerHash(name, raw), key: raw[1:]}
	if want, err := hex.DecodeString(id); err != nil || len(want) != 4 || binary.BigEndian.Uint32(want) != c.hash {
		return nil, fmt.Errorf("%q: the id is not that of the key", vkey)
	}
	return c, nil
}

func cosignerHash(name string, key []byte) uint32 {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", name)
	h.Write(key)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) vkey() string {
	return fmt.Sprintf("%s+%08x+%s", c.name, c.hash, base64.StdEncoding.EncodeToString(append([]byte{algCosignature}, c.key...)))
}

// Verify implements note.Verifier.
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	return ed25519.Verify(c.key, cosigned(binary.BigEndian.Uint64(sig), msg), sig[8:])
}

func cosigned(t uint64, msg []byte) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", t, msg)
}

// A cosigningKey makes cosignatures.
type cosigningKey struct {
	cosigner
	private ed25519.PrivateKey
	now     func() time.Time
}

func newCosigningKey(name string, private ed25519.PrivateKey) *cosigningKey {
	public := private.Public().(ed25519.PublicKey)
	return &cosigningKey{cosigner{name, cosignerHash(name, append([]byte{algCosignature}, public...)), public}, private, time.Now}
}

// Sign implements note.Signer.
func (k *cosigningKey) Sign(msg []byte) ([]byte, error) {
	t := uint64(k.now().Unix())
	return append(binary.BigEndian.AppendUint64(nil, t), ed25519.Sign(k.private, cosigned(t, msg))...), nil
}

// newSeed returns a new seed of a key.
func newSeed() ([]byte, error) {
	seed := make([]byte, ed25519.SeedSize)
	_, err := rand.Read(seed)
	return seed, err
}

// Cosign publishes, asks each witness of the policy that has an address for
// its cosignature, and keeps the checkpoint with all of them. A witness that
// does not answer stops nothing: n of k says how many did, and the error names
// those that did not. If nothing could be kept, k is 0.
func (l *Ledger) Cosign(ctx context.Context, p *Policy, client *http.Client) (n, k int, err error) {
	if err := l.Publish(); err != nil {
		return 0, 0, err
	}
	view := l.View()
	signed := view.Checkpoint()
	var silent []error
	for _, w := range p.Witnesses { // without the lock: nobody waits for a witness
		if has(signed, w.cosigner) {
			continue
		}
		line, err := ask(ctx, client, view, w)
		if err != nil {
			silent = append(silent, fmt.Errorf("witness %s: %w", w.name, err))
			continue
		}
		signed = append(signed, line...)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken {
		return 0, 0, ErrBroken
	}
	if l.view != view {
		return 0, 0, errors.New("the ledger grew while it was cosigned: ask again")
	}
	if !bytes.Equal(signed, l.view.signed) {
		if err := l.settle(signed); err != nil {
			l.broken = true
			return 0, 0, fmt.Errorf("keeping the cosignatures: %w", err)
		}
	}
	n, k, _, err = p.Cosigned(signed, l.vkey)
	return n, k, errors.Join(append(silent, err)...)
}

func has(signed []byte, c *cosigner) bool {
	n, err := note.Open(signed, note.VerifierList(c))
	return err == nil && len(n.Sigs) == 1
}

// ask sends a checkpoint to a witness, c2sp.org/tlog-witness, and returns the
// line of its cosignature.
func ask(ctx context.Context, client *http.Client, v *View, w *Witness) ([]byte, error) {
	if w.URL == "" {
		return nil, errors.New("the policy has no address of it")
	}
	old := int64(0)
	for range 3 {
		proof := tlog.TreeProof(nil)
		if old > 0 && old < v.size {
			var err error
			if proof, err = v.ConsistencyProof(old); err != nil {
				return nil, err
			}
		}
		status, body, err := post(ctx, client, w.URL, addCheckpoint(old, proof, v.signed))
		switch {
		case err != nil:
			return nil, err
		case status == http.StatusOK:
			return checkLine(v, w, body)
		case status == http.StatusConflict:
			known, err := parseSize(body)
			if err != nil || known > v.size {
				return nil, fmt.Errorf("it knows %d leaves of this log, and there are %d: leaves were taken away, or the ledger is an older copy", known, v.size)
			}
			old = known
		default:
			return nil, fmt.Errorf("it answered %d: %s", status, bytes.TrimSpace(body[:min(len(body), 200)]))
		}
	}
	return nil, errors.New("it keeps changing the size that it knows")
}

func post(ctx context.Context, client *http.Client, url string, body []byte) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(url, "/")+"/add-checkpoint", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	return res.StatusCode, answer, err
}

// checkLine returns the lines of an answer that are cosignatures of this
// witness over this checkpoint.
func checkLine(v *View, w *Witness, body []byte) ([]byte, error) {
	for line := range strings.Lines(string(body)) {
		if !strings.HasPrefix(line, "— "+w.name+" ") {
			continue
		}
		if !strings.HasSuffix(line, "\n") {
			line += "\n"
		}
		text, _, _ := bytes.Cut(v.signed, []byte("\n\n"))
		alone := append(append(bytes.Clone(text), "\n\n"...), line...)
		if has(alone, w.cosigner) {
			return []byte(line), nil
		}
	}
	return nil, errors.New("it answered without a cosignature of its own that holds")
}
