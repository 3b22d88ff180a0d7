// Package stamptest is a time stamp authority (RFC 3161) for tests: a real
// server on loopback, with certificates of its own, that can be told to do
// wrong.
package stamptest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/digitorus/timestamp"
)

// An Authority stamps what it is sent.
type Authority struct {
	Server *httptest.Server
	PEM    []byte // the root
	key    crypto.Signer
	cert   *x509.Certificate
	root   *x509.Certificate
	wrong  Wrong
}

// Wrong is what an authority does wrong; the zero value does nothing wrong.
type Wrong struct {
	Time     func() time.Time   // of the stamps; time.Now if nil
	Validity [2]time.Time       // of the certificate; around now if zero
	Usage    []x509.ExtKeyUsage // of the certificate; time stamps if nil
	Casual   bool               // its usage is not critical
	Nonce    bool               // the response answers another request
	Imprint  bool               // the stamp is of something else
	Bare     bool               // without its certificate
	Refuse   bool               // every request
	Fail     bool               // answers as a server that is out of order
	Noise    bool               // answers with something else
	Keys     string             // of the certificates: "P-256" if empty, "P-384" or "RSA"
}

// New starts an authority. The caller closes its Server.
func New(wrong Wrong) (*Authority, error) {
	a := &Authority{wrong: wrong}
	if a.wrong.Time == nil {
		a.wrong.Time = time.Now
	}
	if a.wrong.Usage == nil {
		a.wrong.Usage = []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}
	}
	if a.wrong.Validity[0].IsZero() {
		a.wrong.Validity = [2]time.Time{time.Now().Add(-48 * time.Hour), time.Now().Add(48 * time.Hour)}
	}
	if err := a.certify(); err != nil {
		return nil, err
	}
	a.Server = httptest.NewServer(a)
	return a, nil
}

func (a *Authority) certify() error {
	rootKey, err := a.newKey()
	if err != nil {
		return err
	}
	if a.key, err = a.newKey(); err != nil {
		return err
	}
	now := time.Now()
	root := &x509.Certificate{SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{Organization: []string{"Example Time"}, CommonName: "Example Time Root"},
		NotBefore: now.AddDate(-10, 0, 0), NotAfter: now.AddDate(10, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	raw, err := x509.CreateCertificate(rand.Reader, root, root, rootKey.Public(), rootKey)
	if err != nil {
		return err
	}
	if a.root, err = x509.ParseCertificate(raw); err != nil {
		return err
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(now.UnixNano() + 1), Subject: pkix.Name{Organization: []string{"Example Time"}, CommonName: "Example Time Stamps"},
		NotBefore: a.wrong.Validity[0], NotAfter: a.wrong.Validity[1], KeyUsage: x509.KeyUsageDigitalSignature}
	usage, err := usageExtension(a.wrong.Usage, !a.wrong.Casual)
	if err != nil {
		return err
	}
	leaf.ExtraExtensions = []pkix.Extension{usage}
	if raw, err = x509.CreateCertificate(rand.Reader, leaf, a.root, a.key.Public(), rootKey); err != nil {
		return err
	}
	if a.cert, err = x509.ParseCertificate(raw); err != nil {
		return err
	}
	a.PEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw})
	return nil
}

func (a *Authority) newKey() (crypto.Signer, error) {
	switch a.wrong.Keys {
	case "P-384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "RSA":
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// usageExtension is an extended key usage, which x509 alone never marks as
// critical.
func usageExtension(usage []x509.ExtKeyUsage, critical bool) (pkix.Extension, error) {
	var ids []asn1.ObjectIdentifier
	for _, u := range usage {
		id := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
		if u == x509.ExtKeyUsageCodeSigning {
			id[8] = 3
		}
		ids = append(ids, id)
	}
	value, err := asn1.Marshal(ids)
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: critical, Value: value}, err
}

// ServeHTTP implements http.Handler.
func (a *Authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "want a query", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	if a.wrong.Fail {
		http.Error(w, "out of order", http.StatusServiceUnavailable)
		return
	}
	answer, err := a.Answer(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Write(answer)
}

// Answer answers a request.
func (a *Authority) Answer(query []byte) ([]byte, error) {
	q, err := timestamp.ParseRequest(query)
	switch {
	case err != nil:
		return nil, err
	case a.wrong.Refuse:
		return timestamp.CreateErrorResponse(timestamp.Rejection, timestamp.TimeNotAvailable)
	case a.wrong.Noise:
		return bytes.Repeat([]byte("noise"), 100), nil
	}
	t := timestamp.Timestamp{HashAlgorithm: q.HashAlgorithm, HashedMessage: q.HashedMessage, Time: a.wrong.Time().UTC().Truncate(time.Second),
		Accuracy: time.Second, Nonce: q.Nonce, Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, AddTSACertificate: !a.wrong.Bare}
	if a.wrong.Nonce {
		t.Nonce = big.NewInt(7)
	}
	if a.wrong.Imprint {
		t.HashedMessage = bytes.Repeat([]byte{7}, len(t.HashedMessage))
	}
	return t.CreateResponseWithOpts(a.cert, a.key, q.HashAlgorithm)
}

// Stamp returns a response for a signature, asked for without a server, and the
// certificates from the signer to the root.
func (a *Authority) Stamp(signature []byte) ([]byte, []*x509.Certificate, error) {
	query, err := timestamp.CreateRequest(bytes.NewReader(signature), &timestamp.RequestOptions{Certificates: true})
	if err != nil {
		return nil, nil, err
	}
	response, err := a.Answer(query)
	return response, []*x509.Certificate{a.cert, a.root}, err
}
