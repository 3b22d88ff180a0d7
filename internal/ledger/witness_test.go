package ledger

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

func newWitness(t *testing.T, name string, logs ...string) (*Server, *httptest.Server) {
	t.Helper()
	s, err := OpenWitness(t.TempDir(), name, logs)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(func() { h.Close(); s.Close() })
	return s, h
}

func send(t *testing.T, url string, body []byte) (int, string) {
	t.Helper()
	status, answer, err := post(context.Background(), nil, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, string(answer)
}

// Checkpoints are cosigned by those witnesses that answer; one that is down
// stops nothing, and the quorum is met or not.
func TestCosign(t *testing.T) {
	l, dir := newLedger(t)
	fill(t, l, 5)
	a, ha := newWitness(t, "a.example", l.View().Vkey())
	b, hb := newWitness(t, "b.example", l.View().Vkey())
	c, hc := newWitness(t, "c.example", l.View().Vkey())
	hc.Close()
	text := fmt.Sprintf("# who witnesses\nlog %s\nwitness a %s %s\nwitness b %s %s/\nwitness c %s %s\ngroup some 2 a b c\nquorum some\n",
		l.View().Vkey(), a.Vkey(), ha.URL, b.Vkey(), hb.URL, c.Vkey(), hc.URL)
	p, err := ParsePolicy([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{5, 5, 6, 300} {
		fill(t, l, size)
		n, k, err := l.Cosign(context.Background(), p, nil)
		if n != 2 || k != 3 || err == nil || !strings.Contains(err.Error(), "c.example") {
			t.Errorf("%d leaves: %d of %d, %v", size, n, k, err)
		}
		if _, _, met, err := p.Cosigned(l.View().Checkpoint(), l.View().Vkey()); !met || err != nil {
			t.Errorf("%d leaves: the quorum is not met (%v)", size, err)
		}
		if got := bytes.Count(l.View().Checkpoint(), []byte("\n— ")); got != 3 {
			t.Errorf("%d leaves: %d signatures, want the log's and two", size, got)
		}
	}
	all, err := ParsePolicy([]byte(strings.Replace(text, "group some 2", "group some all", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, met, _ := all.Cosigned(l.View().Checkpoint(), l.View().Vkey()); met {
		t.Error("two cosignatures met a quorum of three")
	}
	l = reopen(t, l, dir)
	if n, _, _, err := p.Cosigned(l.View().Checkpoint(), l.View().Vkey()); n != 2 || err != nil {
		t.Errorf("after opening again: %d cosignatures (%v)", n, err)
	}
	fill(t, l, 301)
	if n, _, met, _ := p.Cosigned(l.View().Checkpoint(), l.View().Vkey()); n != 0 || met {
		t.Error("a new checkpoint has the cosignatures of the old one")
	}
}

// What a witness answers, by the page of the protocol.
func TestWitnessAnswers(t *testing.T) {
	l, dir := newLedger(t)
	fill(t, l, 3)
	three := l.View()
	l.Close()
	other, _ := newLedger(t)
	fill(t, other, 3)
	l = reopen(t, l, dir)
	fill(t, l, 9)
	nine := l.View()
	s, h := newWitness(t, "w.example", nine.Vkey())
	from3, err := nine.ConsistencyProof(3)
	if err != nil {
		t.Fatal(err)
	}
	forged := bytes.Replace(nine.Checkpoint(), []byte("\n9\n"), []byte("\n8\n"), 1)
	steps := []struct {
		what   string
		body   []byte
		status int
		answer string
	}{
		{"no checkpoint", []byte("old 0\n"), 400, ""},
		{"a size that is no number", []byte("old +1\n\n" + string(three.Checkpoint())), 400, ""},
		{"a log that is not known", addCheckpoint(0, nil, bytes.Replace(three.Checkpoint(), []byte(origin), []byte("elsewhere.example"), 1)), 404, ""},
		{"a checkpoint that was changed", addCheckpoint(0, nil, forged), 403, ""},
		{"another key of the same name", addCheckpoint(0, nil, other.View().Checkpoint()), 403, ""},
		{"an old size that is not known", addCheckpoint(2, nil, three.Checkpoint()), 409, "0\n"},
		{"the first", addCheckpoint(0, nil, three.Checkpoint()), 200, "— w.example "},
		{"the same again", addCheckpoint(3, nil, three.Checkpoint()), 200, "— w.example "},
		{"from nothing again", addCheckpoint(0, nil, nine.Checkpoint()), 409, "3\n"},
		{"no proof", addCheckpoint(3, nil, nine.Checkpoint()), 422, ""},
		{"a wrong proof", addCheckpoint(3, append(tlog.TreeProof{tlog.RecordHash(nil)}, from3[1:]...), nine.Checkpoint()), 422, ""},
		{"the next", addCheckpoint(3, from3, nine.Checkpoint()), 200, "— w.example "},
		{"back again", addCheckpoint(9, nil, three.Checkpoint()), 400, ""},
		{"back again, from the start", addCheckpoint(3, nil, three.Checkpoint()), 409, "9\n"},
	}
	for _, step := range steps {
		status, answer := send(t, h.URL, step.body)
		if status != step.status || !strings.HasPrefix(answer, step.answer) {
			t.Errorf("%s: %d %q, want %d %q", step.what, status, answer, step.status, step.answer)
		}
	}
	if res, err := http.Get(h.URL + "/add-checkpoint"); err != nil || res.StatusCode != 405 {
		t.Errorf("GET: %v %v", res, err)
	}
	// It remembers after it was started again.
	state := s.dir.root.Name()
	key := s.Vkey()
	s.Close()
	again, err := OpenWitness(state, "w.example", []string{nine.Vkey()})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.Vkey() != key {
		t.Error("it has another key")
	}
	if status, answer := again.add(addCheckpoint(0, nil, three.Checkpoint())); status != 409 || string(answer) != "9\n" {
		t.Errorf("after a restart: %d %q", status, answer)
	}
	if _, err := OpenWitness(state, "w.example", nil); err == nil {
		t.Error("two witnesses have one state")
	}
}

// A witness does not cosign what it could not remember.
func TestWitnessForgetsNothing(t *testing.T) {
	l, _ := newLedger(t)
	fill(t, l, 3)
	for n := 1; n < 8; n++ {
		for _, after := range []bool{false, true} {
			dir := t.TempDir()
			if s, err := OpenWitness(dir, "w.example", []string{l.View().Vkey()}); err != nil {
				t.Fatal(err)
			} else {
				s.Close()
			}
			sys, count := failing(n, after)
			s, err := openWitness(dir, "w.example", []string{l.View().Vkey()}, sys)
			if err != nil {
				t.Fatal(err)
			}
			status, answer := s.add(addCheckpoint(0, nil, l.View().Checkpoint()))
			if *count >= n && (status != 500 || strings.Contains(string(answer), "—")) {
				t.Errorf("operation %d failed, and it answered %d %q", n, status, answer)
			}
			s.Close()
		}
	}
}

// Of many requests at once for two histories, only one history is cosigned.
func TestWitnessAtOnce(t *testing.T) {
	l, dir := newLedger(t)
	fill(t, l, 2)
	l.Close()
	var views []*View
	for i := range 2 {
		copied := t.TempDir()
		copyTree(t, dir, copied)
		x := reopen(t, l, copied)
		x.Append(fmt.Appendf(nil, "history %d", i))
		fill(t, x, 4)
		views = append(views, x.View())
	}
	_, h := newWitness(t, "w.example", views[0].Vkey())
	var mu sync.Mutex
	signed := map[int]bool{}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			status, _, err := post(context.Background(), nil, h.URL, addCheckpoint(0, nil, views[i%2].Checkpoint()))
			if err == nil && status == 200 {
				mu.Lock()
				signed[i%2] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(signed) != 1 {
		t.Errorf("histories cosigned: %v", signed)
	}
}

// A witness that lies, is slow to agree, or answers for another.
func TestHostileWitness(t *testing.T) {
	l, _ := newLedger(t)
	fill(t, l, 3)
	a, _ := newWitness(t, "a.example", l.View().Vkey())
	for what, answer := range map[string]http.HandlerFunc{
		"knows more":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(409); w.Write([]byte("99\n")) },
		"no size":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(409); w.Write([]byte("-1\n")) },
		"keeps asking": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(409); w.Write([]byte("2\n")) },
		"signs badly":  func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("— a.example AAAAAAAA\n")) },
		"says nothing": func(w http.ResponseWriter, _ *http.Request) {},
		"refuses":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) },
	} {
		h := httptest.NewServer(answer)
		p, err := ParsePolicy(fmt.Appendf(nil, "witness a %s %s\nquorum a\n", a.Vkey(), h.URL))
		if err != nil {
			t.Fatal(err)
		}
		n, _, err := l.Cosign(context.Background(), p, nil)
		if n != 0 || err == nil || bytes.Count(l.View().Checkpoint(), []byte("—")) != 1 {
			t.Errorf("%s: %d cosignatures, %v", what, n, err)
		}
		h.Close()
	}
}

