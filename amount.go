package probity

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strings"
)

// An Amount is a number of units with six decimal places, exact: sums of
// amounts do not depend on their order, and a bound is never rounded towards
// the side that it must not cross. It reaches from -1.7e32 to 1.7e32. The zero
// value is 0.
type Amount struct {
	hi int64 // two's complement, 128 bits, in millionths
	lo uint64
}

// amountScale is how many parts a unit has.
const amountScale = 1_000_000

// Unbounded is the upper bound of what nothing bounds. Sums with it are
// unbounded; it is larger than every other amount.
var Unbounded = Amount{math.MaxInt64, math.MaxUint64}

// Whole returns n units.
func Whole(n int64) Amount { return Amount{lo: amountScale}.signed(n) }

// signed returns a times n, for an a that is small.
func (a Amount) signed(n int64) Amount {
	if n < 0 {
		return a.Times(uint64(-n)).Neg()
	}
	return a.Times(uint64(n))
}

// Bounded reports whether a is a number: not Unbounded.
func (a Amount) Bounded() bool { return a != Unbounded }

// Add returns a + b, Unbounded if either is or the sum is out of reach.
func (a Amount) Add(b Amount) Amount {
	if a == Unbounded || b == Unbounded {
		return Unbounded
	}
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	hi := a.hi + b.hi + int64(carry)
	if a.hi >= 0 && b.hi >= 0 && hi < 0 {
		return Unbounded
	}
	return Amount{hi, lo}
}

// Neg returns -a. Of Unbounded it returns Unbounded.
func (a Amount) Neg() Amount {
	if a == Unbounded {
		return a
	}
	lo, borrow := bits.Sub64(0, a.lo, 0)
	return Amount{-a.hi - int64(borrow), lo}
}

// Sub returns a - b. Unbounded less anything is Unbounded; b must be bounded.
func (a Amount) Sub(b Amount) Amount { return a.Add(b.Neg()) }

// Cmp returns -1, 0 or 1 as a is less than, equal to or more than b.
func (a Amount) Cmp(b Amount) int {
	switch {
	case a.hi < b.hi || a.hi == b.hi && a.lo < b.lo:
		return -1
	case a == b:
		return 0
	}
	return 1
}

// Less reports whether a < b.
func (a Amount) Less(b Amount) bool { return a.hi < b.hi || a.hi == b.hi && a.lo < b.lo }

// Sign returns -1, 0 or 1.
func (a Amount) Sign() int { return a.Cmp(Amount{}) }

// Min returns the smaller of a and b.
func (a Amount) Min(b Amount) Amount {
	if b.Less(a) {
		return b
	}
	return a
}

// Max returns the larger of a and b.
func (a Amount) Max(b Amount) Amount {
	if a.Less(b) {
		return b
	}
	return a
}

// Positive returns a, or 0 if it is negative.
func (a Amount) Positive() Amount {
	if a.hi < 0 {
		return Amount{}
	}
	return a
}

// Times returns a times n, Unbounded if a is or the product is out of reach.
// A must not be negative.
func (a Amount) Times(n uint64) Amount {
	if a == Unbounded && n > 0 {
		return a
	}
	h1, lo := bits.Mul64(a.lo, n)
	over, h2 := bits.Mul64(uint64(a.hi), n)
	hi, carry := bits.Add64(h1, h2, 0)
	if over > 0 || carry > 0 || hi > math.MaxInt64 {
		return Unbounded
	}
	return Amount{int64(hi), lo}
}

// Share returns a times part/of, rounded down, or up if up is set. A must not
// be negative, of must be more than 0 and part at most a billion.
func (a Amount) Share(part, of uint64, up bool) Amount {
	if a == Unbounded {
		return a
	}
	q, rest := a.divide(of)
	rh, rl := bits.Mul64(rest, part)
	more, left := bits.Div64(rh%of, rl, of) // rest < of, so that the quotient is below part
	out := q.Times(part).Add(Amount{lo: more})
	if up && left > 0 {
		out = out.Add(Amount{lo: 1})
	}
	return out
}

