package verify

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"probity/internal/attest"
	"probity/internal/custody"
)

// anchors returns the certificates by which time stamps are believed: those
// that the reader knows, or else those that the bundle brings.
func (b *bundle) anchors() (*attest.Anchors, string, error) {
	if b.opts.TimeAuthority != nil {
		a, err := attest.ParseAnchors(b.opts.TimeAuthority)
		return a, "by the authority that you know", err
	}
	text, err := b.read("data/signatures/trusted_root.json")
	if err != nil {
		return nil, "", err
	}
	if err := strict(text, new(any)); err != nil {
		return nil, "", fmt.Errorf("trusted_root.json: %w", err)
	}
	list, err := attest.Authorities(text)
	if err != nil {
		return nil, "", fmt.Errorf("trusted_root.json: %w", err)
	}
	a, err := attest.AnchorsOf(list)
	if err != nil {
		return nil, "", fmt.Errorf("trusted_root.json: %w", err)
	}
	return a, "by the authority that the bundle names, root " + strings.Join(a.Roots(), " "), nil
}

// times verifies the time stamps of every signature that is there, and compares
// them with the ledger.
func (b *bundle) times() (string, error) {
	files, err := fs.Glob(b.fsys, "data/signatures/*.sigstore.json")
	if err != nil {
		return "", err
	}
	var anchors *attest.Anchors
	var whose string
	var words []string
	for _, f := range files {
		text, err := b.read(f)
		if err != nil {
			return "", err
		}
		signature, responses, err := attest.SignatureOf(text)
		if err != nil {
			return "", fmt.Errorf("%s: %w", path.Base(f), err)
		}
		leaf := b.place(signature)
		if len(responses) > 0 && leaf < 0 {
			return "", fmt.Errorf("%s: its signature is no leaf of this ledger", path.Base(f))
		}
		name := b.signer(leaf)
		for _, response := range responses {
			if anchors == nil {
				if anchors, whose, err = b.anchors(); err != nil {
					return "", err
				}
			}
			s, err := anchors.Check(response, signature)
			if err == nil {
				err = custody.CheckTime(b.events, leaf, s.Time, s.Accuracy)
			}
			if err != nil {
				return "", fmt.Errorf("the time stamp of %s: %w", name, err)
			}
			words = append(words, fmt.Sprintf("%s on %s", name, s.Time.Format("2006-01-02 15:04:05 UTC")))
		}
	}
	if len(words) == 0 {
		return "no time stamps", nil
	}
	return strings.Join(words, "; ") + ", " + whose, nil
}

// signer returns who signed a leaf, by the events.
func (b *bundle) signer(leaf int64) string {
	for _, e := range b.events {
		switch x := e.Body.(type) {
		case *custody.Signed:
			if x.Leaf == leaf {
				return x.By
			}
		case *custody.Dissent:
			if x.Leaf == leaf {
				return x.By
			}
		}
	}
	return fmt.Sprintf("leaf %d", leaf)
}

// place returns the leaf that a signature is, or -1.
func (b *bundle) place(signature []byte) int64 {
	for i, leaf := range b.leaves {
		if attest.IsLeafOf(leaf, signature) {
			return int64(i)
		}
	}
	return -1
}

// witnessPolicy checks that the bundle has the policy of witnesses that the
// policy in force for the review names.
func (b *bundle) witnessPolicy(r custody.Reviewed) error {
	text, err := b.read("data/" + custody.WitnessFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, err = custody.WitnessPolicy(text, r)
	return err
}

// witnesses looks for the cosignatures that the reader wants, or else those
// that the bundle's own policy does.
func (b *bundle) witnesses() (string, error) {
	text, whose := b.opts.Policy, "that you gave"
	if text == nil {
		var err error
		if text, err = b.read("data/" + custody.WitnessFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		whose = "of the bundle"
	}
	p, err := custody.WitnessPolicy(text, custody.Reviewed{})
	if err != nil {
		return "", err
	}
	if p == nil {
		return "no policy of witnesses was given, and the bundle has none", nil
	}
	n, k, met, err := p.Cosigned(b.view.Checkpoint(), b.view.Vkey())
	if err != nil {
		return "", err
	}
	if !met {
		return "", fmt.Errorf("%d of %d witnesses cosigned, and the policy %s wants more", n, k, whose)
	}
	return fmt.Sprintf("%d of %d witnesses cosigned, as the policy %s wants it", n, k, whose), nil
}
