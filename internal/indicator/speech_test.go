package indicator

import (
	"fmt"
	"math"
	"os"
	"sort"
	"strings"
	"testing"
	"time"

	"probity"
)

// archives are recordings of telephone speech, and how each is answered. What
// the table of docs/indicators.md says is what this test measures.
var archives = map[string]struct {
	want probity.Answer
	s    stock
}{
	"amr-12.2":             {probity.Consistent, calls("amr", 6, 32, 0.02)},
	"amr-4.75":             {probity.Consistent, calls("amr", 6, 13, 0.02)},
	"amr-wb-12.65":         {probity.Consistent, calls("awb", 9, 33, 0.02)},
	"g711-wav":             {probity.Consistent, calls("wav", 58, 160, 0.02)},
	"g711-raw":             {probity.Consistent, calls("ulaw", 0, 160, 0.02)},
	"pcm-wav":              {probity.Consistent, calls("wav", 44, 320, 0.02)},
	"pcm-wav-other-names":  {probity.CannotTell, renamed(calls("wav", 44, 320, 0.02), "9999/99/99/aa99aa9a.wav")},
	"gsm-wav":              {probity.Consistent, calls("wav", 60, 65, 0.04)},
	"gsm":                  {probity.Consistent, calls("gsm", 0, 33, 0.02)},
	"g729":                 {probity.Consistent, calls("g729", 0, 20, 0.02)},
	"contact-centre":       {probity.Consistent, centre},
	"voicemail":            {probity.Consistent, voicemail},
	"g711-wav-gcm":         {probity.Consistent, grown(calls("wav", 58, 160, 0.02), "wav", func(n int64) int64 { return n + 28 })},
	"amr-12.2-gcm":         {probity.Consistent, grown(calls("amr", 6, 32, 0.02), "amr", func(n int64) int64 { return n + 28 })},
	"amr-12.2-cbc":         {probity.Consistent, grown(calls("amr", 6, 32, 0.02), "amr", func(n int64) int64 { return 16 + 16*(n/16+1) })},
	"amr-4.75-cbc":         {probity.CannotTell, grown(calls("amr", 6, 13, 0.02), "amr", func(n int64) int64 { return 16 + 16*(n/16+1) })},
	"amr-padded-to-4-KiB":  {probity.CannotTell, grown(calls("amr", 6, 32, 0.02), "amr", func(n int64) int64 { return (n + 4095) / 4096 * 4096 })},
	"g711-padded-to-8000":  {probity.CannotTell, grown(calls("ulaw", 0, 160, 0.02), "ulaw", func(n int64) int64 { return (n + 7999) / 8000 * 8000 })},
	"amr-encrypted-as-bin": {probity.CannotTell, grown(calls("amr", 6, 32, 0.02), "bin", func(n int64) int64 { return n + 28 })},
	"amr-no-extension":     {probity.CannotTell, grown(calls("amr", 6, 32, 0.02), "", func(n int64) int64 { return n })},
	"amr-dtx":              {probity.CannotTell, dtx},
	"opus":                 {probity.CannotTell, opus},
	"packed-zip":           {probity.CannotTell, packed("zip")},
	"packed-tar":           {probity.CannotTell, packed("tar")},
}

// renamed gives a stock other names.
func renamed(s stock, shape string) stock {
	return func(g *generator) (string, int64, string, time.Time) {
		ext, size, _, at := s(g)
		return ext, size, shape, at
	}
}

func centre(g *generator) (string, int64, string, time.Time) {
	return "wav", 58 + 160*int64(g.lognormal(5.3, 0.75)*50), "9999/99/aaa-99999999." + "wav", g.clock(centreHours)
}

// voicemail is capped at three minutes.
func voicemail(g *generator) (string, int64, string, time.Time) {
	return "wav", 60 + 65*int64(math.Min(g.lognormal(3.4, 0.8), 180)*25), "aaa9999/999.wav", g.clock(privateHours)
}

