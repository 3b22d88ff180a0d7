package indicator

import (
	"strings"
	"testing"
)

// What must not be taken for calls matters more than what must.
func TestJudge(t *testing.T) {
	calls := fit{codec: "AMR-NB 12.2", framed: 1, median: 112, spread: 1.15, numbered: 1}
	with := func(change func(*fit)) fit { f := calls; change(&f); return f }
	for _, c := range []struct {
		name    string
		ext     string
		objects int64
		f       fit
		want    Answer
		why     string
	}{
		{"calls", "amr", 2383, calls, Consistent, "telephone numbers"},
		{"few", "amr", 99, calls, CannotTell, "too few"},
		{"podcast", "mp3", 500, fit{}, CannotTell, "do not tell"},
		{"long sound in telephone quality", "wav", 500, with(func(f *fit) { f.median = 2200 }), NotConsistent, "unlike calls"},
		{"jingles", "wav", 500, with(func(f *fit) { f.median = 4 }), NotConsistent, "unlike calls"},
		{"equal pieces", "wav", 500, with(func(f *fit) { f.spread = 0.01 }), NotConsistent, "spread"},
		{"no frames", "wav", 500, with(func(f *fit) { f.framed = 0.2 }), NotConsistent, "whole frames"},
		{"work in progress", "wav", 500, with(func(f *fit) { f.rewritten = 0.4 }), NotConsistent, "replace"},
		{"backup", "zip", 5000, fit{}, CannotTell, "anything"},
		{"pictures", "jpg", 5000, fit{}, NotConsistent, "not a kind of sound"},
		{"unknown", "", 5000, fit{}, CannotTell, "anything"},
	} {
		got, why := judge(&Group{Resource: "r", Container: "c", Extension: c.ext, Objects: c.objects}, c.f)
		if got != c.want || !strings.Contains(why, c.why) {
			t.Errorf("%s: %v %q, want %v with %q", c.name, got, why, c.want, c.why)
		}
	}
}

func TestInnocent(t *testing.T) {
	list, err := Innocent("indicators/speech_archive.sql")
	if err != nil || len(list) < 3 {
		t.Fatalf("%q %v", list, err)
	}
	if !strings.Contains(strings.Join(list, " "), "contact centre") {
		t.Error("the contact centre is missing")
	}
}
