package source

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"runtime"
	"sort"
	"strings"
	"sync"
	"time"

	"probity"
	"probity/internal/evidence"
	"probity/internal/table"
)

// The digest chain of CloudTrail (user guide, log file validation): every hour
// a digest file names the log files that were delivered, with their hashes,
// and the digest before it. Each is signed; the signature stands in the
// metadata of the object in S3, and again in the digest that follows. It is
// verified here on copies, offline: the bucket and key that are signed are
// those that the digest itself states.

// A digest is one digest file.
type digest struct {
	file            *evidence.File
	sum             string // SHA-256 of the decompressed content, hex
	damage          string
	account, region string
	bucket, object  string
	fingerprint     string
	start, end      time.Time
	endText         string
	previous        *previousDigest // nil: the chain begins here
	logs            []loggedFile
	backfill        bool

	next *digest // whose predecessor this is
}

type previousDigest struct{ bucket, object, hash, signature string }

// A loggedFile is what a digest says of a log file.
type loggedFile struct {
	object, hash   string
	oldest, newest time.Time
}

// trail is what was handed over of digest chains.
type trail struct {
	digests    []*digest
	signatures map[string]string // by the path of the metadata file, hex
	keys       map[string]*rsa.PublicKey
	logs       []*evidence.File // that hold events of CloudTrail
}

// check names of the results.
const (
	checkDigest  = "cloudtrail-digest"
	checkChain   = "cloudtrail-digest-chain"
	checkLogFile = "cloudtrail-log-file"
)

// verify checks the chains and writes the table trails: what the digests
// assert, and what they show to be missing or altered.
func (t *trail) verify(part *table.Part, integrity *[]probity.Integrity, warnings *[]string) error {
	if len(t.digests) == 0 {
		return nil
	}
	v := &verifier{trail: t, part: part}
	sort.Slice(t.digests, func(i, j int) bool {
		a, b := t.digests[i], t.digests[j]
		if !a.start.Equal(b.start) {
			return a.start.Before(b.start)
		}
		return a.file.SHA256 < b.file.SHA256
	})
	sort.Slice(t.logs, func(i, j int) bool { return t.logs[i].Path < t.logs[j].Path })
	if err := v.hashLogs(); err != nil {
		return err
	}
	v.link()
	for _, d := range t.digests {
		v.digest(d)
	}
	v.gaps()
	v.unlisted(warnings)
	*integrity = append(*integrity, v.checks...)
	return v.err
}

type verifier struct {
	*trail
	part   *table.Part
	checks []probity.Integrity
	err    error

	byHash   map[string]*evidence.File // log files, by the hash of their content
	byName   map[string]*evidence.File
	listed   map[*evidence.File]bool
	byObject map[string]*digest
}

func (v *verifier) check(f *evidence.File, check, result, format string, args ...any) {
	v.checks = append(v.checks, probity.Integrity{Exhibit: f.SHA256, Path: f.Path, Check: check, Result: result, Detail: fmt.Sprintf(format, args...)})
}

// span writes a row of the table trails.
func (v *verifier) span(d *digest, from, until time.Time, state, detail string) {
	r := table.Trail{Exhibit: d.file.SHA256, Provider: "aws", Account: d.account, Region: d.region,
		From: from.UnixMicro(), Until: until.UnixMicro(), State: state, Detail: detail}
	if err := v.part.Trail(&r); err != nil && v.err == nil {
		v.err = err
	}
}

// hashLogs computes the hash of the content of every log file, which is what a
// digest states: the file itself may have been packed anew.
func (v *verifier) hashLogs() error {
	sums := make([]string, len(v.logs))
	errs := make([]error, len(v.logs))
	work := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range work {
				sums[i], _, errs[i] = contentHash(v.logs[i])
			}
		})
	}
	for i := range v.logs {
		work <- i
	}
	close(work)
	wg.Wait()
	v.byHash, v.byName, v.listed = map[string]*evidence.File{}, map[string]*evidence.File{}, map[*evidence.File]bool{}
	for i, f := range v.logs {
		if errs[i] != nil {
			return errs[i]
		}
		if v.byHash[sums[i]] == nil {
			v.byHash[sums[i]] = f
		}
		if name := plainName(f.Path); v.byName[name] == nil {
			v.byName[name] = f
		}
	}
	return nil
}

