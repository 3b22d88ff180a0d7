package source

import (
	"bytes"
	"io"

	"probity"
	"probity/internal/table"
)

// Server access logs of Amazon S3 (user guide, log file format): one line a
// request, fields parted by blanks, 18 of them in 2010 and 26 now. Quotes
// within the request, the referer and the user agent are not escaped, so the
// line is read from the left up to the request and then from the first place
// at which what must follow it stands.

func detectS3Access(o *opening) bool {
	head := o.head
	for n := 0; len(head) > 0 && n < 5; {
		line, rest, _ := bytes.Cut(head, []byte("\n"))
		head = rest
		if line = bytes.TrimRight(line, "\r"); len(line) == 0 {
			continue
		}
		var x s3Access
		if x.parse(line) == "" {
			return true
		}
		n++
	}
	return false
}

type s3AccessTaker struct{ *sink }

func readS3Access(s *sink, in io.Reader) error { return readLines(in, s3AccessTaker{s}) }

func (t s3AccessTaker) line(from int64, data []byte, ended bool) {
	until := from + int64(len(data))
	if !ended && t.stream.Damage() != "" {
		t.unread(from, until, "cut off")
		return
	}
	h, reason := parseS3Access(t.sink, from, data)
	if reason != "" {
		t.unread(from, until, reason)
		return
	}
	t.keep(from, until, h)
}

// s3Access is the fields of a line that are looked at.
type s3Access struct {
	bucket, time, address, requester, request, operation, key, status, code, sent, size []byte
}

// word returns the text up to the next blank, and what follows the blanks.
func word(line []byte) (field, rest []byte) {
	k := bytes.IndexByte(line, ' ')
	if k < 0 {
		return line, nil
	}
	field, rest = line[:k], line[k+1:]
	for len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	return field, rest
}

// parse splits a line. It returns why it could not, or "".
func (x *s3Access) parse(line []byte) string {
	_, rest := word(line) // the owner of the bucket
	x.bucket, rest = word(rest)
	if len(rest) < 28 || rest[0] != '[' {
		return "no time that can be read"
	}
	k := bytes.IndexByte(rest, ']')
	if k < 0 || k > 40 {
		return "no time that can be read"
	}
	x.time = rest[1:k]
	_, rest = word(rest[k:])
	x.address, rest = word(rest)
	x.requester, rest = word(rest)
	x.request, rest = word(rest)
	x.operation, rest = word(rest)
	x.key, rest = word(rest)
	if bytes.IndexByte(x.operation, '.') < 0 {
		return "no operation of S3"
	}
	return x.tail(rest)
}

// tail reads what follows the key: the request, which may hold quotes, and the
// figures behind it.
func (x *s3Access) tail(rest []byte) string {
	const reason = "the fields behind the request cannot be found"
	if len(rest) == 0 {
		return reason
	}
	if rest[0] != '"' {
		_, rest = word(rest)
		if !x.figures(rest) {
			return reason
		}
		return ""
	}
	for i := 1; ; {
		k := bytes.Index(rest[i:], []byte(`" `))
		if k < 0 {
			return reason
		}
		if i += k + 2; x.figures(bytes.TrimLeft(rest[i:], " ")) {
			return ""
		}
	}
}

// figures reads status, error, bytes sent, object size and the two times, and
// checks that referer, user agent and version follow. It reports false if
// these are not they.
func (x *s3Access) figures(rest []byte) bool {
	status, rest := word(rest)
	if !figure(status, 3) {
		return false
	}
	code, rest := word(rest)
	if len(code) == 0 || code[0] == '"' {
		return false
	}
	var f [4][]byte
	for i := range f {
		if f[i], rest = word(rest); !figure(f[i], 18) {
			return false
		}
	}
	if !quotedEnd(rest) {
		return false
	}
	x.status, x.code, x.sent, x.size = status, code, f[0], f[1]
	return true
}

// quotedEnd reports whether a line ends as it must: referer and user agent, in
// quotes or absent, and at least the version behind them.
func quotedEnd(rest []byte) bool {
	last := bytes.LastIndex(rest, []byte(`" `))
	if last < 0 { // both absent, and not in quotes
		n := 0
		for len(rest) > 0 {
			_, rest = word(rest)
			n++
		}
		return n >= 3
	}
	return (rest[0] == '"' || rest[0] == '-') && len(bytes.TrimSpace(rest[last+2:])) > 0
}