// A witness that does not answer keeps nobody from appending.
func TestSlowWitness(t *testing.T) {
	l, _ := newLedger(t)
	fill(t, l, 3)
	a, _ := newWitness(t, "a.example", l.View().Vkey())
	asked, answer := make(chan bool), make(chan bool)
	h := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- true
		<-answer
	}))
	defer h.Close()
	p, err := ParsePolicy(fmt.Appendf(nil, "witness a %s %s\nquorum a\n", a.Vkey(), h.URL))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, _, err := l.Cosign(context.Background(), p, nil)
		done <- err
	}()
	<-asked
	fill(t, l, 4) // would never return if the witness were waited for
	close(answer)
	if err := <-done; err == nil {
		t.Error("a ledger that grew meanwhile was cosigned")
	}
}

func TestPolicyMistakes(t *testing.T) {
	s, _ := newWitness(t, "a.example")
	good := "witness a " + s.Vkey() + "\n"
	for _, text := range []string{
		"", good, good + "quorum b\n", good + good + "quorum a\n", good + "witness b " + s.Vkey() + "\nquorum a\n", good + "group g 2 a\nquorum g\n",
		good + "group g 0 a\nquorum g\n", good + "group g 1 a a\nquorum g\n", good + "group a 1 a\nquorum a\n", good + "quorum a\nquorum a\n",
		good + "group g any a\ngroup h any a\ngroup q all g h\nquorum q\n", good + "group g any none\nquorum g\n", good + "quorum a\r\n", good + "quorum\u00a0a\n", "# \x9b\n" + good + "quorum a\n",
		"log x\nquorum none\n", "witness a x\nquorum none\n", "wibble\nquorum none\n", strings.Replace(good, "+0", "+1", 1) + "witness none " + s.Vkey() + "\nquorum none\n",
	} {
		if _, err := ParsePolicy([]byte(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	p, err := ParsePolicy([]byte(good + "group inner 1 a\ngroup outer all inner\nquorum outer\n"))
	if err != nil {
		t.Fatal(err)
	}
	if p.meets("outer", map[string]bool{}) || !p.meets("outer", map[string]bool{"a": true}) {
		t.Error("groups of groups")
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add([]byte("log a+1+x\nwitness w v\ngroup g all w\nquorum g\n"))
	f.Fuzz(func(t *testing.T, text []byte) { ParsePolicy(text) })
}

func FuzzAddCheckpoint(f *testing.F) {
	f.Add(addCheckpoint(3, tlog.TreeProof{tlog.RecordHash(nil)}, []byte("a\n1\nx\n")))
	f.Fuzz(func(t *testing.T, body []byte) {
		old, proof, signed, err := parseAddCheckpoint(body)
		if err == nil && !bytes.Equal(addCheckpoint(old, proof, signed), body) {
			t.Error("a request has a second spelling")
		}
	})
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}
