package simulate

import (
	"bytes"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"sort"
	"strings"
	"time"
)

// trailFiles writes the trail of an account in one region: data and management
// events in a file for each five minutes that have any, and a signed digest for
// every hour. Digests tell of what was delivered; edits that drop or fabricate
// lines, withhold files or damage them come after.
func trailFiles(s *Scenario, a *Account, region string, list []*history, t *truth) ([]file, error) {
	key, err := rsaKey(s.Seed, a.ID)
	if err != nil {
		return nil, err
	}
	r := &trailRun{s: s, a: a, region: region, t: t, delivered: map[int64][]line{}, handed: map[int64][]line{}, withheld: map[string]bool{}}
	r.ended = s.trailEnd(a)
	for _, h := range list {
		if h.storage.NoLogs || h.hidden() {
			continue
		}
		_, withheld := h.edits(s)
		for day := range withheld {
			r.withheld[day] = true
		}
		r.gather(h, false, r.delivered)
		r.gather(h, true, r.handed)
	}
	r.manage(list)
	logs := r.logs()
	digests, err := r.digests(key, logs)
	if err != nil {
		return nil, err
	}
	var files []file
	for _, x := range logs {
		if x.handed == nil {
			continue
		}
		t.count("aws-cloudtrail", int64(x.records))
		files = append(files, file{"evidence/cloudtrail/" + x.name, zip(x.handed)})
	}
	files = append(files, digests...)
	if region == a.regions()[0] {
		files = append(files, publicKeys(s, a, key))
	}
	return files, nil
}

// A line is an event of a trail.
type line struct {
	at    time.Time
	text  []byte
	again bool
}

type trailRun struct {
	s         *Scenario
	a         *Account
	region    string
	t         *truth
	ended     time.Time
	withheld  map[string]bool
	delivered map[int64][]line // by five minutes
	handed    map[int64][]line // the same after the edits that come later
}

const slot = 300 // seconds

// trailEnd is when StopLogging was called, or zero.
func (s *Scenario) trailEnd(a *Account) time.Time {
	for _, e := range s.Edits {
		for k := range a.Storage {
			if a.Storage[k].Name == e.DeleteSetting {
				return e.At
			}
		}
	}
	return time.Time{}
}

// gather adds a bucket's data events.
func (r *trailRun) gather(h *history, tampered bool, to map[int64][]line) {
	for _, x := range h.entries(r.s, r.ended, nil, tampered) {
		text, _ := json.Marshal(x.event(h)) // of strings and numbers: it always works
		n := x.at.Unix() / slot
		if x.late {
			n += 12
		}
		to[n] = append(to[n], line{x.at, text, x.again})
	}
}

// manage adds events of the control plane: how the trail was set up, what
// administrators look at, and what ends it.
func (r *trailRun) manage(list []*history) {
	if r.region != r.a.regions()[0] {
		return
	}
	rng := rand.New(rand.NewPCG(r.s.Seed, 4000))
	add := func(at time.Time, source, name string, read bool, parameters any) {
		e := members{"eventVersion", "1.10", "userIdentity", members{"type", "IAMUser", "principalId", "AIDA" + letters(77, 16), "arn", "arn:aws:iam::" + r.a.ID + ":user/m.varga", "accountId", r.a.ID, "accessKeyId", "AKIA" + letters(78, 16), "userName", "m.varga"},
			"eventTime", at.UTC().Format(time.RFC3339), "eventSource", source + ".amazonaws.com", "eventName", name, "awsRegion", r.region, "sourceIPAddress", "192.0.2.58", "userAgent", "aws-cli/2.17.20 md/awscrt#0.20.11 ua/2.0 os/linux",
			"requestParameters", parameters, "responseElements", nil, "requestID", uuid(rng.Uint64(), rng.Uint64()), "eventID", uuid(rng.Uint64(), rng.Uint64()), "readOnly", read, "eventType", "AwsApiCall", "managementEvent", true, "recipientAccountId", r.a.ID, "eventCategory", "Management"}
		text, _ := json.Marshal(e) // of strings: it always works
		for _, to := range []map[int64][]line{r.delivered, r.handed} {
			to[at.Unix()/slot] = append(to[at.Unix()/slot], line{at: at, text: text})
		}
	}
	before := r.s.From.Add(-50 * time.Minute)
	var values []string
	for _, h := range list {
		if !h.storage.NoLogs && !h.hidden() {
			values = append(values, "arn:aws:s3:::"+h.storage.Name+"/")
		}
	}
	add(before, "cloudtrail", "StartLogging", false, members{"name", r.arn()})
	add(before.Add(2*time.Second), "cloudtrail", "PutEventSelectors", false, members{"trailName", trailName, "eventSelectors", []members{{"readWriteType", "All", "includeManagementEvents", true,
		"dataResources", []members{{"type", "AWS::S3::Object", "values", values}}, "excludeManagementEventSources", []string{}}}})
	reads := [][2]string{{"ec2", "DescribeInstances"}, {"s3", "ListBuckets"}, {"iam", "ListRoles"}, {"kms", "ListAliases"}, {"cloudtrail", "GetTrailStatus"}}
	for at := r.s.From; at.Before(r.s.Until); at = at.Add(2 * time.Hour) {
		if x := reads[rng.IntN(len(reads))]; r.ended.IsZero() || at.Add(2*time.Hour).Before(r.ended) {
			add(at.Add(time.Duration(rng.IntN(7000))*time.Second), x[0], x[1], true, nil)
		}
	}
	for k := range r.a.Storage {
		if at := r.a.Storage[k].deletion(); !at.IsZero() {
			add(at, "s3", "DeleteBucket", false, members{"bucketName", r.a.Storage[k].Name, "Host", r.a.Storage[k].Name + ".s3." + r.region + ".amazonaws.com"})
		}
	}
	if !r.ended.IsZero() {
		add(r.ended, "cloudtrail", "StopLogging", false, members{"name", r.arn()})
	}
}

