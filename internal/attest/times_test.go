package attest

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"probity/internal/stamptest"
)

func authority(t testing.TB, wrong stamptest.Wrong) (*stamptest.Authority, *Anchors) {
	t.Helper()
	a, err := stamptest.New(wrong)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Server.Close)
	anchors, err := ParseAnchors(a.PEM)
	if err != nil {
		t.Fatal(err)
	}
	return a, anchors
}

// A stamp goes into a bundle, and with the trusted root alone it is checked
// again.
func TestTime(t *testing.T) {
	s := newSigned(t)
	a, anchors := authority(t, stamptest.Wrong{})
	response, stamp, err := RequestTime(context.Background(), nil, a.Server.URL, anchors, s.signature)
	if err != nil {
		t.Fatal(err)
	}
	if d := time.Since(stamp.Time); d < -time.Minute || d > time.Minute || len(stamp.Chain) != 2 || stamp.By() != "CN=Example Time Stamps,O=Example Time" {
		t.Errorf("%+v", stamp)
	}
	bundle, err := AddTime(s.bundle, response)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := AddTime(bundle, response); err != nil || !bytes.Equal(again, bundle) {
		t.Errorf("the same stamp twice: %v", err)
	}
	v, err := Verify(bundle, s.spki, s.content, s.vkey)
	if err != nil || len(v.Times) != 1 || !bytes.Equal(v.Times[0], response) {
		t.Fatalf("%v, %d stamps", err, len(v.Times))
	}
	list := WithAuthority(nil, Authority{a.Server.URL, stamp.Chain})
	if list = WithAuthority(list, Authority{a.Server.URL, stamp.Chain}); len(list) != 1 {
		t.Errorf("an authority twice")
	}
	root, err := TrustedRoot(s.vkey, "2026-01-01T00:00:00Z", list...)
	if err != nil {
		t.Fatal(err)
	}
	read, err := Authorities(root)
	if err != nil || len(read) != 1 || read[0].URL != a.Server.URL {
		t.Fatalf("%v, %+v", err, read)
	}
	again, err := AnchorsOf(read)
	if err != nil || !slices.Equal(again.Roots(), anchors.Roots()) {
		t.Fatalf("%v, %q", err, again.Roots())
	}
	if _, err := again.Check(v.Times[0], v.Signature); err != nil {
		t.Error(err)
	}
	if none, err := Authorities(mustRoot(t, s.vkey)); err != nil || len(none) != 0 {
		t.Errorf("a root without authorities: %v, %v", none, err)
	}
	if _, err := AnchorsOf(nil); err == nil {
		t.Error("no authority, and anchors")
	}
}

func mustRoot(t *testing.T, vkey string) []byte {
	t.Helper()
	root, err := TrustedRoot(vkey, "2026-01-01T00:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// What an authority does wrong is seen, whatever it is.
func TestWrongTime(t *testing.T) {
	s := newSigned(t)
	old := time.Now().AddDate(-1, 0, 0)
	_, strangers := authority(t, stamptest.Wrong{})
	for name, wrong := range map[string]stamptest.Wrong{
		"before its certificate":       {Time: func() time.Time { return old }},
		"after its certificate":        {Validity: [2]time.Time{old, old.AddDate(0, 1, 0)}},
		"a certificate for code":       {Usage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}},
		"a certificate for code too":   {Usage: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping, x509.ExtKeyUsageCodeSigning}},
		"a usage that is not critical": {Casual: true},
		"another nonce":                {Nonce: true},
		"of something else":            {Imprint: true},
		"without its certificate":      {Bare: true},
		"a refusal":                    {Refuse: true},
		"out of order":                 {Fail: true},
		"noise":                        {Noise: true},
	} {
		a, anchors := authority(t, wrong)
		if _, _, err := RequestTime(context.Background(), nil, a.Server.URL, anchors, s.signature); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	a, anchors := authority(t, stamptest.Wrong{})
	if _, _, err := RequestTime(context.Background(), nil, a.Server.URL, strangers, s.signature); err == nil {
		t.Error("an authority that nobody knows: accepted")
	}
	response, _, err := RequestTime(context.Background(), nil, a.Server.URL, anchors, s.signature)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := anchors.Check(response, []byte("another signature")); err == nil {
		t.Error("of another signature: accepted")
	}
	want, _ := anchors.Check(response, s.signature)
	for at := range response { // no byte changes what a stamp says
		bad := bytes.Clone(response)
		bad[at] ^= 1
		if got, err := anchors.Check(bad, s.signature); err == nil && !got.Time.Equal(want.Time) {
			t.Errorf("byte %d changed: %s instead of %s", at, got.Time, want.Time)
		} else if err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) || e.Class != BadTime {
				t.Errorf("byte %d changed: %v", at, err)
			}
		}
	}
	for name, text := range map[string]string{"nothing": "", "no PEM": "x", "no root": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "text behind": string(a.PEM) + "x"} {
		if _, err := ParseAnchors([]byte(text)); err == nil {
			t.Errorf("anchors from %s", name)
		}
	}
	if _, err := Authorities([]byte(`{"timestampAuthorities":[{"uri":"x","certChain":{"certificates":[]}}]}`)); err == nil {
		t.Error("an authority without a certificate")
	}
	if !json.Valid(s.bundle) {
		t.Error("the bundle changed")
	}
}

func FuzzTime(f *testing.F) {
	s := newSigned(f)
	a, anchors := authority(f, stamptest.Wrong{})
	response, want, err := RequestTime(context.Background(), nil, a.Server.URL, anchors, s.signature)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(response)
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, err := anchors.Check(text, s.signature); err == nil && !got.Time.Equal(want.Time) {
			t.Error("another time holds")
		}
	})
}
