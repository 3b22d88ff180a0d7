package interop

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"probity/internal/attest"
)

const vectorDir = "../testdata/bundles"

// A vector is a bundle of testdata/bundles.
type vector struct {
	Name, Zip, Done string
	Fails, Seen     []string
}

// vectors returns those that are a zip of their own, which any program can
// unpack.
func vectors(t *testing.T) []vector {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(vectorDir, "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []vector
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(list, func(v vector) bool { return v.Name+".zip" != v.Zip || strings.HasPrefix(v.Name, "zip-") })
}

// unpack unpacks a vector and returns the folder of the bundle.
func unpack(t *testing.T, v vector, to string) string {
	t.Helper()
	z, err := zip.OpenReader(filepath.Join(vectorDir, v.Zip))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	dir := filepath.Join(to, v.Name)
	for _, f := range z.File {
		p := filepath.Join(dir, filepath.FromSlash(f.Name))
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(p), 0o777)
		}
		if err == nil {
			err = os.WriteFile(p, data, 0o666)
		}
		if err != nil {
			t.Fatal(v.Name, err)
		}
		r.Close()
	}
	return filepath.Join(dir, "answer")
}

// A claim is one signature that a bundle claims to have: paths of its Sigstore
// bundle, the trusted root, the key, and what is signed.
type claim [4]string

// claims returns the signatures of a bundle: of the review, and of what is
// withheld.
func claims(dir string) []claim {
	var out []claim
	data := filepath.Join(dir, "data")
	for folder, content := range map[string]string{"signatures": "sealed/review.json", "signatures/redactions": "redactions.json"} {
		seen := map[string]bool{}
		for _, ending := range []string{".pub", ".sigstore.json"} {
			files, _ := filepath.Glob(filepath.Join(data, folder, "*"+ending))
			for _, f := range files {
				name := strings.TrimSuffix(f, ending)
				if seen[name] {
					continue
				}
				seen[name] = true
				out = append(out, claim{name + ".sigstore.json", filepath.Join(data, "signatures", "trusted_root.json"), name + ".pub", filepath.Join(data, content)})
			}
		}
	}
	return out
}

// key is what decides of a claim: most vectors share their signatures.
func (c claim) key() string {
	h := sha256.New()
	for _, p := range c {
		data, err := os.ReadFile(p)
		fmt.Fprintf(h, "%v %d ", err == nil, len(data))
		h.Write(data)
	}
	return string(h.Sum(nil))
}

// judge has each vector's signatures verified by a program, and compares what
// it refuses with what vectors.json says that it can see.
func judge(t *testing.T, program string, verify func([]claim) []string) {
	dir := t.TempDir()
	list := vectors(t)
	of := map[string][]claim{}
	var ask []claim
	known := map[string]int{}
	for _, v := range list {
		of[v.Name] = claims(unpack(t, v, dir))
		for _, c := range of[v.Name] {
			if _, ok := known[c.key()]; !ok {
				known[c.key()] = len(ask)
				ask = append(ask, c)
			}
		}
	}
	said := verify(ask)
	seen := 0
	for _, v := range list {
		why := ""
		for _, c := range of[v.Name] {
			if s := said[known[c.key()]]; s != "" {
				why = s
			}
		}
		switch sees := slices.Contains(v.Seen, program); {
		case sees && why == "":
			t.Errorf("%s (%s): %s accepts every signature", v.Name, v.Done, program)
		case !sees && why != "":
			t.Errorf("%s (%s): %s refuses: %s", v.Name, v.Done, program, why)
		case sees:
			seen++
		}
	}
	t.Logf("%s sees %d of %d vectors, by %d signatures", program, seen, len(list), len(ask))
}

// npm @sigstore/verify refuses in the vectors what it can see, and nothing else.
func TestVectorsSigstoreJS(t *testing.T) {
	modules := tool(t, "node_modules")
	script, err := os.ReadFile("vectors.mjs")
	if err != nil {
		t.Fatal(err)
	}
	p := filepath.Join(filepath.Dir(modules), "vectors.mjs") // beside the modules that it imports
	if err := os.WriteFile(p, script, 0o644); err != nil {
		t.Fatal(err)
	}
	judge(t, "sigstore-js", func(list []claim) (said []string) {
		in, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("node", "--preserve-symlinks-main", p)
		cmd.Stdin = bytes.NewReader(in)
		out, err := cmd.Output()
		if err == nil {
			err = json.Unmarshal(out, &said)
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return said
	})
}

// cosign does too, with no flag that skips the log.
func TestVectorsCosign(t *testing.T) {
	cosign := tool(t, "cosign")
	if _, err := os.Stat(cosign); err != nil {
		t.Skip("interop/run without quick installs cosign")
	}
	judge(t, "cosign", func(list []claim) []string {
		var said []string
		for _, c := range list {
			kinds := []string{attest.ReviewType, attest.DissentType}
			if strings.Contains(c[0], "redactions") {
				kinds = []string{attest.RedactionType}
			}
			why := ""
			for _, kind := range kinds {
				cmd := exec.Command(cosign, "verify-blob-attestation", "--bundle", c[0], "--trusted-root", c[1], "--key", c[2], "--type", kind, c[3])
				cmd.Env = append(os.Environ(), "HTTPS_PROXY=http://127.0.0.1:1", "HTTP_PROXY=http://127.0.0.1:1")
				out, err := cmd.CombinedOutput()
				if err == nil {
					why = ""
					break
				}
				why = string(out)
			}
			said = append(said, why)
		}
		return said
	})
}

// A BagIt validator refuses the vectors whose bags do not hold, and accepts
// every forgery whose manifests match.
func TestVectorsBagit(t *testing.T) {
	python := filepath.Join(tool(t, "venv"), "bin", "python")
	dir := t.TempDir()
	script := "import sys, bagit, logging\nlogging.disable(logging.CRITICAL)\n" +
		"for p in sys.stdin.read().split('\\n'):\n try:\n  bagit.Bag(p).validate(); print('')\n except Exception as e: print(str(e).replace('\\n', ' ') or 'refused')\n"
	list := vectors(t)
	var paths []string
	for _, v := range list {
		paths = append(paths, unpack(t, v, dir))
	}
	cmd := exec.Command(python, "-c", script)
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n"))
	out, err := cmd.Output()
	said := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if err != nil || len(said) != len(list) {
		t.Fatalf("%v: %d of %d answers", err, len(said), len(list))
	}
	seen := 0
	for i, v := range list {
		sees := slices.Contains(v.Seen, "bagit")
		if sees != (said[i] != "") {
			t.Errorf("%s (%s): seen %v, and the validator says %q", v.Name, v.Done, sees, said[i])
		}
		if sees {
			seen++
		}
	}
	t.Logf("the validator sees %d of %d vectors", seen, len(list))
}