// contentHash returns the SHA-256 of a file's decompressed content.
func contentHash(f *evidence.File) (sum, damage string, err error) {
	s, err := f.Open()
	if err != nil {
		return "", "", err
	}
	defer s.Close()
	h := sha256.New()
	if _, err := io.Copy(h, s); err != nil {
		return "", "", err
	}
	return hex.EncodeToString(h.Sum(nil)), s.Damage(), nil
}

// plainName is a file's name without the ending of a compression.
func plainName(p string) string { return strings.TrimSuffix(path.Base(p), ".gz") }

// link finds each digest's predecessor.
func (v *verifier) link() {
	v.byObject = map[string]*digest{}
	for _, d := range v.digests {
		if v.byObject[d.bucket+"/"+d.object] == nil {
			v.byObject[d.bucket+"/"+d.object] = d
		}
	}
	for _, d := range v.digests {
		if d.previous != nil {
			if p := v.byObject[d.previous.bucket+"/"+d.previous.object]; p != nil && p.next == nil {
				p.next = d
			}
		}
	}
}

// digest checks one digest: its signature, its predecessor and its log files.
func (v *verifier) digest(d *digest) {
	state := v.signed(d)
	if p := d.previous; p != nil {
		switch before := v.byObject[p.bucket+"/"+p.object]; {
		case before == nil && v.first(d):
			v.check(d.file, checkChain, "cannot_be_tested", "the digest before it, %s, was not handed over: the chain begins here", path.Base(p.object))
		case before == nil:
			v.check(d.file, checkChain, "missing", "the digest before it in the chain, %s, was not handed over", path.Base(p.object))
		case p.hash != "" && before.sum != p.hash:
			v.check(before.file, checkChain, "altered", "its hash is not the one that the next digest in the chain states")
		}
	}
	if state == "altered" {
		v.span(d, d.start, d.end, "altered", "the digest of this time does not verify: "+path.Base(d.object))
		return
	}
	v.span(d, d.start, d.end, "asserted", fmt.Sprintf("%d log files", len(d.logs)))
	for _, l := range d.logs {
		v.logFile(d, &l)
	}
}

// first reports whether no earlier digest of the chain was handed over.
func (v *verifier) first(d *digest) bool {
	for _, o := range v.digests {
		if o != d && o.chain() == d.chain() && o.start.Before(d.start) {
			return false
		}
	}
	return true
}

// chain names the chain that a digest belongs to: its trail writes one for
// each account and region; late deliveries have one of their own.
func (d *digest) chain() string {
	name := path.Base(d.object)
	if i := strings.LastIndexByte(name, '_'); i > 0 && !d.backfill {
		name = name[:i] // the time
	}
	return fmt.Sprint(d.account, "/", d.region, "/", d.bucket, "/", name, d.backfill)
}

// signed verifies the signature of a digest.
func (v *verifier) signed(d *digest) string {
	if d.damage != "" {
		v.check(d.file, checkDigest, "altered", "%s", d.damage)
		return "altered"
	}
	key := v.keys[d.fingerprint]
	signatures := v.signaturesOf(d)
	switch {
	case len(signatures) == 0:
		v.check(d.file, checkDigest, "cannot_be_tested", "its signature, which stands in the metadata of the S3 object or in the digest that follows, was not handed over")
		return "untested"
	case key == nil:
		v.check(d.file, checkDigest, "cannot_be_tested", "the public key %s was not handed over (aws cloudtrail list-public-keys)", d.fingerprint)
		return "untested"
	}
	sum := sha256.Sum256([]byte(d.toSign()))
	for _, s := range signatures {
		raw, err := hex.DecodeString(s)
		if err == nil && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw) == nil {
			v.check(d.file, checkDigest, "ok", "signed by the key %s; it states %d log files for %s to %s", d.fingerprint, len(d.logs), d.start.Format(time.RFC3339), d.end.Format(time.RFC3339))
			return "ok"
		}
	}
	v.check(d.file, checkDigest, "altered", "its signature does not fit its content")
	return "altered"
}