// Over returns a/n, rounded down, or up if up is set. A must not be negative.
func (a Amount) Over(n uint64, up bool) Amount {
	if a == Unbounded {
		return a
	}
	q, rest := a.divide(n)
	if up && rest > 0 {
		q = q.Add(Amount{lo: 1})
	}
	return q
}

func (a Amount) divide(n uint64) (Amount, uint64) {
	hi, rest := uint64(a.hi)/n, uint64(a.hi)%n
	lo, rest := bits.Div64(rest, a.lo, n)
	return Amount{int64(hi), lo}, rest
}

// Float returns the nearest float64; of Unbounded +Inf.
func (a Amount) Float() float64 {
	if a == Unbounded {
		return math.Inf(1)
	}
	if a.hi == 0 && a.lo < 1<<53 || a.hi == -1 && -a.lo < 1<<53 {
		return float64(int64(a.lo)) / amountScale
	}
	f, _ := new(big.Rat).SetFrac(a.big(), big.NewInt(amountScale)).Float64()
	return f
}

func (a Amount) big() *big.Int {
	x := new(big.Int).Lsh(big.NewInt(a.hi), 64)
	return x.Add(x, new(big.Int).SetUint64(a.lo))
}

// AmountOf returns the amount nearest to f, which must be finite and in reach;
// of +Inf it returns Unbounded.
func AmountOf(f float64) Amount {
	switch {
	case math.IsInf(f, 1) || f > 1e32:
		return Unbounded
	case math.IsNaN(f) || f < -1e32:
		return Amount{}
	case math.Abs(f) < 1<<43:
		return Amount{lo: 1}.signed(int64(math.Round(f * amountScale)))
	}
	r, _ := new(big.Float).SetPrec(200).Mul(big.NewFloat(f), big.NewFloat(amountScale)).Int(nil)
	x, _ := fromBig(r)
	return x
}

func fromBig(x *big.Int) (Amount, bool) {
	if x.BitLen() > 126 {
		return Unbounded, false
	}
	abs := new(big.Int).Abs(x)
	a := Amount{lo: new(big.Int).And(abs, new(big.Int).SetUint64(math.MaxUint64)).Uint64()}
	a.hi = int64(new(big.Int).Rsh(abs, 64).Uint64())
	if x.Sign() < 0 {
		a = a.Neg()
	}
	return a, true
}

// ReadAmount reads a decimal such as "12", "-0.5" or "1073741824.000001", of at
// most six decimal places.
func ReadAmount(text string) (Amount, error) {
	whole, part, _ := strings.Cut(text, ".")
	if strings.Trim(whole, "-") == "" {
		return Amount{}, fmt.Errorf("%q is no decimal number", text)
	}
	if len(part) > 6 {
		if strings.Trim(part[6:], "0") != "" {
			return Amount{}, fmt.Errorf("%q has more than six decimal places", text)
		}
		part = part[:6]
	}
	digits := whole + part + "000000"[len(part):]
	if len(whole) < 16 { // the usual case, without big numbers
		if n, ok := small(digits); ok {
			return Amount{lo: 1}.signed(n), nil
		}
	}
	x, ok := new(big.Int).SetString(digits, 10)
	if !ok || strings.HasPrefix(digits, "+") {
		return Amount{}, fmt.Errorf("%q is no decimal number", text)
	}
	a, ok := fromBig(x)
	if !ok {
		return Amount{}, errors.New(text + " is out of reach")
	}
	return a, nil
}

func small(digits string) (n int64, ok bool) {
	s := strings.TrimPrefix(digits, "-")
	if s == "" || len(s) > 18 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	if len(s) < len(digits) {
		n = -n
	}
	return n, true
}

// String writes a as ReadAmount reads it, without zeros at the end.
func (a Amount) String() string {
	if a == Unbounded {
		return "unbounded"
	}
	s := new(big.Int).Abs(a.big()).String()
	for len(s) < 7 {
		s = "0" + s
	}
	s = strings.TrimRight(s[:len(s)-6]+"."+s[len(s)-6:], "0")
	s = strings.TrimSuffix(s, ".")
	if a.Sign() < 0 {
		s = "-" + s
	}
	return s
}