const trailName = "org-trail"

func (r *trailRun) arn() string {
	return "arn:aws:cloudtrail:" + r.a.regions()[0] + ":" + r.a.ID + ":trail/" + trailName
}

// A logFile is a file of the trail: as it was delivered, and as it was handed
// over (nil if it was not).
type logFile struct {
	name           string
	end            time.Time
	oldest, newest time.Time
	hash           string
	handed         []byte
	records        int
}

// logs makes the files, in the order of their times.
func (r *trailRun) logs() []logFile {
	var out []logFile
	altered, missing := r.s.editOf(r.a, func(e *Edit) string { return e.AlterFile }), r.s.editOf(r.a, func(e *Edit) string { return e.LoseFile })
	slots := sortedKeys(r.delivered)
	for i, n := range slots {
		text := records(r.delivered[n])
		sum := sha256.Sum256(text)
		end := time.Unix((n+1)*slot, 0).UTC()
		x := logFile{end: end, hash: hex.EncodeToString(sum[:]), oldest: r.delivered[n][0].at, newest: r.delivered[n][0].at}
		for _, e := range r.delivered[n] {
			if e.at.Before(x.oldest) {
				x.oldest = e.at
			}
			if e.at.After(x.newest) {
				x.newest = e.at
			}
		}
		x.name = fmt.Sprintf("AWSLogs/%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%s_%s.json.gz", r.a.ID, r.region, end.Format("2006/01/02"), r.a.ID, r.region, end.Format("20060102T1504Z"), letters(uint64(sum[0])<<32|uint64(sum[1])<<24|uint64(n), 16))
		day := time.Unix(n*slot, 0).UTC().Format(time.DateOnly)
		if events := r.handed[n]; len(events) > 0 && !r.withheld[day] && !(missing && i == len(slots)/3) {
			if x.handed, x.records = records(events), len(events); altered && i == len(slots)/2 {
				x.handed = bytes.Replace(x.handed, []byte(`"eventVersion":"1.10"`), []byte(`"eventVersion":"1.09"`), 1)
			}
			for _, e := range events {
				if e.again {
					x.records--
					r.t.duplicate("aws-cloudtrail", 1)
				}
			}
		}
		out = append(out, x)
	}
	return out
}

// editOf reports whether an edit concerns a bucket of the account.
func (s *Scenario) editOf(a *Account, name func(*Edit) string) bool {
	for i := range s.Edits {
		for k := range a.Storage {
			if n := name(&s.Edits[i]); n != "" && n == a.Storage[k].Name {
				return true
			}
		}
	}
	return false
}

func records(list []line) []byte {
	sort.SliceStable(list, func(i, j int) bool { return list[i].at.Before(list[j].at) })
	var b bytes.Buffer
	b.WriteString(`{"Records":[`)
	for i, e := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(e.text)
	}
	b.WriteString("]}")
	return b.Bytes()
}

