package report

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"probity"
)

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

// No line is longer than the terminal is wide, whatever names hold; nothing but
// our own colours is a control sequence; and without colour there is none.
func TestTextFitsTheWidth(t *testing.T) {
	for _, text := range []string{"", hostile, strings.Repeat("x", 300), strings.Repeat("漢字", 90), "e\u0301\u0301" + strings.Repeat("y\u0301", 200), strings.Repeat("a b ", 80)} {
		for _, width := range []int{40, 41, 60, 80, 100, 137, 200} {
			for _, color := range []bool{false, true} {
				var b bytes.Buffer
				if err := Text(&b, fixture(t, text), TextOptions{Width: width, Color: color, Out: "mycase/out", Case: "mycase"}); err != nil {
					t.Fatal(err)
				}
				plain := ansi.ReplaceAllString(b.String(), "")
				if !color && plain != b.String() {
					t.Errorf("colours that nobody asked for")
				}
				for _, line := range strings.Split(plain, "\n") {
					if n := columns(line); n > width {
						t.Errorf("width %d: %d columns: %q", width, n, line)
					}
				}
				if at := strings.IndexFunc(plain, func(r rune) bool { return r < ' ' && r != '\n' }); at >= 0 {
					t.Errorf("a control character in %q", plain[max(0, at-20):at+1])
				}
			}
		}
	}
	// The longest of what may stand in one line of a claim.
	r := fixture(t, "")
	for i := range r.Claims {
		r.Claims[i].Kind, r.Claims[i].Material = probity.ClaimAssurance, false
	}
	var b bytes.Buffer
	if err := Text(&b, r, TextOptions{Width: 40}); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(b.String(), "\n") {
		if n := columns(line); n > 40 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	var narrow, least bytes.Buffer
	if err := Text(&narrow, fixture(t, ""), TextOptions{Width: 3}); err != nil {
		t.Fatal(err)
	}
	if err := Text(&least, fixture(t, ""), TextOptions{Width: 40}); err != nil || narrow.String() != least.String() {
		t.Errorf("less than 40 columns are not taken for 40: %v", err)
	}
}

// The parts come in the order in which they are read, and what was not looked at
// has a heading of its own like the answer.
func TestTextOrder(t *testing.T) {
	var b bytes.Buffer
	if err := Text(&b, fixture(t, ""), TextOptions{Out: "mycase/out", Case: "mycase"}); err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, want := range []string{"\nOpinion proposed: qualified", "\nNo plan was sealed", "\nA1 An allegation", "  A1.1  SUPPORTED", "\nWhat was not looked at\n", "\nWhat could change the answer\n", "\nDiscrepancies", "\nEstate", "\nRequests for records (2): 1 refused, 1 overdue\n",
		"\nEach claim", "\nGaps", "\nRecords\n", "\nFiles and checks\n", "mycase/out/review.json", "probity show mycase", "probity report mycase/out", "\nThese findings are proposed"} {
		next := strings.Index(b.String(), want)
		if next <= at {
			t.Errorf("%q stands at %d, after what comes before it at %d", want, next, at)
		}
		at = next
	}
}

// Quiet: the opinion and a line a claim, each with its coverage.
func TestBrief(t *testing.T) {
	var b bytes.Buffer
	if err := Brief(&b, fixture(t, hostile), TextOptions{Width: 40}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 7 || !strings.HasPrefix(lines[0], "Opinion proposed: qualified") {
		t.Fatalf("%q", lines)
	}
	for i, line := range lines[1:] {
		if !strings.Contains(line, "%") && i != 4 || !strings.HasPrefix(line, "A1.") {
			t.Errorf("%q", line)
		}
	}
}

// Progress says rates and what is left, by a clock of the test.
func TestProgress(t *testing.T) {
	var silent *Progress
	silent.Stage("x")
	silent.Bytes(1, 2)
	silent.Done()
	if NewProgress(nil, false) != nil {
		t.Error("a progress line that is not wanted")
	}
	var b bytes.Buffer
	p := NewProgress(&b, true)
	now := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	p.now = func() time.Time { return now }
	p.Stage("reading")
	var got []string
	for _, step := range []struct {
		after time.Duration
		done  int64
	}{{0, 0}, {50 * time.Millisecond, 1e6}, {2 * time.Second, 20e6}, {10 * time.Second, 60e6}, {20 * time.Second, 3000e6}, {30 * time.Second, 12000e6}} {
		now = now.Add(step.after)
		b.Reset()
		p.Bytes(step.done, 12000e6)
		got = append(got, strings.TrimPrefix(b.String(), "\r\x1b[K"))
	}
	want := []string{"reading: 0 of 12000 MB (0 %)", "", "reading: 20 of 12000 MB (0 %), 9.756 MB/s, about 20 min left", "reading: 60 of 12000 MB (0 %), 4.979 MB/s, about 40 min left",
		"reading: 3000 of 12000 MB (25 %), 93.6 MB/s, about 2 min left", "reading: 12000 of 12000 MB (100 %), 193.4 MB/s"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, want %q", got[i], want[i])
		}
	}
	p.Done()
	if !strings.HasSuffix(b.String(), "\r\x1b[K") {
		t.Errorf("%q", b.String())
	}
	for d, want := range map[time.Duration]string{0: "1 s", 89 * time.Second: "90 s", 90 * time.Second: "about 2 min", 100 * time.Minute: "about 2 h", 80 * time.Hour: "more than 2 days"} {
		if got := left(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
	NewProgress(io.Discard, true).Bytes(1, 2) // before any stage
}
