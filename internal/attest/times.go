package attest

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"
)

// BadTime is the class of a time stamp that does not hold.
const BadTime Class = "time"

// maxToken bounds a response of a time stamp authority.
const maxToken = 1 << 16

// Anchors are the certificates by which time stamps are believed: roots, and
// what may lie between them and a signer.
type Anchors struct {
	roots, between []*x509.Certificate
}

// ParseAnchors reads the certificates of a time stamp authority from PEM: at
// least one root, which is issued by itself.
func ParseAnchors(text []byte) (*Anchors, error) {
	a := &Anchors{}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("a PEM block %q: want certificates alone", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		a.add(c)
	}
	if len(bytes.TrimSpace(text)) > 0 {
		return nil, errors.New("text that is no PEM block")
	}
	if len(a.roots) == 0 {
		return nil, errors.New("no root among the certificates: add the one that is issued by itself")
	}
	return a, nil
}

func (a *Anchors) add(c *x509.Certificate) {
	to := &a.between
	if bytes.Equal(c.RawIssuer, c.RawSubject) && c.CheckSignatureFrom(c) == nil {
		to = &a.roots
	}
	if !slices.ContainsFunc(*to, c.Equal) {
		*to = append(*to, c)
	}
}

// Roots returns the SHA-256 of each root, in hex, by which a reader compares
// it with what the authority publishes.
func (a *Anchors) Roots() []string {
	var out []string
	for _, c := range a.roots {
		out = append(out, fmt.Sprintf("%x", sha256.Sum256(c.Raw)))
	}
	return out
}

// A Stamp is what a time stamp that holds says: that a signature was there at
// a time.
type Stamp struct {
	Time     time.Time
	Accuracy time.Duration
	Chain    []*x509.Certificate // from the signer of the stamp to a root
	nonce    *big.Int
}

// By names the authority as its certificate does.
func (s *Stamp) By() string { return s.Chain[0].Subject.String() }

// Check verifies a response of a time stamp authority (RFC 3161) over a
// signature: the stamp is of these bytes, one signer signed it, whose
// certificate stands in it, is for time stamps alone, and leads to a root that
// was valid at that time. An error is an [*Error].
func (a *Anchors) Check(response, signature []byte) (*Stamp, error) {
	if len(response) > maxToken {
		return nil, fail(BadTime, "it has %d bytes, and a time stamp at most %d", len(response), maxToken)
	}
	t, err := timestamp.ParseResponse(response)
	if err != nil {
		return nil, fail(BadTime, "%w", err)
	}
	sum := sha256.Sum256(signature)
	if t.HashAlgorithm != crypto.SHA256 || !bytes.Equal(t.HashedMessage, sum[:]) {
		return nil, fail(BadTime, "the stamp is not of this signature")
	}
	p7, err := pkcs7.Parse(t.RawToken)
	if err != nil {
		return nil, fail(BadTime, "%w", err)
	}
	signer := p7.GetOnlySigner()
	if signer == nil {
		return nil, fail(BadTime, "want one signer, whose certificate stands in the stamp")
	}
	if err := p7.Verify(); err != nil {
		return nil, fail(BadTime, "the signature of the stamp: %w", err)
	}
	if err := errors.Join(boundTo(p7, signer), forStamps(signer)); err != nil {
		return nil, fail(BadTime, "%w", err)
	}
	chain, err := a.chain(signer, p7.Certificates, t.Time)
	if err != nil {
		return nil, fail(BadTime, "the certificate of %q: %w", signer.Subject, err)
	}
	return &Stamp{Time: t.Time.UTC(), Accuracy: t.Accuracy, Chain: chain, nonce: t.Nonce}, nil
}

func (a *Anchors) chain(signer *x509.Certificate, beside []*x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	opts := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}}
	for _, c := range a.roots {
		opts.Roots.AddCert(c)
	}
	for _, c := range append(slices.Clone(a.between), beside...) {
		opts.Intermediates.AddCert(c)
	}
	chains, err := signer.Verify(opts)
	if err != nil {
		return nil, err
	}
	return chains[0], nil
}