// digests writes the chain of digests, hour by hour.
func (r *trailRun) digests(key *rsa.PrivateKey, logs []logFile) ([]file, error) {
	tr := &Trail{Account: r.a.ID, Region: r.region, Bucket: logBucket, Name: trailName, Key: key}
	first := r.s.From.Add(-time.Hour)
	until := r.s.Until.Add(2 * time.Hour)
	if !r.ended.IsZero() {
		until = r.ended
	}
	gone := r.s.editOf(r.a, func(e *Edit) string { return e.LoseDigest })
	var out []file
	before := map[string]any{"previousDigestS3Bucket": logBucket, "previousDigestS3Object": tr.digestName(first, ""), "previousDigestHashValue": strings.Repeat("0f", 32),
		"previousDigestHashAlgorithm": "SHA-256", "previousDigestSignature": strings.Repeat("3a", 256)}
	number := 0
	for start := first; start.Before(until); start = start.Add(time.Hour) {
		end := start.Add(time.Hour)
		d := map[string]any{"awsAccountId": r.a.ID, "digestStartTime": start.Format(time.RFC3339), "digestEndTime": end.Format(time.RFC3339), "digestS3Bucket": logBucket,
			"digestS3Object": tr.digestName(end, ""), "digestPublicKeyFingerprint": fingerprint(key), "digestSignatureAlgorithm": "SHA256withRSA", "newestEventTime": nil, "oldestEventTime": nil}
		entries := []any{}
		for _, x := range logs {
			if x.end.After(start) && !x.end.After(end) {
				entries = append(entries, map[string]any{"s3Bucket": logBucket, "s3Object": x.name, "hashValue": x.hash, "hashAlgorithm": "SHA-256",
					"newestEventTime": x.newest.Format(time.RFC3339), "oldestEventTime": x.oldest.Format(time.RFC3339)})
				if d["oldestEventTime"] == nil {
					d["oldestEventTime"] = x.oldest.Format(time.RFC3339)
				}
				d["newestEventTime"] = x.newest.Format(time.RFC3339)
			}
		}
		d["logFiles"] = entries
		for k, v := range before {
			d[k] = v
		}
		p, err := tr.signed(d)
		if err != nil {
			return nil, err
		}
		if number++; !(gone && number == 20) {
			r.t.digest(len(entries))
			out = append(out, file{"evidence/cloudtrail/" + p.name, zip(p.text)}, file{"evidence/cloudtrail/" + p.name + ".head-object.json", p.head})
		}
		before = map[string]any{"previousDigestS3Bucket": logBucket, "previousDigestS3Object": d["digestS3Object"], "previousDigestHashValue": p.hash,
			"previousDigestHashAlgorithm": "SHA-256", "previousDigestSignature": p.signature}
	}
	return out, nil
}

const logBucket = "central-log-archive-synthetic"

// digestName is where a digest lies; one that was made later says so.
func (t *Trail) digestName(end time.Time, suffix string) string {
	return fmt.Sprintf("AWSLogs/%s/CloudTrail-Digest/%s/%s/%s_CloudTrail-Digest_%s_%s_%s_%s%s.json.gz", t.Account, t.Region, end.Format("2006/01/02"), t.Account, t.Region, t.Name, t.Region, end.Format("20060102T150405Z"), suffix)
}

func fingerprint(key *rsa.PrivateKey) string {
	sum := md5.Sum(x509.MarshalPKCS1PublicKey(&key.PublicKey))
	return hex.EncodeToString(sum[:])
}

// publicKeys is the answer of list-public-keys.
func publicKeys(s *Scenario, a *Account, key *rsa.PrivateKey) file {
	text, _ := json.MarshalIndent(map[string]any{"PublicKeyList": []any{map[string]any{"Value": base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&key.PublicKey)),
		"ValidityStartTime": s.From.AddDate(0, -3, 0).Format(time.RFC3339), "ValidityEndTime": s.Until.AddDate(0, 3, 0).Format(time.RFC3339), "Fingerprint": fingerprint(key)}}}, "", "    ") // of strings: it always works
	return file{"evidence/cloudtrail/list-public-keys-" + a.ID + ".json", text}
}

// rsaKey makes the key of an account's digests from the seed: the same seed,
// the same signatures. Such a key protects nothing, and is for nothing else.
func rsaKey(seed uint64, account string) (*rsa.PrivateKey, error) {
	id := sha256.Sum256([]byte(account))
	rng := rand.New(rand.NewPCG(seed, uint64(id[0])<<8|uint64(id[1])))
	e := big.NewInt(65537)
	one := big.NewInt(1)
	prime := func() *big.Int {
		for {
			raw := make([]byte, 128)
			for i := range raw {
				raw[i] = byte(rng.Uint32())
			}
			raw[0] |= 0xc0
			raw[127] |= 1
			p := new(big.Int).SetBytes(raw)
			if p.ProbablyPrime(20) && new(big.Int).GCD(nil, nil, e, new(big.Int).Sub(p, one)).Cmp(one) == 0 {
				return p
			}
		}
	}
	p, q := prime(), prime()
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, D: new(big.Int).ModInverse(e, phi), Primes: []*big.Int{p, q}}
	key.Precompute()
	return key, key.Validate()
}
