package probity

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode"
)

// A Unit is what a value counts. Bytes are always bytes: the letters "GB"
// mean 10^9 bytes in a case file and 2^30 bytes on a bill, so values are
// converted where they are read and never carry such letters afterwards.
type Unit string

// The units.
const (
	One    Unit = "1"
	Byte   Unit = "byte"
	Second Unit = "second"
)

// unitFactors are the spellings a case file may use, by base unit.
var unitFactors = map[Unit]map[string]float64{
	One: {"": 1, "k": 1e3, "thousand": 1e3, "million": 1e6, "billion": 1e9},
	Byte: {
		"": 1, "B": 1, "byte": 1, "bytes": 1,
		"kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15, "EB": 1e18,
		"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "PiB": 1 << 50, "EiB": 1 << 60,
	},
	Second: {
		"": 1, "s": 1, "second": 1, "seconds": 1, "min": 60, "minutes": 60,
		"h": 3600, "hour": 3600, "hours": 3600, "d": 86400, "days": 86400,
	},
}

// Spellings returns the unit names that ParseAmount takes for u, sorted.
func (u Unit) Spellings() []string {
	var names []string
	for n := range unitFactors[u] {
		if n != "" {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	return names
}

// ParseAmount reads an amount such as "8 PB", "11.5 TiB", "1000000" or
// "10000 h" and returns it in the unit u. A bare number is in u itself.
// Underscores and commas may group digits: "1_000_000".
func ParseAmount(text string, u Unit) (float64, error) {
	t := strings.TrimSpace(text)
	end := strings.IndexFunc(t, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r == '.' || r == '_' || r == ',' || r == '-' || r == '+')
	})
	// An exponent belongs to the number: 1e6, 2.5E+9.
	if end > 0 && (t[end] == 'e' || t[end] == 'E') && end+1 < len(t) && strings.ContainsRune("0123456789+-", rune(t[end+1])) {
		if rest := strings.IndexFunc(t[end+2:], func(r rune) bool { return r < '0' || r > '9' }); rest >= 0 {
			end += 2 + rest
		} else {
			end = len(t)
		}
	}
	if end < 0 {
		end = len(t)
	}
	number := strings.NewReplacer("_", "", ",", "").Replace(t[:end])
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, fmt.Errorf("%q is no amount: write a number and a unit, such as %s", text, u.example())
	}
	name := strings.TrimSpace(t[end:])
	f, ok := unitFactors[u][name]
	if !ok {
		return 0, fmt.Errorf("%q is no unit here: use one of %s", name, strings.Join(u.Spellings(), ", "))
	}
	if v < 0 {
		return 0, fmt.Errorf("%q is negative: amounts are zero or more", text)
	}
	return v * f, nil
}

func (u Unit) example() string {
	switch u {
	case Byte:
		return "8 PB or 11.5 TiB"
	case Second:
		return "10000 h"
	}
	return "1000000"
}

// FormatAmount writes v, which is in u, for reading: "8.1 PB", "1,181",
// "12.5 h". Bytes are in powers of ten. It keeps four significant digits of a
// scaled value and every digit of a count.
func FormatAmount(v float64, u Unit) string {
	switch u {
	case Byte:
		for _, s := range []struct {
			f float64
			n string
		}{{1e18, "EB"}, {1e15, "PB"}, {1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
			if math.Abs(v) >= s.f {
				return short(v/s.f) + " " + s.n
			}
		}
		return short(v) + " B"
	case Second:
		switch {
		case math.Abs(v) >= 3600:
			return short(v/3600) + " h"
		case math.Abs(v) >= 60:
			return short(v/60) + " min"
		}
		return short(v) + " s"
	}
	if v == math.Trunc(v) {
		return group(strconv.FormatFloat(v, 'f', 0, 64))
	}
	return short(v)
}

// short writes v with at most four significant digits, grouped, and no
// exponent.
func short(v float64) string {
	if a := math.Abs(v); a >= 1000 {
		return group(strconv.FormatFloat(v, 'f', 0, 64))
	}
	digits := 3
	for a := math.Abs(v); a >= 10 && digits > 0; a /= 10 {
		digits--
	}
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// group puts a comma between each three digits of a whole number.
func group(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Plain writes a foreign text in one line, without what could forge the look of
// a page or a terminal: control characters and marks that change the direction
// of text become U+FFFD.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\u2028', r == '\u2029':
			return '\uFFFD'
		}
		return r
	}, s)
}

// Day is the day of a time as RFC 3339 writes it.
func Day(at string) string {
	day, _, _ := strings.Cut(at, "T")
	return day
}
