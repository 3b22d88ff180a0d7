package simulate

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// A Trail is a chain of CloudTrail digests and the log files that they name,
// as AWS lays them out in a bucket.
type Trail struct {
	Account, Region, Bucket, Name string
	Start                         time.Time // of the first digest
	Hours                         int
	FilesPerHour                  int // log files; hours divisible by three have none
	Key                           *rsa.PrivateKey
	SPKI                          bool // the public key as SPKI instead of PKCS#1
	Backfill                      bool // the last hour's files come in a backfill digest
}

// A WrittenTrail names what was written, below the folder, in order.
type WrittenTrail struct {
	Digests, Logs []string
	Keys          string
}

// Write writes the chain below dir: digests, their metadata as head-object
// prints it, log files, and the public keys.
func (t *Trail) Write(dir string) (*WrittenTrail, error) {
	out := &WrittenTrail{Keys: "list-public-keys.json"}
	der := x509.MarshalPKCS1PublicKey(&t.Key.PublicKey)
	if t.SPKI {
		var err error
		if der, err = x509.MarshalPKIXPublicKey(&t.Key.PublicKey); err != nil {
			return nil, err
		}
	}
	sum := md5.Sum(der)
	fingerprint := hex.EncodeToString(sum[:])
	keys, err := json.Marshal(map[string]any{"PublicKeyList": []any{map[string]any{"Value": base64.StdEncoding.EncodeToString(der),
		"ValidityStartTime": t.Start.AddDate(0, -1, 0).Format(time.RFC3339), "ValidityEndTime": t.Start.AddDate(0, 1, 0).Format(time.RFC3339), "Fingerprint": fingerprint}}})
	if err != nil {
		return nil, err
	}
	if err := put(dir, out.Keys, keys); err != nil {
		return nil, err
	}
	var before map[string]any
	for h := range t.Hours {
		start := t.Start.Add(time.Duration(h) * time.Hour)
		end := start.Add(time.Hour)
		var logs []any
		for i := range t.FilesPerHour {
			if h%3 == 2 {
				break
			}
			at := start.Add(time.Duration(10+15*i) * time.Minute)
			name, text := t.log(at, i)
			if err := putPacked(dir, name, text); err != nil {
				return nil, err
			}
			hash := sha256.Sum256(text)
			out.Logs = append(out.Logs, name)
			logs = append(logs, map[string]any{"s3Bucket": t.Bucket, "s3Object": name, "hashValue": hex.EncodeToString(hash[:]), "hashAlgorithm": "SHA-256",
				"newestEventTime": at.Format(time.RFC3339), "oldestEventTime": at.Format(time.RFC3339)})
		}
		suffix := ""
		if t.Backfill && h == t.Hours-1 {
			suffix = "_backfill"
		}
		d := map[string]any{"awsAccountId": t.Account, "digestStartTime": start.Format(time.RFC3339), "digestEndTime": end.Format(time.RFC3339), "digestS3Bucket": t.Bucket,
			"digestS3Object":             t.digestName(end, suffix),
			"digestPublicKeyFingerprint": fingerprint, "digestSignatureAlgorithm": "SHA256withRSA", "newestEventTime": nil, "oldestEventTime": nil,
			"previousDigestS3Bucket": nil, "previousDigestS3Object": nil, "previousDigestHashValue": nil, "previousDigestHashAlgorithm": nil, "previousDigestSignature": nil, "logFiles": logs}
		if logs == nil {
			d["logFiles"] = []any{}
		}
		for k, v := range before {
			d[k] = v
		}
		signature, hash, err := t.sign(dir, d)
		if err != nil {
			return nil, err
		}
		out.Digests = append(out.Digests, d["digestS3Object"].(string))
		before = map[string]any{"previousDigestS3Bucket": t.Bucket, "previousDigestS3Object": d["digestS3Object"], "previousDigestHashValue": hash,
			"previousDigestHashAlgorithm": "SHA-256", "previousDigestSignature": signature}
	}
	return out, nil
}

// log returns a log file with one event.
func (t *Trail) log(at time.Time, i int) (name string, text []byte) {
	id := sha256.Sum256(fmt.Appendf(nil, "%s %d", at, i))
	name = fmt.Sprintf("AWSLogs/%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%s_%s.json.gz", t.Account, t.Region, at.Format("2006/01/02"), t.Account, t.Region,
		at.Add(5*time.Minute).Format("20060102T1504Z"), strings.ToUpper(hex.EncodeToString(id[:8])))
	text = fmt.Appendf(nil, `{"Records":[{"eventVersion":"1.10","userIdentity":{"type":"AWSService","invokedBy":"s3.amazonaws.com"},"eventTime":"%s","eventSource":"s3.amazonaws.com","eventName":"PutObject","awsRegion":"%s","sourceIPAddress":"s3.amazonaws.com","requestParameters":{"bucketName":"store","key":"k"},"responseElements":null,"eventID":"%x","eventType":"AwsApiCall","recipientAccountId":"%s","eventCategory":"Data"}]}`,
		at.Format(time.RFC3339), t.Region, id[8:16], t.Account)
	return name, text
}

// A signedDigest is a digest with its metadata, as head-object prints it.
type signedDigest struct {
	name            string
	text, head      []byte
	signature, hash string
}

// sign writes a digest and its metadata.
func (t *Trail) sign(dir string, d map[string]any) (signature, hash string, err error) {
	x, err := t.signed(d)
	if err != nil {
		return "", "", err
	}
	if err := putPacked(dir, x.name, x.text); err != nil {
		return "", "", err
	}
	return x.signature, x.hash, put(dir, x.name+".head-object.json", x.head)
}

// signed makes a digest and its metadata.
func (t *Trail) signed(d map[string]any) (x signedDigest, err error) {
	if x.text, err = json.Marshal(d); err != nil {
		return x, err
	}
	x.text = bytes.ReplaceAll(x.text, []byte("/"), []byte(`\/`)) // as AWS escapes them
	sum := sha256.Sum256(x.text)
	x.hash = hex.EncodeToString(sum[:])
	previous := "null"
	if s, ok := d["previousDigestSignature"].(string); ok {
		previous = s
	}
	x.name = d["digestS3Object"].(string)
	digest := sha256.Sum256([]byte(d["digestEndTime"].(string) + "\n" + t.Bucket + "/" + x.name + "\n" + x.hash + "\n" + previous))
	raw, err := rsa.SignPKCS1v15(rand.Reader, t.Key, crypto.SHA256, digest[:])
	if err != nil {
		return x, err
	}
	x.signature = hex.EncodeToString(raw)
	x.head, err = json.MarshalIndent(map[string]any{"ContentEncoding": "gzip", "Metadata": map[string]string{"signature": x.signature, "signature-algorithm": "SHA256withRSA"}}, "", "    ")
	return x, err
}

func putPacked(dir, name string, text []byte) error {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return put(dir, name, b.Bytes())
}

func put(dir, name string, data []byte) error {
	p := filepath.Join(dir, filepath.FromSlash(path.Clean("/"+name)))
	if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
		return err
	}
	return os.WriteFile(p, data, 0o666)
}
