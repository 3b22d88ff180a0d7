package table

import (
	"encoding/binary"
	"math/bits"
	"strconv"
)

// ParseDecimal reads a decimal number, with or without an exponent, into a
// Decimal of the given scale (9 or 18). Digits beyond the scale are rounded
// half away from zero. It reports false if the text is no number or does not
// fit into 38 digits.
func ParseDecimal(text string, scale int) (Decimal, bool) {
	var d Decimal
	t, negative := text, false
	if t != "" && (t[0] == '-' || t[0] == '+') {
		negative, t = t[0] == '-', t[1:]
	}
	mantissa, exponent := t, 0
	for i := range len(t) {
		if t[i] == 'e' || t[i] == 'E' {
			e, err := strconv.Atoi(t[i+1:])
			if err != nil || e > 100 || e < -100 {
				return d, false
			}
			mantissa, exponent = t[:i], e
			break
		}
	}
	digits, point := make([]byte, 0, 48), -1
	for i := range len(mantissa) {
		switch c := mantissa[i]; {
		case c >= '0' && c <= '9':
			digits = append(digits, c-'0')
		case c == '.' && point < 0:
			point = len(digits)
		default:
			return d, false
		}
	}
	if len(digits) == 0 {
		return d, false
	}
	if point < 0 {
		point = len(digits)
	}
	hi, lo, ok := scaled(digits, point+exponent+scale)
	if !ok {
		return d, false
	}
	if negative {
		lo, hi = -lo, ^hi
		if lo == 0 {
			hi++
		}
	}
	binary.BigEndian.PutUint64(d[:8], hi)
	binary.BigEndian.PutUint64(d[8:], lo)
	return d, true
}

// scaled returns the first n digits as a whole number, with zeros added where
// there are fewer, rounded by the digit that follows.
func scaled(digits []byte, n int) (hi, lo uint64, ok bool) {
	for i := range n {
		var c uint64
		if i < len(digits) {
			c = uint64(digits[i])
		}
		if hi > 542101086242752217 { // another digit would not fit into 38
			return 0, 0, false
		}
		if hi, lo = mulAdd(hi, lo, c); tooLong(hi, lo) {
			return 0, 0, false
		}
	}
	if n >= 0 && n < len(digits) && digits[n] >= 5 {
		var carry uint64
		lo, carry = bits.Add64(lo, 1, 0)
		hi += carry
	}
	return hi, lo, !tooLong(hi, lo)
}

func mulAdd(hi, lo, c uint64) (uint64, uint64) {
	over, low := bits.Mul64(lo, 10)
	low, carry := bits.Add64(low, c, 0)
	return hi*10 + over + carry, low
}

// tooLong reports whether the number has more than 38 digits.
func tooLong(hi, lo uint64) bool {
	const maxHi, maxLo = 5421010862427522170, 687399551400673279 // 10^38 - 1
	return hi > maxHi || hi == maxHi && lo > maxLo
}
