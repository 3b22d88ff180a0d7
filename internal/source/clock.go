package source

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// parseTime reads a time as clouds write it, in microseconds since 1970:
// 2025-10-06T00:12:45.5647488Z with any number of digits of a second, a blank
// for the T, slashes for dashes, an offset or none (which means UTC), or a
// date alone.
func parseTime(b []byte) (int64, bool) {
	if len(b) < 10 {
		return 0, false
	}
	year, ok1 := digits(b[0:4])
	month, ok2 := digits(b[5:7])
	day, ok3 := digits(b[8:10])
	if !ok1 || !ok2 || !ok3 || b[4] != '-' && b[4] != '/' || b[7] != b[4] || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	micro := days(year, month, day) * 86_400_000_000
	if len(b) == 10 {
		return micro, true
	}
	if len(b) < 16 || b[10] != 'T' && b[10] != ' ' && b[10] != 't' || b[13] != ':' {
		return 0, false
	}
	hour, ok1 := digits(b[11:13])
	minute, ok2 := digits(b[14:16])
	if !ok1 || !ok2 || hour > 23 || minute > 59 {
		return 0, false
	}
	micro += (hour*60 + minute) * 60_000_000
	rest := b[16:]
	if len(rest) > 2 && rest[0] == ':' {
		second, ok := digits(rest[1:3])
		if !ok || second > 60 {
			return 0, false
		}
		micro += second * 1_000_000
		rest = rest[3:]
	}
	if len(rest) > 1 && rest[0] == '.' {
		scale, i := int64(100_000), 1
		for ; i < len(rest) && rest[i] >= '0' && rest[i] <= '9'; i++ {
			micro += int64(rest[i]-'0') * scale
			scale /= 10
		}
		rest = rest[i:]
	}
	shift, ok := zone(rest)
	return micro - shift, ok
}

// zone returns the offset of a time zone in microseconds.
func zone(b []byte) (int64, bool) {
	switch {
	case len(b) == 0, string(b) == "Z", string(b) == "z", string(b) == " UTC":
		return 0, true
	case b[0] != '+' && b[0] != '-':
		return 0, false
	}
	hour, minute, ok1, ok2 := int64(0), int64(0), false, true
	switch len(b) {
	case 6: // +02:00
		hour, ok1 = digits(b[1:3])
		minute, ok2 = digits(b[4:6])
	case 5: // +0200
		hour, ok1 = digits(b[1:3])
		minute, ok2 = digits(b[3:5])
	case 3:
		hour, ok1 = digits(b[1:3])
	}
	shift := (hour*60 + minute) * 60_000_000
	if b[0] == '-' {
		shift = -shift
	}
	return shift, ok1 && ok2
}

func digits(b []byte) (int64, bool) {
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, len(b) > 0
}

// days returns the number of days from 1970-01-01 in the Gregorian calendar.
func days(year, month, day int64) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	era := year / 400
	of := year - era*400
	n := (153*(month-3)+2)/5 + day - 1
	return era*146097 + of*365 + of/4 - of/100 + n - 719468
}

