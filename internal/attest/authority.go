package attest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"github.com/digitorus/timestamp"

	"probity/internal/seal"
)

// An Authority is a time stamp authority as a trusted root names it.
type Authority struct {
	URL   string
	Chain []*x509.Certificate // from the signer of stamps to the root
}

// RequestTime asks the authority at a URL to stamp a signature (RFC 3161 over
// HTTP), and returns its response as it came and what it says. The response
// was checked against the anchors, and answers this request.
func RequestTime(ctx context.Context, client *http.Client, url string, anchors *Anchors, signature []byte) ([]byte, *Stamp, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return nil, nil, err
	}
	query, err := timestamp.CreateRequest(bytes.NewReader(signature), &timestamp.RequestOptions{Certificates: true, Nonce: nonce})
	if err != nil {
		return nil, nil, err
	}
	response, err := ask(ctx, client, url, query)
	if err != nil {
		return nil, nil, fmt.Errorf("the time stamp authority %s: %w", url, err)
	}
	s, err := anchors.Check(response, signature)
	if err == nil && (s.nonce == nil || s.nonce.Cmp(nonce) != 0) {
		err = fail(BadTime, "the response answers another request")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the time stamp authority %s: %w", url, err)
	}
	return response, s, nil
}

func ask(ctx context.Context, client *http.Client, url string, query []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(query))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %s", res.Status)
	}
	return io.ReadAll(io.LimitReader(res.Body, maxToken+1))
}

// Authorities returns the time stamp authorities of a trusted root.
func Authorities(trustedRoot []byte) ([]Authority, error) {
	var r struct {
		Authorities []struct {
			URI   string `json:"uri"`
			Chain struct {
				Certificates []struct {
					Raw []byte `json:"rawBytes"`
				} `json:"certificates"`
			} `json:"certChain"`
		} `json:"timestampAuthorities"`
	}
	if err := json.Unmarshal(trustedRoot, &r); err != nil {
		return nil, err
	}
	var out []Authority
	for _, a := range r.Authorities {
		next := Authority{URL: a.URI}
		for _, c := range a.Chain.Certificates {
			cert, err := x509.ParseCertificate(c.Raw)
			if err != nil {
				return nil, fmt.Errorf("the time stamp authority %s: %w", a.URI, err)
			}
			next.Chain = append(next.Chain, cert)
		}
		if len(next.Chain) == 0 {
			return nil, fmt.Errorf("the time stamp authority %s has no certificate", a.URI)
		}
		out = append(out, next)
	}
	return out, nil
}

// CheckTrustedRoot checks that a trusted root names the ledger with the key
// vkey, and no other log and no certificate authority: whoever verifies with
// stock tools believes what it names.
func CheckTrustedRoot(text []byte, vkey string) error {
	name, key, err := logKey(vkey)
	if err != nil {
		return err
	}
	id, err := logID(vkey)
	if err != nil {
		return err
	}
	var r struct {
		Logs []struct {
			URL string `json:"baseUrl"`
			Key struct {
				Raw []byte `json:"rawBytes"`
			} `json:"publicKey"`
			ID struct {
				KeyID []byte `json:"keyId"`
			} `json:"logId"`
		} `json:"tlogs"`
		CAs    []json.RawMessage `json:"certificateAuthorities"`
		CTLogs []json.RawMessage `json:"ctlogs"`
	}
	if _, err := seal.Decode(text); err != nil {
		return err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	if len(r.Logs) != 1 || len(r.CAs)+len(r.CTLogs) > 0 || r.Logs[0].URL != "https://"+name || !bytes.Equal(r.Logs[0].Key.Raw, ed25519SPKI(key)) || !bytes.Equal(r.Logs[0].ID.KeyID, id) {
		return errors.New("it does not name this ledger alone")
	}
	return nil
}

// AnchorsOf returns the anchors that authorities of a trusted root give.
func AnchorsOf(list []Authority) (*Anchors, error) {
	a := &Anchors{}
	for _, x := range list {
		for _, c := range x.Chain {
			a.add(c)
		}
	}
	if len(a.roots) == 0 {
		return nil, errors.New("no authority has a root")
	}
	return a, nil
}

// WithAuthority returns authorities and one more, if it is not among them.
func WithAuthority(list []Authority, a Authority) []Authority {
	for _, x := range list {
		if x.Chain[0].Equal(a.Chain[0]) && x.Chain[len(x.Chain)-1].Equal(a.Chain[len(a.Chain)-1]) {
			return list
		}
	}
	return append(list, a)
}

// object is this authority in the JSON of a trusted root.
func (a *Authority) object() map[string]any {
	type object = map[string]any
	certs := []any{}
	for _, c := range a.Chain {
		certs = append(certs, object{"rawBytes": c.Raw})
	}
	first := a.Chain[0]
	organization := ""
	if len(first.Subject.Organization) > 0 {
		organization = first.Subject.Organization[0]
	}
	return object{
		"subject":   object{"organization": organization, "commonName": first.Subject.CommonName},
		"uri":       a.URL,
		"certChain": object{"certificates": certs},
		"validFor":  object{"start": first.NotBefore.UTC().Format(time.RFC3339), "end": first.NotAfter.UTC().Format(time.RFC3339)},
	}
}
