package catalog

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The codecs in the SQL are those of the table that was measured: name, rate
// and frame agree, and each header is one of the table's.
func TestCodecs(t *testing.T) {
	data, err := Files.ReadFile("codecs.json")
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	type entry struct {
		Rate    float64            `json:"bytes_per_s"`
		Frame   float64            `json:"bytes_per_20ms"`
		Wav49   float64            `json:"wav49_bytes_per_40ms"`
		Header  float64            `json:"wav_header"`
		Sox     float64            `json:"wav_header_sox"`
		Ffmpeg  float64            `json:"wav_header_ffmpeg"`
		Au      float64            `json:"au_header_sox"`
		Wav49At float64            `json:"wav49_header"`
		Magic   float64            `json:"magic_bytes"`
		Frames  map[string]float64 `json:"frame_bytes_incl_1B_header"`
	}
	of := func(name string) (e entry) {
		for k, v := range raw {
			if strings.HasPrefix(k, name) {
				if err := json.Unmarshal(v, &e); err != nil {
					t.Fatal(err)
				}
			}
		}
		return e
	}
	sql, err := Files.ReadFile("indicators/speech_archive.sql")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`\('(\w+)', '([^']+)', (\d+), (\d+), (\d+)\)`).FindAllStringSubmatch(string(sql), -1)
	if len(rows) < 25 {
		t.Fatalf("%d codecs", len(rows))
	}
	number := func(s string) float64 { v, _ := strconv.ParseFloat(s, 64); return v }
	for _, r := range rows {
		ext, name, header, frame, rate := r[1], r[2], number(r[3]), number(r[4]), number(r[5])
		var wantFrame, wantRate float64
		var headers []float64
		switch family, mode, _ := strings.Cut(name, " "); {
		case strings.HasPrefix(family, "AMR"):
			e := of(family + " file")
			wantFrame, headers = e.Frames[mode], []float64{e.Magic}
			wantRate = wantFrame * 50
		case name == "PCM 16-bit 8 kHz":
			e := of(name)
			wantFrame, wantRate, headers = e.Rate/50, e.Rate, []float64{e.Header, 0}
		case name == "GSM 06.10" && ext == "wav":
			e := of(name)
			wantFrame, wantRate, headers = e.Wav49, e.Wav49*25, []float64{e.Wav49At}
		default: // the least headers of WAV and AU, 44 and 24 bytes, are of the formats themselves
			e := of(name)
			wantFrame, wantRate, headers = e.Frame, e.Rate, []float64{0}
			if ext == "wav" {
				headers = []float64{44, e.Sox, e.Ffmpeg}
			} else if ext == "au" {
				headers = []float64{24, e.Au}
			}
		}
		known := false
		for _, h := range headers {
			known = known || h == header
		}
		if frame != wantFrame || rate != wantRate || !known || frame == 0 {
			t.Errorf("%s %s: header %v, frame %v, rate %v; the table has %v, %v, %v", ext, name, header, frame, rate, headers, wantFrame, wantRate)
		}
	}
}