// toSign is the text that is signed.
func (d *digest) toSign() string {
	before := "null"
	if d.previous != nil && d.previous.signature != "" {
		before = d.previous.signature
	}
	return d.endText + "\n" + d.bucket + "/" + d.object + "\n" + d.sum + "\n" + before
}

// signaturesOf returns the signatures that are known for a digest: in the
// metadata beside it, in the digest that follows, or, where files were
// renamed, in any metadata that belongs to no other.
func (v *verifier) signaturesOf(d *digest) []string {
	var out []string
	for _, name := range []string{d.file.Path, strings.TrimSuffix(d.file.Path, ".gz")} {
		if s := v.signatures[name+".head-object.json"]; s != "" {
			out = append(out, s)
		}
	}
	if d.next != nil && d.next.previous.signature != "" {
		out = append(out, d.next.previous.signature)
	}
	if len(out) == 0 && len(v.signatures) <= 256 {
		for _, s := range v.signatures {
			out = append(out, s)
		}
		sort.Strings(out)
	}
	return out
}

// logFile checks a log file that a digest names.
func (v *verifier) logFile(d *digest, l *loggedFile) {
	name := path.Base(l.object)
	from, until := l.oldest, l.newest.Add(time.Second)
	if from.IsZero() || !until.After(from) {
		from, until = d.start, d.end
	}
	if f := v.byHash[l.hash]; f != nil {
		v.listed[f] = true
		return
	}
	if f := v.byName[plainName(name)]; f != nil {
		v.listed[f] = true
		v.check(f, checkLogFile, "altered", "%s: its hash is not the one that the digest %s states", name, path.Base(d.object))
		v.span(d, from, until, "altered", "the log file "+name+" is not the one that was delivered: its hash is not the one in the digest")
		return
	}
	v.check(d.file, checkLogFile, "missing", "%s: the digest states that it was delivered, and it was not handed over", name)
	v.span(d, from, until, "missing", "a digest states that the log file "+name+" was delivered, and it was not handed over")
}

// gaps reports the times between the digests of a chain for which none was
// handed over: one or several in a row may be gone.
func (v *verifier) gaps() {
	last := map[string]*digest{}
	for _, d := range v.digests {
		if d.backfill {
			continue
		}
		k := d.chain()
		if p := last[k]; p != nil && d.start.After(p.end) && d.previous != nil {
			detail := fmt.Sprintf("no digest was handed over for %s to %s: the next one in the chain names a predecessor that is not there", p.end.Format(time.RFC3339), d.start.Format(time.RFC3339))
			v.check(d.file, checkChain, "missing", "%s", detail)
			v.span(d, p.end, d.start, "missing", detail)
		}
		if p := last[k]; p == nil || d.end.After(p.end) {
			last[k] = d
		}
	}
}

// unlisted warns of log files within the time of the digests that none names.
func (v *verifier) unlisted(warnings *[]string) {
	n, example := 0, ""
	for _, f := range v.logs {
		if !v.listed[f] {
			if n++; example == "" {
				example = f.Path
			}
		}
	}
	if n > 0 {
		*warnings = append(*warnings, fmt.Sprintf("%d files of CloudTrail events are named by no digest that was handed over, the first is %s: their content is not vouched for", n, example))
	}
}

func detectDigest(o *opening) bool { return o.has("digestStartTime", "digestS3Object") }

