package probity

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// Sums, differences, products and quotients are those of whole numbers of any
// length, and quotients are rounded to the side that is asked for.
func TestAmountArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	draw := func() Amount {
		x := Amount{hi: r.Int64N(1 << (1 + r.IntN(40))), lo: r.Uint64() >> r.IntN(64)}
		if r.IntN(4) == 0 {
			x.hi = 0
		}
		return x
	}
	for range 20000 {
		a, b, n, of := draw(), draw(), uint64(r.IntN(100000)), uint64(1+r.IntN(100000))
		check := func(what string, got Amount, want *big.Int) {
			if got.big().Cmp(want) != 0 {
				t.Fatalf("%s of %v, %v, %d, %d: %v, want %v", what, a, b, n, of, got.big(), want)
			}
		}
		z := func() *big.Int { return new(big.Int) }
		check("sum", a.Add(b), z().Add(a.big(), b.big()))
		check("difference", a.Sub(b), z().Sub(a.big(), b.big()))
		check("product", a.Times(n), z().Mul(a.big(), z().SetUint64(n)))
		down := z().Div(a.big(), z().SetUint64(of))
		check("quotient", a.Over(of, false), down)
		up := z().Neg(z().Div(z().Neg(a.big()), z().SetUint64(of)))
		check("quotient up", a.Over(of, true), up)
		part := z().Mul(a.big(), z().SetUint64(n))
		check("share", a.Share(n, of, false), z().Div(part, z().SetUint64(of)))
		check("share up", a.Share(n, of, true), z().Neg(z().Div(z().Neg(part), z().SetUint64(of))))
		if a.Cmp(b) != a.big().Cmp(b.big()) || a.Less(b) != (a.Cmp(b) < 0) || a.Min(b).Add(a.Max(b)) != a.Add(b) {
			t.Fatalf("order of %v and %v", a, b)
		}
		if back, err := ReadAmount(a.String()); err != nil || back != a {
			t.Fatalf("%v read back is %v, %v", a, back, err)
		}
		if back, err := ReadAmount(a.Neg().String()); err != nil || back != a.Neg() {
			t.Fatalf("%v read back is %v, %v", a.Neg(), back, err)
		}
	}
}

func TestUnbounded(t *testing.T) {
	one := Whole(1)
	for name, x := range map[string]Amount{"sum": Unbounded.Add(one), "turned": one.Add(Unbounded), "less": Unbounded.Sub(one), "times": Unbounded.Times(24),
		"share": Unbounded.Share(1, 3, true), "over": Unbounded.Over(24, false), "out of reach": Amount{hi: math.MaxInt64}.Add(Amount{hi: 1}),
		"product": Amount{hi: 1 << 40}.Times(1 << 40), "of": AmountOf(math.Inf(1))} {
		if x.Bounded() {
			t.Errorf("%s: %v", name, x)
		}
	}
	if !one.Less(Unbounded) || Unbounded.Min(one) != one || !math.IsInf(Unbounded.Float(), 1) {
		t.Error("unbounded is not above everything")
	}
}

func TestAmountOfFloats(t *testing.T) {
	for _, f := range []float64{0, 1, -1, 0.5, 1e-6, 123456.789, 8.1e15, 1.15e16, -4096.25, 1e30, 9007199254740993} {
		if got := AmountOf(f).Float(); math.Abs(got-f) > 1e-12*math.Abs(f) {
			t.Errorf("%v comes back as %v", f, got)
		}
	}
	if Whole(3).Float() != 3 || Whole(-3).String() != "-3" {
		t.Error("whole numbers")
	}
}

func TestReadAmount(t *testing.T) {
	for _, bad := range []string{"", "-", "x", "1e3", "+1", "1.2.3", "0.0000001", "--1", "999999999999999999999999999999999999999", " 1", "1_0"} {
		if a, err := ReadAmount(bad); err == nil {
			t.Errorf("%q is read as %v", bad, a)
		}
	}
	for text, want := range map[string]string{"007": "7", "1.500000000": "1.5", "-0.000001": "-0.000001", "340282366920938463463374607": "340282366920938463463374607"} {
		if a, err := ReadAmount(text); err != nil || a.String() != want {
			t.Errorf("%q: %v, %v", text, a, err)
		}
	}
}
