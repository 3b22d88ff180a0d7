package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxRequest bounds a request to a witness: a proof of 63 hashes and a
// checkpoint.
const maxRequest = 1 << 16

// addCheckpoint returns the body of the request add-checkpoint.
func addCheckpoint(old int64, proof tlog.TreeProof, signed []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", old)
	for _, h := range proof {
		fmt.Fprintf(&b, "%s\n", h)
	}
	b.WriteByte('\n')
	b.Write(signed)
	return b.Bytes()
}

func parseAddCheckpoint(body []byte) (old int64, proof tlog.TreeProof, signed []byte, err error) {
	head, signed, ok := bytes.Cut(body, []byte("\n\n"))
	if !ok {
		return 0, nil, nil, errors.New("no blank line before the checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	number, ok := strings.CutPrefix(lines[0], "old ")
	if old, err = strconv.ParseInt(number, 10, 64); !ok || err != nil || old < 0 || strconv.FormatInt(old, 10) != number {
		return 0, nil, nil, errors.New("the first line is not the old size")
	}
	if len(lines) > 64 {
		return 0, nil, nil, errors.New("more than 63 hashes")
	}
	for _, l := range lines[1:] {
		h, err := tlog.ParseHash(l)
		if err != nil || h.String() != l {
			return 0, nil, nil, errors.New("a line of the proof is no hash")
		}
		proof = append(proof, h)
	}
	return old, proof, signed, nil
}

func parseSize(body []byte) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSuffix(string(body), "\n"), 10, 64)
	if err != nil || n < 0 {
		return 0, errors.New("no size")
	}
	return n, nil
}

// A Server is a witness for some logs: it cosigns a checkpoint if it continues
// the last one that it cosigned, c2sp.org/tlog-witness. What it knows of a log
// is a file, replaced and synced before it answers.
type Server struct {
	mu   sync.Mutex
	dir  *folder
	lock *os.File
	key  *cosigningKey
	logs map[string]string // origin to key
}

// OpenWitness opens a witness whose state lies below dir. The key is made if
// it is not there; the name, a host name by custom, is its first line's.
func OpenWitness(dir, name string, logs []string) (*Server, error) {
	return openWitness(dir, name, logs, disk)
}

func openWitness(dir, name string, logs []string, sys calls) (s *Server, err error) {
	if name == "" || strings.ContainsAny(name, " +\n\t") {
		return nil, fmt.Errorf("the name %q of a witness has a blank or a plus sign, or is empty", name)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	d, err := openFolder(dir, sys)
	if err != nil {
		return nil, err
	}
	s = &Server{dir: d, logs: map[string]string{}}
	defer func() {
		if err != nil {
			err = fmt.Errorf("opening the witness %s: %w", dir, errors.Join(err, s.Close()))
			s = nil
		}
	}()
	if s.lock, err = takeLock(d.root.Name() + "/" + lockFile); err != nil {
		return s, err
	}
	if err = d.sweep(); err != nil {
		return s, err
	}
	seed, err := witnessSeed(d, name)
	if err != nil {
		return s, err
	}
	s.key = newCosigningKey(name, ed25519.NewKeyFromSeed(seed))
	for _, vkey := range logs {
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return s, fmt.Errorf("the key of the log %q: %w", vkey, err)
		}
		s.logs[v.Name()] = vkey
	}
	return s, nil
}

// witnessSeed reads the key of a witness, or makes it: a line with its name and
// one with its seed.
func witnessSeed(d *folder, name string) ([]byte, error) {
	const file = "witness.key"
	data, err := d.root.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		seed, err := newSeed()
		if err != nil {
			return nil, err
		}
		return seed, d.putMode(file, fmt.Appendf(nil, "%s\n%s\n", name, base64.StdEncoding.EncodeToString(seed)), 0o600)
	}
	if err != nil {
		return nil, err
	}
	was, text, _ := strings.Cut(string(data), "\n")
	seed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%s is no key of a witness", file)
	}
	if was != name {
		return nil, fmt.Errorf("the key is of the witness %s, not of %s", was, name)
	}
	return seed, nil
}

// Vkey returns the key that verifies its cosignatures, as policies name it.
func (s *Server) Vkey() string { return s.key.vkey() }

// Close releases the witness.
func (s *Server) Close() error {
	var err error
	if s.lock != nil {
		err = s.lock.Close()
	}
	return errors.Join(err, s.dir.close())
}

// ServeHTTP answers add-checkpoint.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/add-checkpoint" {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodPost {
		http.Error(w, "use POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "reading the request: "+err.Error(), http.StatusBadRequest)
		return
	}
	status, answer := s.add(body)
	if status == http.StatusConflict {
		w.Header().Set("Content-Type", "text/x.tlog.size")
	}
	w.WriteHeader(status)
	w.Write(answer)
}

// add checks a checkpoint, remembers it, and only then cosigns it.
func (s *Server) add(body []byte) (int, []byte) {
	old, proof, signed, err := parseAddCheckpoint(body)
	if err != nil {
		return http.StatusBadRequest, fmt.Appendf(nil, "%v\n", err)
	}
	origin, _, _ := bytes.Cut(signed, []byte("\n"))
	vkey, ok := s.logs[string(origin)]
	if !ok {
		return http.StatusNotFound, []byte("this log is not witnessed here\n")
	}
	_, size, root, err := VerifyCheckpoint(signed, vkey)
	if err != nil {
		return http.StatusForbidden, fmt.Appendf(nil, "%v\n", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known, knownRoot, err := s.state(string(origin), vkey)
	if err != nil {
		return http.StatusInternalServerError, []byte("what is known of the log cannot be read\n")
	}
	switch {
	case old > size:
		return http.StatusBadRequest, []byte("the old size is larger than the checkpoint's\n")
	case old != known:
		return http.StatusConflict, fmt.Appendf(nil, "%d\n", known)
	case old == size && root != knownRoot && known > 0:
		return http.StatusConflict, fmt.Appendf(nil, "%d\n", known)
	case old == size || old == 0:
		if len(proof) != 0 {
			return http.StatusUnprocessableEntity, []byte("a proof where none is needed\n")
		}
	default:
		if err := tlog.CheckTree(proof, size, root, old, knownRoot); err != nil {
			return http.StatusUnprocessableEntity, []byte("the checkpoint does not continue the one that is known\n")
		}
	}
	if err := s.dir.put(stateFile(string(origin)), signed); err != nil {
		return http.StatusInternalServerError, []byte("the checkpoint could not be kept\n")
	}
	text, _, _ := bytes.Cut(signed, []byte("\n\n"))
	cosigned, err := note.Sign(&note.Note{Text: string(text) + "\n"}, s.key)
	if err != nil {
		return http.StatusInternalServerError, []byte("signing\n")
	}
	_, line, _ := bytes.Cut(cosigned, []byte("\n\n"))
	return http.StatusOK, line
}

// state returns the size and root that were cosigned last.
func (s *Server) state(origin, vkey string) (int64, tlog.Hash, error) {
	data, err := s.dir.root.ReadFile(stateFile(origin))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, emptyRoot, nil
	}
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	_, size, root, err := VerifyCheckpoint(data, vkey)
	return size, root, err
}

func stateFile(origin string) string {
	return "log-" + base64.RawURLEncoding.EncodeToString([]byte(origin))
}