// The signed attributes that a stamp must have: RFC 3161, 2.4.2, and RFC 5816.
var (
	oidContentType = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidTSTInfo     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidSignerV1    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSignerV2    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidSHA256      = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidExtKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
)

// boundTo checks that what was signed is a time stamp, and names the signer's
// certificate.
func boundTo(p7 *pkcs7.PKCS7, signer *x509.Certificate) error {
	var content asn1.ObjectIdentifier
	if err := p7.UnmarshalSignedAttribute(oidContentType, &content); err != nil || !content.Equal(oidTSTInfo) {
		return errors.New("what was signed is no time stamp")
	}
	var v2 struct {
		Certs []asn1.RawValue
		Rest  []asn1.RawValue `asn1:"optional"`
	}
	if err := p7.UnmarshalSignedAttribute(oidSignerV2, &v2); err == nil && len(v2.Certs) > 0 {
		if sum := sha256.Sum256(signer.Raw); certHash(v2.Certs[0].Bytes, true, sum[:]) {
			return nil
		}
		return errors.New("the stamp names another certificate of its signer")
	}
	var v1 struct {
		Certs []asn1.RawValue
		Rest  []asn1.RawValue `asn1:"optional"`
	}
	if err := p7.UnmarshalSignedAttribute(oidSignerV1, &v1); err == nil && len(v1.Certs) > 0 {
		if sum := sha1.Sum(signer.Raw); certHash(v1.Certs[0].Bytes, false, sum[:]) { // an identifier beside the whole certificate: RFC 3161 knows no other
			return nil
		}
	}
	return errors.New("the stamp does not name the certificate of its signer")
}

// certHash reports whether an ESSCertID, or an ESSCertIDv2, begins with a hash.
func certHash(id []byte, v2 bool, want []byte) bool {
	var first asn1.RawValue
	rest, err := asn1.Unmarshal(id, &first)
	if err == nil && v2 && first.Tag == asn1.TagSequence { // an algorithm that is not left out
		var alg asn1.ObjectIdentifier
		if _, err := asn1.Unmarshal(first.Bytes, &alg); err != nil || !alg.Equal(oidSHA256) {
			return false
		}
		_, err = asn1.Unmarshal(rest, &first)
	}
	return err == nil && first.Tag == asn1.TagOctetString && bytes.Equal(first.Bytes, want)
}

// forStamps checks that a certificate is for time stamps and nothing else, and
// says so critically: RFC 3161, 2.3.
func forStamps(c *x509.Certificate) error {
	at := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidExtKeyUsage) })
	if at < 0 || !c.Extensions[at].Critical || len(c.UnknownExtKeyUsage) > 0 || !slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}) {
		return fmt.Errorf("the certificate of %q is not for time stamps alone", c.Subject)
	}
	return nil
}

// AddTime returns a bundle with one more response of a time stamp authority,
// or the same bundle if it has it already. The response must have been checked.
func AddTime(bundle, response []byte) ([]byte, error) {
	b, err := parseBundle(bundle)
	if err != nil {
		return nil, err
	}
	if b.Material.Times == nil {
		b.Material.Times = &Times{}
	}
	for _, s := range b.Material.Times.RFC3161 {
		if bytes.Equal(s.Signed, response) {
			return bundle, nil
		}
	}
	b.Material.Times.RFC3161 = append(b.Material.Times.RFC3161, SignedTime{response})
	text, err := json.MarshalIndent(b, "", "  ")
	return append(text, '\n'), err
}

// SignatureOf returns the signature in a bundle, and its time stamps; neither
// is checked.
func SignatureOf(bundle []byte) (signature []byte, responses [][]byte, err error) {
	b, err := parseBundle(bundle)
	if err != nil {
		return nil, nil, err
	}
	return b.Envelope.Signatures[0].Sig, b.times(), nil
}

func (b *Bundle) times() [][]byte {
	var out [][]byte
	if b.Material.Times != nil {
		for _, t := range b.Material.Times.RFC3161 {
			out = append(out, t.Signed)
		}
	}
	return out
}