// figure reports whether a field is a whole number of at most so many digits,
// or a dash.
func figure(b []byte, most int) bool {
	if string(b) == "-" {
		return true
	}
	_, ok := digits(b)
	return ok && len(b) <= most
}

func parseS3Access(s *sink, from int64, data []byte) (hint, string) {
	var x s3Access
	if reason := x.parse(data); reason != "" {
		return hint{}, reason
	}
	at, ok := parseLogTime(x.time)
	if !ok {
		return hint{}, "no time that can be read"
	}
	r := &s.activity
	*r = table.Activity{Exhibit: s.file.SHA256, Position: from, Length: int32(len(data)), Kind: string(probity.AWSS3AccessLog), Time: at, CloudProvider: "aws"}
	r.ResourceName, r.ResourceType = s.words.lower(x.bucket), s3Bucket
	r.APIServiceName, r.APIOperation, r.MetadataLogName = "s3.amazonaws.com", s.words.of(x.operation), "ServerAccessLog"
	r.StatusCode = s.words.of(dash(x.status))
	r.StatusDetail = s.words.of(dash(x.code))
	r.Status = "Failure"
	if len(x.status) == 3 && x.status[0] == '2' && len(dash(x.code)) == 0 {
		r.Status = "Success"
	}
	r.ResponseBodyBytes = s3Figure(x.sent)
	if writesBody(x.operation) {
		r.RequestBodyBytes = s3Figure(x.size)
		r.ResponseBodyBytes = 0
	}
	if key := dash(x.key); len(key) > 0 {
		s.objectNamed(r, x.bucket, unescapeURL(key))
	}
	r.ActorUserToken, r.ActorUserType = s.principal(dash(x.requester)), requesterType(dash(x.requester))
	r.SrcEndpointToken = s.address(dash(x.address))
	s.scratch = s.scratch[:0]
	for _, part := range [][]byte{x.bucket, x.request, x.operation, x.key} {
		s.scratch = append(append(s.scratch, part...), '|')
	}
	r.Key = s.tokens.Fast("key", s.scratch)
	r.MetadataCorrelation = s.tokens.Fast("correlation", dash(x.request))
	r.Digest = s.tokens.Fast("record", data)
	s.fail(s.part.Activity(r))
	return hint{"aws", "", r.ResourceName, "", at}, ""
}

const s3Bucket = "aws::s3::bucket"

// dash returns nil for a dash, which stands for an absent field.
func dash(b []byte) []byte {
	if string(b) == "-" {
		return nil
	}
	return b
}

func s3Figure(b []byte) int64 {
	n, ok := digits(b)
	if !ok || n > maxBytes {
		return 0
	}
	return n
}

// writesBody reports whether the size of the object in a line is that of a
// body that was sent to the service.
func writesBody(operation []byte) bool {
	switch string(operation) {
	case "REST.PUT.OBJECT", "REST.POST.OBJECT", "REST.PUT.PART", "SOAP.PUT.OBJECT", "WEBSITE.PUT.OBJECT":
		return true
	}
	return false
}

func requesterType(requester []byte) string {
	switch {
	case len(requester) == 0:
		return "Anonymous"
	case bytes.Contains(requester, []byte(":assumed-role/")):
		return "AssumedRole"
	case bytes.Contains(requester, []byte(":user/")):
		return "IAMUser"
	case bytes.Contains(requester, []byte("svc:")), bytes.Contains(requester, []byte("mazon")):
		return "AWSService"
	case bytes.HasPrefix(requester, []byte("arn:")):
		return "Role"
	}
	return "AWSAccount"
}

// unescapeURL undoes the percent signs of a name, twice where S3 escapes it
// twice; what is no escape stays.
func unescapeURL(b []byte) []byte {
	if bytes.IndexByte(b, '%') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '%' && i+2 < len(b) {
			hi, ok1 := hexDigit(b[i+1])
			lo, ok2 := hexDigit(b[i+2])
			if ok1 && ok2 {
				out = append(out, hi<<4|lo)
				i += 2
				continue
			}
		}
		out = append(out, b[i])
	}
	if i := bytes.IndexByte(out, '%'); i >= 0 && bytes.Contains(b, []byte("%25")) && len(out) < len(b) {
		return unescapeURL(out)
	}
	return out
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
