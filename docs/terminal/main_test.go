package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRuns(t *testing.T) {
	for line, want := range map[string][]run{
		"":                                   nil,
		"plain":                              {{"", "plain"}},
		"  A  \x1b[1;31mSUPPORTED\x1b[0m, x": {{"", "  A  "}, {"1;31", "SUPPORTED"}, {"", ", x"}},
		"\x1b[2mdim\x1b[0m":                  {{"2", "dim"}},
		"cut \x1b[":                          {{"", "cut "}, {"", "\x1b["}},
	} {
		if diff := cmp.Diff(want, runs(line), cmp.AllowUnexported(run{})); diff != "" {
			t.Errorf("%q: %s", line, diff)
		}
	}
}

// The picture is well-formed, runs and fetches nothing, and each style that the
// report uses has a class.
func TestPicture(t *testing.T) {
	review, err := os.Open("../../internal/report/testdata/review.json")
	if err != nil {
		t.Fatal(err)
	}
	defer review.Close()
	var b bytes.Buffer
	if err := draw(&b, review, 100, "Discrepancies"); err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(bytes.NewReader(b.Bytes()))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{">SUPPORTED<", `class="b r"`, `class="b y"`, `class="b g"`, "What was not looked at"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, bad := range []string{"<script", "href", "Discrepancies:", "\x1b"} {
		if strings.Contains(b.String(), bad) {
			t.Errorf("it holds %q", bad)
		}
	}
	if got := string(svg([]string{"<b>&\"\x1b[31m<i>\x1b[0m"}, 10)); strings.Contains(got, "<b>") || strings.Contains(got, "<i>") {
		t.Errorf("text is not escaped: %s", got)
	}
}