// readDigest reads a digest file: the whole file is one record.
func readDigest(s *sink, in io.Reader) error {
	return readWhole(s, in, "not the JSON of a digest", func(data []byte) (hint, bool) {
		sum := sha256.Sum256(s.raw)
		d := &digest{file: s.file, sum: hex.EncodeToString(sum[:]), damage: s.stream.Damage()}
		str := func(name string) string { return valid(string(text(member(data, name)))) }
		d.account, d.bucket, d.object = string(awsAccount([]byte(str("awsAccountId")))), str("digestS3Bucket"), str("digestS3Object")
		d.fingerprint, d.endText = strings.ToLower(str("digestPublicKeyFingerprint")), str("digestEndTime")
		var ok1, ok2 bool
		d.start, ok1 = timeOf([]byte(str("digestStartTime")))
		d.end, ok2 = timeOf([]byte(d.endText))
		if !ok1 || !ok2 || d.object == "" || !d.start.Before(d.end) {
			return hint{}, false
		}
		d.region, d.backfill = regionOfKey(d.object), strings.Contains(path.Base(d.object), "backfill")
		if object := str("previousDigestS3Object"); object != "" {
			d.previous = &previousDigest{str("previousDigestS3Bucket"), object, strings.ToLower(str("previousDigestHashValue")), str("previousDigestSignature")}
		}
		elements(member(data, "logFiles"), func(_ int, f []byte) {
			if len(f) == 0 || f[0] != '{' {
				return
			}
			l := loggedFile{object: valid(string(text(member(f, "s3Object")))), hash: strings.ToLower(string(text(member(f, "hashValue"))))}
			l.oldest, _ = timeOf(text(member(f, "oldestEventTime")))
			l.newest, _ = timeOf(text(member(f, "newestEventTime")))
			d.logs = append(d.logs, l)
		})
		s.tally.add(func(t *tally) { t.trail.digests = append(t.trail.digests, d) })
		return hint{provider: "aws", account: d.account, time: d.start.UnixMicro()}, true
	})
}

func timeOf(b []byte) (time.Time, bool) {
	t, ok := parseTime(b)
	if !ok {
		return time.Time{}, false
	}
	return time.UnixMicro(t).UTC(), true
}

// regionOfKey returns the region in AWSLogs/ACCOUNT/CloudTrail-Digest/REGION/...
func regionOfKey(object string) string {
	parts := strings.Split(object, "/")
	for i, p := range parts {
		if p == "CloudTrail-Digest" && i+1 < len(parts) {
			return parts[i+1]
		}
	}
	return ""
}

func detectDigestMetadata(o *opening) bool {
	return o.any(func(x object) bool { return len(text(member(group(x["Metadata"]), "signature"))) > 0 })
}

// readDigestMetadata reads what head-object says of a digest: the signature is
// in it.
func readDigestMetadata(s *sink, in io.Reader) error {
	return readWhole(s, in, "not the JSON of head-object", func(data []byte) (hint, bool) {
		signature := string(text(member(group(member(data, "Metadata")), "signature")))
		if signature == "" {
			return hint{}, false
		}
		s.tally.add(func(t *tally) {
			if t.trail.signatures == nil {
				t.trail.signatures = map[string]string{}
			}
			t.trail.signatures[s.file.Path] = signature
		})
		return hint{provider: "aws"}, true
	})
}

func detectPublicKeys(o *opening) bool { return o.has("PublicKeyList") || o.has("publicKeyList") }

// readPublicKeys reads the answer of ListPublicKeys. Keys come as PKCS#1 or as
// SPKI; the fingerprint is the MD5 of the key as given, and is not relied on.
func readPublicKeys(s *sink, in io.Reader) error {
	return readWhole(s, in, "not the JSON of ListPublicKeys", func(data []byte) (hint, bool) {
		list := member(data, "PublicKeyList")
		if list == nil {
			list = member(data, "publicKeyList")
		}
		keys, bad := map[string]*rsa.PublicKey{}, 0
		elements(list, func(_ int, k []byte) {
			if len(k) == 0 || k[0] != '{' {
				return
			}
			value, fingerprint := member(k, "Value"), member(k, "Fingerprint")
			if value == nil {
				value, fingerprint = member(k, "value"), member(k, "fingerprint")
			}
			key := parseKey(text(value))
			if key == nil {
				bad++
				return
			}
			keys[strings.ToLower(string(text(fingerprint)))] = key
		})
		if bad > 0 {
			s.note = fmt.Sprintf("%d keys cannot be read", bad)
		}
		s.tally.add(func(t *tally) {
			if t.trail.keys == nil {
				t.trail.keys = map[string]*rsa.PublicKey{}
			}
			for f, k := range keys {
				t.trail.keys[f] = k
			}
		})
		return hint{provider: "aws"}, true
	})
}

func parseKey(value []byte) *rsa.PublicKey {
	der, err := base64.StdEncoding.DecodeString(string(value))
	if err != nil {
		return nil
	}
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key
	}
	if any, err := x509.ParsePKIXPublicKey(der); err == nil {
		if key, ok := any.(*rsa.PublicKey); ok {
			return key
		}
	}
	return nil
}
