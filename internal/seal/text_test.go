package seal

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// knownOf returns what discloses everything that a sealer sealed, but for the
// values that are withheld.
func knownOf(t *testing.T, s *Sealer, withheld map[string]string) *Known {
	t.Helper()
	hidden := map[string]string{}
	var rest []string
	for _, d := range s.Disclosures() {
		v, digest, err := ParseDisclosure(d)
		if err != nil {
			t.Fatal(err)
		}
		if name, is := withheld[v]; is {
			hidden[digest] = name
			continue
		}
		rest = append(rest, d)
	}
	k, err := Learn(rest, hidden)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestText(t *testing.T) {
	names := NewNames("harbour", "harbour-ops", "A. Example", "Örtliche Stelle", "ab", "6f0c1c1e-0000-4000-8000-000000000001", "Inc.")
	for _, x := range []struct{ text, want string }{
		{"nothing here", "nothing here"},
		{"harbour", "<harbour>"},
		{"harbours and harbour.", "harbours and <harbour>."},
		{"harbour-ops/harbour", "<harbour-ops>/<harbour>"},
		{"HARBOUR_x", "<HARBOUR>_x"},
		{"by A. Example, A. Examples", "by <A. Example>, A. Examples"},
		{"die Örtliche Stelle", "die <Örtliche Stelle>"},
		{"subscriptions/6F0C1C1E-0000-4000-8000-000000000001/x", "subscriptions/<6F0C1C1E-0000-4000-8000-000000000001>/x"},
		{"ab is too short", "ab is too short"},
		{"Inc.", "<Inc.>"}, {"Inc.x", "<Inc.>x"},
		{"a \u27e6 in it", "a \u27e6\u27e7 in it"},
		{"\u27e6harbour\u27e7", "\u27e6\u27e7<harbour>\u27e7"},
	} {
		s := NewSealer(seed)
		got := s.Text(x.text, names)
		for v, y := range s.sealed {
			got = strings.ReplaceAll(got, openMark+y.digest+closeMark, "<"+v+">")
		}
		if got != x.want {
			t.Errorf("%q: %q, want %q", x.text, got, x.want)
		}
		sealed := s.Text(x.text, names)
		opened, err := knownOf(t, s, nil).Text(sealed)
		if err != nil || opened != x.text {
			t.Errorf("%q was opened as %q (%v)", x.text, opened, err)
		}
	}
}

func TestTextRefuses(t *testing.T) {
	k := knownOf(t, NewSealer(seed), nil)
	for _, text := range []string{"\u27e6", "\u27e6x", "\u27e6short\u27e7", openMark + strings.Repeat("A", digestLength) + closeMark} {
		if v, err := k.Text(text); err == nil {
			t.Errorf("%q was opened as %q", text, v)
		}
	}
}

// A sealed JSON text opens to the same bytes, or to those with a pseudonym, and
// sealing that again gives the same sealed text.
func TestJSONText(t *testing.T) {
	text := []byte("{\n  \"name\": \"harbour \\u0041 \\/ <&>\",\n  \"harbour\": [\"harbour\", {\"note\": \"of Harbour and \u27e6\"}, 1.50, null, true],\n  \"kind\": \"harbour\"\n}\n")
	may := func(p []string) bool { return p[len(p)-1] != "kind" }
	s := NewSealer(seed)
	names := NewNames("harbour")
	sealed, err := s.JSON(text, names, may)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(bytes.ToLower(sealed), []byte("harbour")); n != 2 { // the member's name, and the kind
		t.Fatalf("%d times in %s", n, sealed)
	}
	opened, err := knownOf(t, s, nil).JSON(sealed, may)
	if err != nil {
		t.Fatal(err)
	}
	if want := bytes.Replace(text, []byte(`\u0041 \/`), []byte("A /"), 1); !bytes.Equal(opened, want) { // the one spelling
		t.Errorf("opened: %s", opened)
	}
	k := knownOf(t, s, map[string]string{"harbour": "withheld-1", "Harbour": "Withheld-1"})
	opened, err = k.JSON(sealed, may)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Count(opened, []byte("withheld-1")) != 2 || bytes.Count(opened, []byte("Withheld-1")) != 1 {
		t.Errorf("with names withheld: %s", opened)
	}
	digests := k.Digests()
	again, err := eachString(opened, func(place []string, v string) (string, error) {
		if !may(place) {
			return v, nil
		}
		return k.Reseal(v, NewNames(slices.Collect(mapKeys(digests))...), digests)
	})
	if err != nil || !bytes.Equal(again, sealed) {
		t.Errorf("sealed again: %s, want %s (%v)", again, sealed, err)
	}
}

func mapKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("harbour-ops and A. Example", "harbour", "A. Example")
	f.Add("\u27e6\u27e7 \u27e6", "x y", "y")
	f.Fuzz(func(t *testing.T, text, a, b string) {
		s := NewSealer(seed)
		names := NewNames(a, b)
		sealed := s.Text(text, names)
		opened, err := knownOf(t, s, nil).Text(sealed)
		if err != nil || opened != text {
			t.Errorf("%q with %q sealed to %q opened to %q (%v)", text, names.List(), sealed, opened, err)
		}
	})
}

func FuzzSealedJSON(f *testing.F) {
	f.Add([]byte(`{"a":["harbour",{"b":"x \u27e6"}],"c":-1.5e3}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s := NewSealer(seed)
		all := func([]string) bool { return true }
		sealed, err := s.JSON(text, NewNames("harbour", "abc"), all)
		if err != nil {
			return
		}
		opened, err := knownOf(t, s, nil).JSON(sealed, all)
		if err != nil {
			t.Fatalf("%q sealed to %q: %v", text, sealed, err)
		}
		before, _ := Decode(text)
		after, err := Decode(opened)
		x, _ := Canonical(before)
		y, _ := Canonical(after)
		if err != nil || !bytes.Equal(x, y) {
			t.Errorf("%q came back as %q", text, opened)
		}
	})
}
