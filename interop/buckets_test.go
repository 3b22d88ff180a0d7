// Package interop checks the product against other people's programs.
package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob"
	_ "gocloud.dev/blob/gcsblob"
	_ "gocloud.dev/blob/s3blob"

	"probity"
	"probity/internal/review"
)

// A store is a server of object storage: where a case finds what lies in it,
// and how many requests to write it got.
type store struct {
	address string // with %s for the prefix
	writes  func() int64
	fill    func(files map[string][]byte)
	down    func(bool) // refuses all requests, or not; nil if it cannot
}

// A review of what lies in a bucket says what a review of the same folder
// says, writes nothing there, and copies nothing twice.
func TestBuckets(t *testing.T) {
	for name, start := range map[string]func(*testing.T) store{"s3": startS3, "gs": startGCS, "azblob": startAzurite} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			files := harbour(t)
			s.fill(files)
			before := s.writes()
			local := reviewOf(t, caseDir(t, "evidence", files))
			dir := caseDir(t, s.address, nil)
			if s.down != nil {
				s.down(true)
				if _, err := review.Run(context.Background(), review.Config{Case: dir}); err == nil || !strings.Contains(err.Error(), "://") {
					t.Errorf("a server that refuses: %v", err)
				}
				s.down(false)
			}
			remote := reviewOf(t, dir)
			if n := s.writes() - before; n != 0 {
				t.Errorf("%d requests to write", n)
			}
			compare(t, local, remote)
			again := reviewOf(t, dir)
			if a, b := asJSON(t, remote), asJSON(t, again); !bytes.Equal(a, b) {
				t.Error("two runs differ")
			}
			for _, x := range remote.Exhibits {
				if x.Origin == nil || x.Origin.ETag == "" && x.Origin.MD5 == "" || x.Origin.Modified == "" {
					t.Errorf("%s: no origin: %+v", x.Path, x.Origin)
				}
			}
		})
	}
}

// harbour returns the evidence of the example case, by path.
func harbour(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	root := filepath.Join("..", "examples", "harbour", "evidence")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		data, err := os.ReadFile(p)
		out[filepath.ToSlash(rel)] = data
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatal(err, len(out))
	}
	return out
}

