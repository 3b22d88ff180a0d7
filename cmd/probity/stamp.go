package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"probity"
	"probity/internal/attest"
	"probity/internal/custody"
	"probity/internal/durable"
)

// trustedRoot is the file from which Sigstore's tools, and ours, know the
// ledger and the time stamp authorities.
const trustedRoot = "trusted_root.json"

// A stamper has the times of signatures stamped.
type stamper struct {
	url     string
	anchors *attest.Anchors
	dir     string // of the signatures
}

// newStamper returns the stamper that the flags, or else the case, name; nil if
// they name none.
func newStamper(c *probity.Case, url, certificate string) (*stamper, error) {
	if url == "" {
		url = c.Times.URL
	}
	if certificate == "" && c.Times.Certificate != "" {
		certificate = filepath.Join(c.Dir, c.Times.Certificate)
	}
	switch {
	case url == "":
		return nil, nil
	case certificate == "":
		return nil, usageError("--tsa needs --tsa-certificate: a PEM file with the root of the authority")
	}
	text, err := os.ReadFile(certificate)
	if err != nil {
		return nil, fmt.Errorf("the certificate of the time stamp authority: %w", err)
	}
	anchors, err := attest.ParseAnchors(text)
	if err != nil {
		return nil, fmt.Errorf("the certificate of the time stamp authority: %s: %w", certificate, err)
	}
	return &stamper{url, anchors, filepath.Join(c.Dir, signatures)}, nil
}

// stamp adds a time stamp to the bundle of the signature at a leaf: the
// authority to the trusted root first, so that no stamp stands without it.
func (s *stamper) stamp(ctx context.Context, b *custody.Book, by string, leaf int64) (*attest.Stamp, error) {
	file := filepath.Join(s.dir, fileName(by)+".sigstore.json")
	bundle, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	signature, _, err := attest.SignatureOf(bundle)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	response, stamp, err := attest.RequestTime(ctx, nil, s.url, s.anchors, signature)
	if err != nil {
		return nil, err
	}
	if err := custody.CheckTime(b.Events, leaf, stamp.Time, stamp.Accuracy); err != nil {
		return nil, fmt.Errorf("the time stamp authority %s, or the clock of this machine, is wrong: %w", s.url, err)
	}
	if bundle, err = attest.AddTime(bundle, response); err != nil {
		return nil, err
	}
	if err := writeTrustedRoot(s.dir, b, &attest.Authority{URL: s.url, Chain: stamp.Chain}); err != nil {
		return nil, err
	}
	return stamp, durable.Replace(file, bundle)
}

// writeTrustedRoot writes the trusted root with the authorities that it had,
// and one more unless it is nil.
func writeTrustedRoot(dir string, b *custody.Book, more *attest.Authority) error {
	list, err := knownAuthorities(dir)
	if err != nil {
		return err
	}
	if more != nil {
		list = attest.WithAuthority(list, *more)
	}
	root, err := attest.TrustedRoot(b.View().Vkey(), b.Events[0].At.UTC().Format(time.RFC3339), list...)
	if err != nil {
		return err
	}
	return durable.Replace(filepath.Join(dir, trustedRoot), root)
}

func knownAuthorities(dir string) ([]attest.Authority, error) {
	text, err := os.ReadFile(filepath.Join(dir, trustedRoot))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := attest.Authorities(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, trustedRoot), err)
	}
	return list, nil
}

// stampLater adds a time stamp to each signature of a review that has none.
func stampLater(ctx context.Context, t *talk, c *probity.Case, s *stamper, content []byte) error {
	if s == nil {
		return usageError("no time stamp authority: name one with --tsa and --tsa-certificate, or in the case as review: {time_authority: {url: ..., certificate: ...}}")
	}
	b, err := custody.Read(c.Dir, custody.Options{})
	if err != nil {
		return err
	}
	if content, err = sealedReview(b, c, content); err != nil {
		return err
	}
	r := b.Reviewed(digest(content))
	type one struct {
		by   string
		leaf int64
	}
	var list []one
	for _, x := range r.Signed {
		list = append(list, one{x.By, x.Leaf})
	}
	for _, x := range r.Dissent {
		list = append(list, one{x.By, x.Leaf})
	}
	if len(list) == 0 {
		return fmt.Errorf("nobody has signed this review: probity sign comes first")
	}
	for _, x := range list {
		bundle, err := os.ReadFile(filepath.Join(s.dir, fileName(x.by)+".sigstore.json"))
		if err != nil {
			return err
		}
		if _, have, err := attest.SignatureOf(bundle); err != nil {
			return err
		} else if len(have) > 0 {
			fmt.Fprintf(t.out, "%s: has a time stamp\n", x.by)
			continue
		}
		stamp, err := s.stamp(ctx, b, x.by, x.leaf)
		if err != nil {
			return fmt.Errorf("the signature of %s: %w", x.by, err)
		}
		fmt.Fprintf(t.out, "%s: stamped %s by %s\n", x.by, stamp.Time.Format(time.RFC3339), stamp.By())
	}
	return nil
}

// checkTimes verifies the time stamps of a signature, and says them in words.
func checkTimes(dir string, events []*custody.Event, v *attest.Verified) (string, error) {
	if len(v.Times) == 0 {
		return "", nil
	}
	list, err := knownAuthorities(dir)
	if err != nil {
		return "", err
	}
	anchors, err := attest.AnchorsOf(list)
	if err != nil {
		return "", err
	}
	words := ""
	for _, response := range v.Times {
		s, err := anchors.Check(response, v.Signature)
		if err == nil {
			err = custody.CheckTime(events, v.Index, s.Time, s.Accuracy)
		}
		if err != nil {
			return "", fmt.Errorf("its time stamp: %w", err)
		}
		words += fmt.Sprintf(", stamped %s by %s", s.Time.Format(time.RFC3339), s.By())
	}
	return words, nil
}