func daysIn(year, month int64) int64 {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// parseAnyTime also reads the other forms that listings use: milliseconds
// since 1970 and RFC 1123.
func parseAnyTime(b []byte) (int64, bool) {
	if t, ok := parseTime(b); ok {
		return t, true
	}
	if len(b) >= 12 && len(b) <= 14 {
		if ms, err := strconv.ParseInt(string(b), 10, 64); err == nil && ms < 1<<43 {
			return ms * 1000, true
		}
	}
	for _, layout := range []string{time.RFC1123, time.RFC1123Z} {
		if t, err := time.Parse(layout, string(b)); err == nil {
			return t.UnixMicro(), true
		}
	}
	return parseSlashDate(b)
}

// parseSlashDate reads dates with slashes, the month first, as spreadsheets
// and Azure's cost exports write them.
func parseSlashDate(b []byte) (int64, bool) {
	for _, layout := range []string{"1/2/2006", "1/2/2006 3:04:05 PM", "1/2/2006 15:04:05", "1/2/2006 15:04", "1/2/06", "1/2/06 15:04"} {
		if t, err := time.Parse(layout, string(b)); err == nil {
			return t.UnixMicro(), true
		}
	}
	return 0, false
}

// ambiguous reports whether a date with slashes could be meant day first.
func ambiguous(b []byte) bool {
	first, rest, ok := bytes.Cut(b, []byte("/"))
	second, _, ok2 := bytes.Cut(rest, []byte("/"))
	d1, ok3 := digits(first)
	d2, ok4 := digits(second)
	return ok && ok2 && ok3 && ok4 && len(first) <= 2 && d1 <= 12 && d2 <= 12 && d1 != d2
}

// dated reads a date and notes, once a file, that it was ambiguous.
func (s *sink) dated(b []byte) (int64, bool) {
	at, ok := parseAnyTime(b)
	if ok && ambiguous(b) && !strings.Contains(s.note, slashNote) {
		s.note = strings.TrimPrefix(s.note+"; "+slashNote, "; ")
	}
	return at, ok
}

const slashNote = "dates such as 1/9/2007 are ambiguous: they were read as month/day/year"

// grain returns the seconds of an ISO 8601 duration such as PT1H, PT5M or P1D;
// 0 if it is none.
func grain(b []byte) int64 {
	if len(b) < 3 || b[0] != 'P' {
		return 0
	}
	total, n, clock := int64(0), int64(-1), false
	for _, c := range b[1:] {
		switch {
		case c == 'T':
			clock = true
			continue
		case c >= '0' && c <= '9':
			n = max(n, 0)*10 + int64(c-'0')
			if n > 1e6 {
				return 0
			}
			continue
		case n < 0:
			return 0
		case c == 'D' && !clock:
			total += n * 86400
		case c == 'W' && !clock:
			total += n * 7 * 86400
		case c == 'H' && clock:
			total += n * 3600
		case c == 'M' && clock:
			total += n * 60
		case c == 'S' && clock:
			total += n
		default:
			return 0
		}
		n = -1
	}
	return total
}

// parseLogTime reads the time of a web server's log: 06/Feb/2019:00:00:38
// +0000.
func parseLogTime(b []byte) (int64, bool) {
	if len(b) < 20 || b[2] != '/' || b[6] != '/' || b[11] != ':' || b[14] != ':' || b[17] != ':' {
		return 0, false
	}
	var month int64
	for i, name := range []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"} {
		if string(b[3:6]) == name {
			month = int64(i + 1)
		}
	}
	day, ok1 := digits(b[0:2])
	year, ok2 := digits(b[7:11])
	hour, ok3 := digits(b[12:14])
	minute, ok4 := digits(b[15:17])
	second, ok5 := digits(b[18:20])
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || month == 0 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 60 {
		return 0, false
	}
	rest := b[20:]
	for len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	shift, ok := zone(rest)
	return days(year, month, day)*86_400_000_000 + (hour*3600+minute*60+second)*1_000_000 - shift, ok
}

// parseEpoch reads a number of seconds, milliseconds, microseconds or
// nanoseconds since 1970, told apart by its length.
func parseEpoch(b []byte) (int64, bool) {
	whole, fraction, _ := bytes.Cut(b, []byte("."))
	n, ok := digits(whole)
	if !ok || len(whole) > 19 {
		return 0, false
	}
	switch {
	case len(whole) >= 18:
		return n / 1000, true
	case len(whole) >= 15:
		return n, true
	case len(whole) >= 12:
		return n * 1000, true
	case len(whole) >= 9:
		micro := n * 1_000_000
		scale := int64(100_000)
		for _, c := range fraction {
			if c < '0' || c > '9' {
				return 0, false
			}
			micro += int64(c-'0') * scale
			scale /= 10
		}
		return micro, true
	}
	return 0, false
}
