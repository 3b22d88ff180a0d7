// Package indicator says whether what is stored looks like something that a
// claim names, from sizes, counts, times and the shape of names alone. An
// indicator never proves: an innocent use that looks the same is named with
// every answer that supports.
package indicator

import (
	"context"
	"fmt"
	"strings"

	"probity"
	"probity/catalog"
	"probity/internal/query"
)

// Known lists the indicators that this version can answer.
var Known = []string{"speech_archive"}

// An Answer is what an indicator says of a group of objects. The zero value
// says nothing.
type Answer uint8

// The answers.
const (
	CannotTell Answer = iota
	NotConsistent
	Consistent
)

// A Group is the objects of one container with one extension.
type Group struct {
	Provider, Resource, Container, Extension string
	Objects                                  int64
	Bytes                                    float64
	Answer                                   Answer
	Why                                      string
}

// The bounds within which a group of objects is taken for recordings of
// telephone conversations. They are wide around what real calls show: talk
// time has its median near two minutes and a spread of 0.9 in natural
// logarithms; with the many calls under ten seconds, 1.2.
const (
	minObjects  = 100
	minFramed   = 0.95 // share of objects whose size is a whole number of frames
	minMedian   = 20.0 // seconds
	maxMedian   = 420.0
	minSpread   = 0.4
	maxSpread   = 1.5
	maxRewrites = 0.10 // share of writes that replace an object
)

// SpeechArchive answers for every container and extension.
func SpeechArchive(ctx context.Context, e *query.Engine) ([]Group, error) {
	var out []Group
	err := e.EachOf(ctx, "indicators/speech_archive.sql", func(row func(...any) error) error {
		var g Group
		var f fit
		if err := row(&g.Provider, &g.Resource, &g.Container, &g.Extension, &g.Objects, &g.Bytes, &f.numbered, &f.rewritten,
			&f.codec, &f.framed, &f.median, &f.spread); err != nil {
			return err
		}
		g.Answer, g.Why = judge(&g, f)
		if n := len(out); n > 0 && out[n-1].Resource == g.Resource && out[n-1].Container == g.Container && out[n-1].Extension == g.Extension {
			if g.Answer > out[n-1].Answer { // the codec that fits best speaks for the group
				out[n-1] = g
			}
			return nil
		}
		out = append(out, g)
		return nil
	})
	return out, err
}

// A fit is how a group looks if a codec is assumed.
type fit struct {
	codec     string
	framed    float64
	median    float64 // seconds
	spread    float64 // standard deviation of the logarithm of seconds
	numbered  float64 // share of names with a run of 7 to 15 digits
	rewritten float64
}

// opaque are extensions under which anything can lie.
var opaque = strings.Fields("7z bak bin br bz2 dat db gz iso lz4 pb rar tar tgz vhd vhdx vmdk xz zip zst")

// sound are extensions of sound whose size says nothing of frames.
var sound = strings.Fields("3ga 3gp aac caf dss flac g722 g726 m4a mka mp2 mp3 mp4 oga ogg opus pcm raw spx vox weba webm wma")

// judge answers for a group if a codec is assumed, and says why.
func judge(g *Group, f fit) (Answer, string) {
	name := fmt.Sprintf("%s/%s *.%s", g.Resource, g.Container, g.Extension)
	switch {
	case g.Extension == "" || in(opaque, g.Extension):
		return CannotTell, name + ": anything can lie in objects of this kind"
	case g.Objects < minObjects:
		return CannotTell, fmt.Sprintf("%s: %d objects are too few to tell", name, g.Objects)
	case in(sound, g.Extension):
		return CannotTell, name + ": sound whose sizes do not tell speech from other sound"
	case f.codec == "":
		return NotConsistent, name + ": not a kind of sound"
	case f.framed < minFramed:
		return NotConsistent, fmt.Sprintf("%s: only %s have the size of whole frames of %s", name, probity.Percent(f.framed), f.codec)
	case f.median < minMedian || f.median > maxMedian:
		return NotConsistent, fmt.Sprintf("%s: as %s the median object would last %.0f s, unlike calls", name, f.codec, f.median)
	case f.spread < minSpread || f.spread > maxSpread:
		return NotConsistent, fmt.Sprintf("%s: as %s the lengths spread by %.2f in logarithms, unlike calls", name, f.codec, f.spread)
	case f.rewritten > maxRewrites:
		return NotConsistent, fmt.Sprintf("%s: %s of the writes replace an object, unlike recordings", name, probity.Percent(f.rewritten))
	}
	why := fmt.Sprintf("%s: %d objects; %s have the size of whole frames of %s; the median would last %.0f s, spread %.2f in logarithms",
		name, g.Objects, probity.Percent(f.framed), f.codec, f.median, f.spread)
	if f.numbered > 0.9 {
		why += "; their names hold runs of 7 to 15 digits, as telephone numbers have"
	}
	return Consistent, why
}

// Innocent returns the innocent explanations that a file of the catalogue
// lists in its header.
func Innocent(file string) ([]string, error) {
	text, err := catalog.Files.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, line := range strings.Split(string(text), "\n") {
		if x, ok := strings.CutPrefix(line, "-- innocent: "); ok {
			out = append(out, x)
		}
	}
	return out, nil
}

func in(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