// caseDir makes the example case with its evidence at a path, or at the paths
// of the case where the evidence lies in a folder.
func caseDir(t *testing.T, address string, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile(filepath.Join("..", "examples", "harbour", "case.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	skip := false
	for _, line := range strings.Split(string(data), "\n") { // one entry of evidence for all
		if strings.HasPrefix(line, "evidence:") {
			kept = append(kept, "evidence:", fmt.Sprintf("  - {path: %q, custodian: {name: All, relation: provider}, acquired: {at: 2025-01-25T10:00:00Z}}", address))
			skip = true
			continue
		}
		if skip && (strings.HasPrefix(line, " ") || strings.HasPrefix(line, "#")) {
			continue
		}
		skip = false
		kept = append(kept, line)
	}
	if err := os.WriteFile(filepath.Join(dir, "case.yaml"), []byte(strings.Join(kept, "\n")), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		p := filepath.Join(dir, "evidence", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func reviewOf(t *testing.T, dir string) *probity.Review {
	t.Helper()
	res, err := review.Run(context.Background(), review.Config{Case: dir})
	if err != nil {
		t.Fatal(err)
	}
	return res.Review
}

func asJSON(t *testing.T, r *probity.Review) []byte {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// compare compares what two reviews found, whatever the paths of the exhibits.
func compare(t *testing.T, a, b *probity.Review) {
	t.Helper()
	if a.Totals != b.Totals {
		t.Errorf("totals %+v, %+v", a.Totals, b.Totals)
	}
	sums := func(r *probity.Review) string {
		var out []string
		for _, x := range r.Exhibits {
			out = append(out, fmt.Sprint(x.SHA256, x.Kind, x.Records, x.Unread))
		}
		sort.Strings(out)
		return strings.Join(out, "\n")
	}
	if sums(a) != sums(b) {
		t.Error("exhibits differ")
	}
	claims := func(r *probity.Review) string { data, _ := json.Marshal(r.Claims); return string(data) }
	if claims(a) != claims(b) || len(a.Discrepancies) != len(b.Discrepancies) {
		t.Errorf("claims differ:\n%s\n%s", claims(a), claims(b))
	}
}

// watch counts requests that write, and can refuse all.
type watch struct {
	inner  http.Handler
	writes atomic.Int64
	down   atomic.Bool
}

func (w *watch) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	if w.down.Load() {
		http.Error(out, "refused", http.StatusForbidden)
		return
	}
	if in.Method != http.MethodGet && in.Method != http.MethodHead {
		w.writes.Add(1)
	}
	w.inner.ServeHTTP(out, in)
}

func startS3(t *testing.T) store {
	w := &watch{inner: gofakes3.New(s3mem.New()).Server()}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "b")
	put, _ := http.NewRequest(http.MethodPut, server.URL+"/evidence-store", nil)
	if res, err := http.DefaultClient.Do(put); err != nil || res.StatusCode != 200 {
		t.Fatal(err)
	}
	parameters := "?region=us-east-1&use_path_style=true&endpoint=" + server.URL
	return store{address: "s3://evidence-store/handed/over/" + parameters, writes: w.writes.Load, down: w.down.Store,
		fill: func(files map[string][]byte) { fill(t, "s3://evidence-store"+parameters, files) }}
}

func startGCS(t *testing.T) store {
	w := &watch{}
	front := httptest.NewServer(w)
	t.Cleanup(front.Close)
	host := strings.TrimPrefix(front.URL, "http://")
	server, err := fakestorage.NewServerWithOptions(fakestorage.Options{NoListener: true, Scheme: "http", PublicHost: host})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	w.inner = server.HTTPHandler()
	t.Setenv("STORAGE_EMULATOR_HOST", host)
	server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: "evidence-store"})
	return store{address: "gs://evidence-store/handed/over/?anonymous=true&access_id=-", writes: w.writes.Load, down: w.down.Store,
		fill: func(files map[string][]byte) { fill(t, "gs://evidence-store?anonymous=true&access_id=-", files) }}
}

func startAzurite(t *testing.T) store {
	port := freePort(t)
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	cmd := exec.Command(tool(t, "node_modules/.bin/azurite-blob"), "--blobHost", "127.0.0.1", "--blobPort", fmt.Sprint(port), "--skipApiVersionCheck", "--inMemoryPersistence", "--debug", log)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	host := fmt.Sprintf("127.0.0.1:%d", port)
	for range 100 {
		if c, err := net.Dial("tcp", host); err == nil {
			c.Close()
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Setenv("AZURE_STORAGE_ACCOUNT", "devstoreaccount1")
	t.Setenv("AZURE_STORAGE_KEY", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==") // of every emulator
	parameters := "?domain=" + host + "&protocol=http&localemu=true"
	makeContainer(t, "http://"+host+"/devstoreaccount1/evidence-store?restype=container")
	writes := func() int64 {
		data, _ := os.ReadFile(log)
		return int64(bytes.Count(data, []byte("RequestMethod=PUT")) + bytes.Count(data, []byte("RequestMethod=POST")) + bytes.Count(data, []byte("RequestMethod=DELETE")))
	}
	return store{address: "azblob://evidence-store/handed/over/" + parameters, writes: writes,
		fill: func(files map[string][]byte) {
			fill(t, "azblob://evidence-store"+parameters, files)
			for range 200 { // the log is written after the answer: the container, the files, and one beside them
				if writes() >= int64(len(files))+2 {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
		}}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// fill lays files below handed/over in a bucket.
func fill(t *testing.T, address string, files map[string][]byte) {
	t.Helper()
	b, err := blob.OpenBucket(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for name, data := range files {
		if err := b.WriteAll(context.Background(), "handed/over/"+name, data, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.WriteAll(context.Background(), "elsewhere", []byte("not part of it"), nil); err != nil {
		t.Fatal(err)
	}
}