// dtx sends 6 bytes for a silence, 1 for no data.
func dtx(g *generator) (string, int64, string, time.Time) {
	frames := int64(g.talk() * 50)
	speech := int64(float64(frames) * g.uniform(0.3, 0.6))
	sid := (frames - speech) / 8
	return "amr", 6 + 32*speech + 6*sid + (frames - speech - sid), "999999999999.amr", g.clock(privateHours)
}

func opus(g *generator) (string, int64, string, time.Time) {
	return "opus", 872 + int64(g.talk()*3000*g.uniform(0.85, 1.15)), "999999999999.opus", g.clock(privateHours)
}

func packed(ext string) stock {
	return func(g *generator) (string, int64, string, time.Time) {
		size := int64(0)
		for range 50 {
			size += 512 + 6 + 32*int64(g.talk()*50)
		}
		return ext, size, "9999/99/99/99." + ext, g.any()
	}
}

// benign are uses that are no recordings of telephone calls: none may ever be
// called consistent with them.
var benign = map[string]stock{
	"dictation": func(g *generator) (string, int64, string, time.Time) {
		return "wav", 44 + 320*int64(g.lognormal(4.6, 0.8)*50), "9999/99/99/aa99aa9a.wav", g.clock(centreHours)
	},
	"dictation-named-by-date": func(g *generator) (string, int64, string, time.Time) {
		return "wav", 44 + 320*int64(g.lognormal(4.6, 0.8)*50), "99999999-999999.wav", g.clock(centreHours)
	},
	"podcast-mp3": func(g *generator) (string, int64, string, time.Time) {
		return "mp3", int64(16000 * g.lognormal(7.7, 0.45)), "aaaaaaa-999.mp3", g.clock(centreHours)
	},
	"podcast-wav-telephone-quality": func(g *generator) (string, int64, string, time.Time) {
		return "wav", 44 + 320*int64(g.lognormal(7.7, 0.45)*50), "aaaaaaa-999.wav", g.clock(centreHours)
	},
	"music-wav": func(g *generator) (string, int64, string, time.Time) {
		return "wav", 44 + 4*int64(44100*g.lognormal(5.35, 0.3)), "aaaaa aaa.wav", g.any()
	},
	"jingles-wav": func(g *generator) (string, int64, string, time.Time) {
		return "wav", 44 + 160*int64(g.uniform(1, 15)*50), "aaaaa.wav", g.any()
	},
	"cctv-segments": func(g *generator) (string, int64, string, time.Time) {
		return "mp4", int64(g.lognormal(17, 0.15)), "aaa9/99999999a999999.mp4", g.from.Add(time.Duration(g.n) * 10 * time.Minute)
	},
	"cctv-sound-of-fixed-length": func(g *generator) (string, int64, string, time.Time) {
		return "wav", 44 + 320*3000, "aaa9/99999999a999999.wav", g.from.Add(time.Duration(g.n) * time.Minute)
	},
	"cctv-sound-cut-at-movement": func(g *generator) (string, int64, string, time.Time) {
		seconds := 60.0
		if g.IntN(3) == 0 {
			seconds = g.uniform(5, 60)
		}
		return "wav", 44 + 320*int64(seconds*50), "aaa9/99999999a999999.wav", g.any()
	},
	"photos": func(g *generator) (string, int64, string, time.Time) {
		return "jpg", int64(g.lognormal(14.9, 0.5)), "AAA_99999999_999999.jpg", g.clock(privateHours)
	},
	"telemetry-fixed-size": func(g *generator) (string, int64, string, time.Time) {
		return "bin", 3200, "aa-9999/9999999999.bin", g.from.Add(time.Duration(g.n) * time.Minute)
	},
	"telemetry-fixed-size-as-g729": func(g *generator) (string, int64, string, time.Time) {
		return "g729", 60000, "aa-9999/9999999999.g729", g.from.Add(time.Duration(g.n) * time.Minute)
	},
	"telemetry-records-of-20-bytes": func(g *generator) (string, int64, string, time.Time) {
		return "dat", 20 * int64(g.lognormal(8.7, 0.9)), "999999999999.dat", g.any()
	},
	"telemetry-records-of-32-bytes-without-extension": func(g *generator) (string, int64, string, time.Time) {
		return "", 6 + 32*int64(g.lognormal(8.7, 0.9)), "999999999999", g.clock(privateHours)
	},
	"chunks-of-64-KiB-as-amr": func(g *generator) (string, int64, string, time.Time) {
		return "amr", 65536 * (1 + int64(g.lognormal(1, 0.8))), "999999999999.amr", g.any()
	},
	"chunks-of-1000-bytes-as-g729": func(g *generator) (string, int64, string, time.Time) {
		return "g729", 1000 * int64(g.lognormal(4.8, 0.9)), "999999999999.g729", g.any()
	},
	"chunks-with-a-last-piece": func(g *generator) (string, int64, string, time.Time) {
		if g.n%2 == 0 {
			return "ulaw", 960000, "999999999999.ulaw", g.any()
		}
		return "ulaw", 160 * int64(g.uniform(1, 6000)), "999999999999.ulaw", g.any()
	},
	"even-lengths-as-wav": func(g *generator) (string, int64, string, time.Time) {
		return "wav", 44 + 160*int64(g.uniform(10, 400)*50), "999.wav", g.any()
	},
	"any-size-as-gsm": func(g *generator) (string, int64, string, time.Time) {
		return "gsm", int64(g.lognormal(12.2, 0.9)), "999999999999.gsm", g.any()
	},
	"sizes-of-20-by-coincidence": func(g *generator) (string, int64, string, time.Time) {
		return "csv", 20 * int64(g.lognormal(8.7, 0.9)), "aaaa-99999999.csv", g.clock(centreHours)
	},
	"logs": func(g *generator) (string, int64, string, time.Time) {
		return "log", int64(g.lognormal(11, 1)), "9999/99/99/99.log", g.from.Add(time.Duration(g.n) * 5 * time.Minute)
	},
	"dumps": func(g *generator) (string, int64, string, time.Time) {
		return "sql", int64(g.lognormal(20, 0.05)), "aa-99999999.sql", g.nightly()
	},
	"dumps-without-extension": func(g *generator) (string, int64, string, time.Time) {
		return "", 8192 * int64(g.lognormal(9, 1)), "aa-99999999", g.nightly()
	},
	"mirror": func(g *generator) (string, int64, string, time.Time) {
		ext := []string{"deb", "rpm", "gz", "iso", "jar"}[g.IntN(5)]
		return ext, int64(g.lognormal(13, 2)), "aaaa/aaa_9.9.99." + ext, g.nightly()
	},
	"mail": func(g *generator) (string, int64, string, time.Time) {
		return "eml", int64(g.lognormal(10.5, 1.6)), "aaaaaa/9999999999.eml", g.clock(centreHours)
	},
}

