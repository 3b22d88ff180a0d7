package seal

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The sealed form of a text is the text in which each name that may have to be
// withheld is a mark: its digest between these two brackets. A bracket that
// the text itself holds stands as an empty mark. What is hashed or signed in
// public is always the sealed form: a digest of the text itself would let
// anybody confirm a guess at a name that is withheld from it.
const (
	openMark  = "\u27e6"
	closeMark = "\u27e7"
)

// digestLength is the length of a digest as text: 32 bytes, base64url.
const digestLength = 43

// Names are the names that are sealed where they stand in texts.
type Names struct {
	list  []string
	first map[string][]string // first word in lower case, to the names that begin with it, longest first
}

// NewNames returns the names of a list. Those of less than three bytes, and
// those that do not begin with a letter or digit, are left out: they cannot be
// told from other text.
func NewNames(list ...string) *Names {
	n := &Names{first: map[string][]string{}}
	seen := map[string]bool{}
	for _, name := range list {
		name = strings.TrimSpace(name)
		if len(name) < 3 || seen[name] || !utf8.ValidString(name) || strings.ContainsAny(name, openMark+closeMark) {
			continue
		}
		word := firstWord(name)
		if word == "" {
			continue
		}
		seen[name] = true
		n.list = append(n.list, name)
		word = strings.ToLower(word)
		n.first[word] = append(n.first[word], name)
	}
	slices.Sort(n.list)
	for _, names := range n.first {
		slices.SortFunc(names, func(a, b string) int {
			if len(a) != len(b) {
				return len(b) - len(a)
			}
			return strings.Compare(a, b)
		})
	}
	return n
}

// List returns the names in order.
func (n *Names) List() []string { return n.list }

func firstWord(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return !isWord(r) })
	if end < 0 {
		end = len(s)
	}
	return s[:end]
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// each calls found for each place of a name in a text: whole words, in any
// case, the longest where several begin, and other for the text between.
func (n *Names) each(text string, other, found func(string)) {
	from := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !isWord(r) {
			i += size
			continue
		}
		word := firstWord(text[i:])
		name := n.at(text[i:], word)
		if name == "" {
			i += len(word)
			continue
		}
		other(text[from:i])
		found(name)
		i += len(name)
		from = i
	}
	other(text[from:])
}

// at returns the name that a text begins with, as the text spells it.
func (n *Names) at(text, word string) string {
	for _, name := range n.first[strings.ToLower(word)] {
		if len(text) < len(name) || !strings.EqualFold(text[:len(name)], name) {
			continue
		}
		last, _ := utf8.DecodeLastRuneInString(name)
		next, _ := utf8.DecodeRuneInString(text[len(name):])
		if len(text) == len(name) || !isWord(last) || !isWord(next) {
			return text[:len(name)]
		}
	}
	return ""
}

// Has reports whether a text holds one of the names, and which.
func (n *Names) Has(text string) (name string, has bool) {
	n.each(text, func(string) {}, func(found string) {
		if !has {
			name, has = found, true
		}
	})
	return name, has
}

// Text returns the sealed form of a text.
func (s *Sealer) Text(text string, names *Names) string {
	return sealText(text, names, func(name string) string {
		_, digest := s.Value(name)
		return digest
	})
}

func sealText(text string, names *Names, digest func(string) string) string {
	var b strings.Builder
	names.each(text, func(other string) {
		b.WriteString(strings.ReplaceAll(other, openMark, openMark+closeMark))
	}, func(name string) {
		b.WriteString(openMark + digest(name) + closeMark)
	})
	return b.String()
}

// errMark is the error of a text that is no sealed form.
var errMark = errors.New("a mark that is no digest")

// IsMark reports whether a sealed form is one mark and nothing else, and of
// which digest.
func IsMark(sealed string) (digest string, is bool) {
	rest, begins := strings.CutPrefix(sealed, openMark)
	digest, ends := strings.CutSuffix(rest, closeMark)
	return digest, begins && ends && len(digest) == digestLength && !strings.Contains(digest, openMark)
}

// Marks returns the digests that a sealed form holds, in order.
func Marks(sealed string) ([]string, error) {
	var out []string
	_, err := openText(sealed, func(digest string) (string, error) {
		out = append(out, digest)
		return "", nil
	})
	return out, err
}

// Text opens a sealed form: each mark becomes the value, or the pseudonym, of
// its digest.
func (k *Known) Text(sealed string) (string, error) {
	return openText(sealed, func(digest string) (string, error) {
		v, ok := k.Value(digest)
		if !ok {
			return "", fmt.Errorf("the value %s is neither disclosed nor said to be withheld", digest)
		}
		return v, nil
	})
}

func openText(sealed string, value func(string) (string, error)) (string, error) {
	var b strings.Builder
	for {
		before, rest, is := strings.Cut(sealed, openMark)
		b.WriteString(before)
		if !is {
			return b.String(), nil
		}
		digest, after, closed := strings.Cut(rest, closeMark)
		switch {
		case !closed || digest != "" && len(digest) != digestLength:
			return "", errMark
		case digest == "":
			b.WriteString(openMark)
		default:
			v, err := value(digest)
			if err != nil {
				return "", err
			}
			b.WriteString(v)
		}
		sealed = after
	}
}

// Reseal returns the sealed form of a text that was opened with what is known:
// the names are looked for as they are known, pseudonyms among them.
func (k *Known) Reseal(text string, names *Names, digests map[string]string) (string, error) {
	missing := ""
	out := sealText(text, names, func(name string) string {
		d, ok := digests[name]
		if !ok {
			missing = name
		}
		return d
	})
	if missing != "" {
		return "", fmt.Errorf("the name %q has no digest", missing)
	}
	return out, nil
}

// Digests returns what is known as a map from value or pseudonym to digest.
func (k *Known) Digests() map[string]string {
	out := make(map[string]string, len(k.Disclosed)+len(k.Withheld))
	for _, m := range []map[string]string{k.Disclosed, k.Withheld} {
		for digest, v := range m {
			out[v] = digest
		}
	}
	return out
}

// JSON returns the sealed form of a JSON text: strings at places that may hold
// names are sealed, every other byte stays as it is. A place is as at
// [Sealer.Tree].
func (s *Sealer) JSON(text []byte, names *Names, may func(place []string) bool) ([]byte, error) {
	return eachString(text, func(place []string, v string) (string, error) {
		if !may(place) {
			return v, nil
		}
		return s.Text(v, names), nil
	})
}

// JSON opens the sealed form of a JSON text.
func (k *Known) JSON(sealed []byte, may func(place []string) bool) ([]byte, error) {
	return eachString(sealed, func(place []string, v string) (string, error) {
		if !may(place) {
			return v, nil
		}
		opened, err := k.Text(v)
		if err != nil {
			return "", fmt.Errorf("%s: %w", strings.Join(place, "."), err)
		}
		return opened, nil
	})
}
