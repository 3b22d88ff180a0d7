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
			"digestS3Object":             fmt.Sprintf("AWSLogs/%s/CloudTrail-Digest/%s/%s/%s_CloudTrail-Digest_%s_%s_%s_%s%s.json.gz", t.Account, t.Region, end.Format("2006/01/02"), t.Account, t.Region, t.Name, t.Region, end.Format("20060102T150405Z"), suffix),
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

// sign writes a digest and its metadata.
func (t *Trail) sign(dir string, d map[string]any) (signature, hash string, err error) {
	text, err := json.Marshal(d)
	if err != nil {
		return "", "", err
	}
	text = bytes.ReplaceAll(text, []byte("/"), []byte(`\/`)) // as AWS escapes them
	sum := sha256.Sum256(text)
	hash = hex.EncodeToString(sum[:])
	previous := "null"
	if s, ok := d["previousDigestSignature"].(string); ok {
		previous = s
	}
	signed := sha256.Sum256([]byte(d["digestEndTime"].(string) + "\n" + t.Bucket + "/" + d["digestS3Object"].(string) + "\n" + hash + "\n" + previous))
	raw, err := rsa.SignPKCS1v15(rand.Reader, t.Key, crypto.SHA256, signed[:])
	if err != nil {
		return "", "", err
	}
	signature = hex.EncodeToString(raw)
	name := d["digestS3Object"].(string)
	if err := putPacked(dir, name, text); err != nil {
		return "", "", err
	}
	head, err := json.MarshalIndent(map[string]any{"ContentEncoding": "gzip", "Metadata": map[string]string{"signature": signature, "signature-algorithm": "SHA256withRSA"}}, "", "    ")
	if err != nil {
		return "", "", err
	}
	return signature, hash, put(dir, name+".head-object.json", head)
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