// seeds is how many estates of each kind are drawn: PROBITY_SEEDS overrides.
func seeds(t *testing.T, n int) int {
	if text := os.Getenv("PROBITY_SEEDS"); text != "" {
		if _, err := fmt.Sscan(text, &n); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// Archives of each codec are recognised or left open, never denied.
func TestSpeechArchives(t *testing.T) {
	stocks := map[string]stock{}
	for name, a := range archives {
		stocks[name] = a.s
	}
	wrong := map[string]int{}
	n := seeds(t, 5)
	for seed := range n {
		for _, p := range run(t, "speech_archive", engine(t, 300+100*(seed%10), drawing(uint64(seed)), stocks), &Params{}) {
			if want := archives[p.Container].want; p.Answer != want {
				wrong[fmt.Sprintf("%s: %s, want %s: %s", p.Container, p.Answer, want, p.Because)]++
			}
		}
	}
	report(t, wrong, n)
}

// A benign use is never consistent with calls.
func TestSpeechNeverOfBenign(t *testing.T) {
	wrong := map[string]int{}
	n := seeds(t, 5)
	for seed := range n {
		parts := run(t, "speech_archive", engine(t, 150+150*(seed%6), drawing(uint64(1000+seed)), benign), &Params{})
		if len(parts) < len(benign) {
			t.Fatalf("%d parts of %d uses", len(parts), len(benign))
		}
		for _, p := range parts {
			if p.Answer == probity.Consistent {
				wrong[fmt.Sprintf("%s: %s", p.Container, p.Because)]++
			}
		}
	}
	report(t, wrong, n)
}

func report(t *testing.T, wrong map[string]int, n int) {
	t.Helper()
	var lines []string
	for line, k := range wrong {
		lines = append(lines, fmt.Sprintf("%d of %d seeds: %s", k, n, line))
	}
	sort.Strings(lines)
	if len(lines) > 0 {
		t.Error(strings.Join(lines, "\n"))
	}
}

// What is measured stands beside the answer, and no digits of a name do.
func TestSpeechFeatures(t *testing.T) {
	parts := run(t, "speech_archive", engine(t, 1000, drawing(1), map[string]stock{"calls": archives["amr-12.2"].s}), &Params{})
	if len(parts) != 1 {
		t.Fatalf("%d parts", len(parts))
	}
	got := map[string]float64{}
	for _, f := range parts[0].Features {
		got[f.Name] = f.Value
	}
	for name, bounds := range map[string][2]float64{
		"objects": {1000, 1000}, "share_of_whole_frames": {1, 1}, "frame": {32, 32}, "bytes_a_second": {1600, 1600}, "share_with_number_like_names": {1, 1},
		"median_duration": {90, 150}, "spread_of_log_duration": {0.9, 1.4}, "share_under_10_s": {0.02, 0.09}, "distance_to_lognormal": {0, 0.06},
		"distance_to_real_calls": {0, 0.06}, "distance_to_day_of_calls": {0, 0.12}, "distance_to_even_day": {0.25, 0.6}, "share_of_one_size": {0, 0.02},
	} {
		if v, ok := got[name]; !ok || v < bounds[0] || v > bounds[1] {
			t.Errorf("%s is %v (there: %v), want it within %v", name, v, ok, bounds)
		}
	}
	if parts[0].Weight != 1000 {
		t.Errorf("weight %v", parts[0].Weight)
	}
}

// Few objects do not tell.
func TestSpeechFew(t *testing.T) {
	parts := run(t, "speech_archive", engine(t, 199, drawing(1), map[string]stock{"calls": archives["amr-12.2"].s}), &Params{})
	if len(parts) != 1 || parts[0].Answer != probity.CannotTell || !strings.Contains(parts[0].Because, "too few") {
		t.Errorf("%+v", parts)
	}
}

// The innocent uses, the question and the warning are named by each indicator.
func TestHeaders(t *testing.T) {
	for i := range All {
		x := &All[i]
		for key, least := range map[string]int{"question": 1, "assumes": 2, "warning": 1, "innocent": 3} {
			list, err := Header(x.File(), key)
			if err != nil || len(list) < least {
				t.Errorf("%s: %d lines of %s, want %d: %v", x.Name, len(list), key, least, err)
			}
		}
		if list, _ := Header(x.File(), "indicator"); len(list) != 1 || list[0] != x.Name {
			t.Errorf("%s: the header says %q", x.Name, list)
		}
		if list, _ := Header(x.File(), "warning"); !strings.Contains(strings.Join(list, " "), "never content") {
			t.Errorf("%s: the warning does not say that it is never content", x.Name)
		}
	}
	list, err := Innocent(Find("speech_archive").File())
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"contact centre", "Voicemail", "meetings", "dictation"} {
		if !strings.Contains(strings.Join(list, " "), word) {
			t.Errorf("the innocent use %q is missing", word)
		}
	}
}
