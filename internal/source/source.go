// Package source reads the records of exhibits into tables. A file's kind is
// detected from its content. Each byte of its decompressed stream becomes part
// of a record, of an unread range or of framing, and the sum is asserted.
//
// A reader is a function that finds the records of one kind and a rule that
// recognises the kind; all of them are listed in All. What cannot be read is a
// row of the table unread, with its place, a reason that never quotes it, and
// a hint where in the estate and in time it lies.
package source

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"

	"probity"
	"probity/internal/evidence"
	"probity/internal/table"
)

// A Reader reads one kind of exhibit.
type Reader struct {
	Kind probity.Kind
	// detect recognises the kind from the beginning of the stream.
	detect func(o *opening) bool
	// read reads the stream to its end and accounts for each byte.
	read func(s *sink, in io.Reader) error
	// after says that the file can only be understood with what others say,
	// such as a manifest: it is read when all those are.
	after bool
}

// All lists the readers in the order in which they are asked.
var All = []Reader{
	{Kind: probity.AWSPublicKeys, detect: detectPublicKeys, read: readPublicKeys},
	{Kind: probity.AWSDigestMetadata, detect: detectDigestMetadata, read: readDigestMetadata},
	{Kind: probity.AWSCloudTrailDigest, detect: detectDigest, read: readDigest},
	{Kind: probity.AWSCloudTrail, detect: detectCloudTrail, read: readCloudTrail},
	{Kind: probity.AWSCloudWatchMetrics, detect: detectMetricQueries, read: readMetricQueries},
	{Kind: probity.AWSCloudWatchMetrics, detect: detectCloudWatch, read: readCloudWatch, after: true},
	{Kind: probity.AWSS3Inventory, detect: detectS3Manifest, read: readS3Manifest},
	{Kind: probity.OCSF, detect: detectOCSF, read: readOCSF},
	{Kind: probity.GCPFlowLog, detect: detectGCPFlow, read: readGCPFlow},
	{Kind: probity.GCPAuditLog, detect: detectGCPAudit, read: readGCPAudit},
	{Kind: probity.GCPMetrics, detect: detectTimeSeries, read: readTimeSeries},
	{Kind: probity.AzureFlowLog, detect: detectAzureFlow, read: readAzureFlow},
	{Kind: probity.AzureStorageLog, detect: detectStorageLog, read: readStorageLog},
	{Kind: probity.AzureMetrics, detect: detectMetrics, read: readMetrics},
	{Kind: probity.AzureActivityLog, detect: detectActivityLog, read: readActivityLog},
	{Kind: probity.AzureBlobInventory, detect: detectManifest, read: readManifest},
	{Kind: probity.AzureBlobInventory, detect: detectInventory, read: readInventory},
	{Kind: probity.InventoryChecksum, detect: detectChecksum, read: readChecksum},
	{Kind: probity.Focus, detect: detectFocus, read: readFocus},
	{Kind: probity.Focus, detect: detectEA, read: readEA},
	{Kind: probity.Disclosures, detect: detectDisclosures, read: readDisclosures},
	{Kind: probity.GCPStorageLog, detect: detectGCSLog, read: readGCSLog},
	{Kind: probity.AWSVPCFlowLog, detect: detectVPCFlow, read: readVPCFlow},
	{Kind: probity.AWSS3AccessLog, detect: detectS3Access, read: readS3Access},
	{Kind: probity.AWSS3Inventory, detect: detectS3Inventory, read: readS3Inventory, after: true},
}

// headSize is how much of a stream is looked at to detect its kind.
const headSize = 64 << 10

// A sink takes what a reader finds in one file: it keeps the account, writes
// rows, and gives unread ranges their hints.
type sink struct {
	*worker
	file    *evidence.File
	kind    probity.Kind
	stream  *evidence.Stream
	account evidence.Account
	err     error
	note    string

	firstUnread int64
	firstReason string

	raw []byte // all of a file that is one record

	last    hint // of the latest record
	pending []table.Unread
	watch   func(from, until int64) // told of each record, if not nil
	listing *listing                // what an inventory file turned out to be, to be tied later
}

// A worker is what a goroutine keeps from file to file.
type worker struct {
	part   *table.Part
	tokens *evidence.Tokens
	words  words
	arms   map[string]arm

	lastID  string // the latest resource id
	lastARM arm

	tally *tally // what all workers of a run add to

	principals, addresses map[string]table.Token // of the last ones seen

	activity table.Activity // reused for every record
	tape     tape           // likewise
	scratch  []byte         // likewise
	buffer   []byte         // likewise, for files that are read from memory

	rules *matching // nil where no rules are looked for
}

// digest returns the token of a record's text. Blanks between the parts of a
// JSON record do not count: the same event, laid out for reading, is a copy.
func (w *worker) digest(data []byte) table.Token {
	if i := bytes.IndexByte(data, ':'); i > 0 && i+1 < len(data) && (blank(data[i+1]) || blank(data[1])) { // its first member shows how it is laid out
		var b bytes.Buffer
		if json.Compact(&b, data) == nil {
			data = b.Bytes()
		}
	}
	return w.tokens.Fast("record", data)
}

// principal and address return the tokens of a name and of an address,
// remembering those that come again and again.
func (w *worker) principal(b []byte) table.Token { return w.token(&w.principals, "principal", b) }
func (w *worker) address(b []byte) table.Token   { return w.token(&w.addresses, "address", b) }

func (w *worker) token(known *map[string]table.Token, domain string, b []byte) table.Token {
	if len(b) == 0 {
		return table.Token{}
	}
	if t, ok := (*known)[string(b)]; ok {
		return t
	}
	if *known == nil || len(*known) >= maxWords {
		*known = map[string]table.Token{}
	}
	t := table.Token(w.tokens.OfBytes(domain, b))
	(*known)[string(b)] = t
	return t
}

// arm reads a resource id, remembering what it read.
func (w *worker) arm(id []byte) arm {
	if string(id) == w.lastID {
		return w.lastARM
	}
	a, ok := w.arms[string(id)]
	if !ok {
		a = parseARM(id)
		if len(w.arms) < maxWords {
			w.arms[string(id)] = a
		}
	}
	w.lastID, w.lastARM = string(id), a
	return a
}

// A hint says where a record lies.
type hint struct {
	provider, account, resource, log string
	time                             int64 // microseconds since 1970, 0 if unknown
}

func (s *sink) framing(from, until int64) { s.account.Framing(from, until) }

// keep accounts for a record and notes where it lies.
func (s *sink) keep(from, until int64, h hint) {
	s.account.Record(from, until)
	s.last = h
	if s.watch != nil {
		s.watch(from, until)
	}
	if len(s.pending) > 0 {
		s.flush(h)
	}
}

// fail keeps the first error of writing.
func (s *sink) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// maxPending is how many unread ranges wait for the record that follows them.
const maxPending = 1000

// unread accounts for a range that is no record.
func (s *sink) unread(from, until int64, reason string) {
	if s.account.Unread == 0 {
		s.firstUnread, s.firstReason = from, reason
	}
	s.account.UnreadRange(from, until)
	s.lost(from, until-from, reason)
}

// lost writes a row of the table unread, once the next record is known.
func (s *sink) lost(from, length int64, reason string) {
	u := table.Unread{Exhibit: s.file.SHA256, Position: from, Length: length, Kind: string(s.kind), Reason: reason,
		Provider: s.last.provider, Account: s.last.account, Resource: s.last.resource, LogName: s.last.log}
	if s.last.time != 0 {
		t := s.last.time
		u.From = &t
	}
	if s.pending = append(s.pending, u); len(s.pending) >= maxPending {
		s.flush(hint{})
	}
}

// flush writes the unread ranges that wait, with what the next record and the
// layout of the path say.
func (s *sink) flush(next hint) {
	layout := layoutOf(s.file.Path)
	for i := range s.pending {
		u := &s.pending[i]
		for _, h := range []hint{next, layout.hint} {
			fill(&u.Provider, h.provider)
			fill(&u.Account, h.account)
			fill(&u.Resource, h.resource)
			fill(&u.LogName, h.log)
		}
		if u.From == nil && layout.hint.time != 0 {
			t := layout.hint.time
			u.From = &t
		}
		switch {
		case u.Until != nil:
		case next.time != 0:
			t := next.time
			u.Until = &t
		case layout.until != 0:
			t := layout.until
			u.Until = &t
		}
		if u.From != nil && u.Until != nil && *u.Until < *u.From {
			u.From, u.Until = u.Until, u.From
		}
		if err := s.part.Unread(u); err != nil {
			s.fail(err)
		}
	}
	s.pending = s.pending[:0]
}

func fill(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// layout is what the path of an export tells:
// insights-logs-storagewrite/resourceId=/subscriptions/.../y=2025/m=10/d=08/h=17/m=00/PT1H.json
type layout struct {
	hint
	until int64
}

func layoutOf(path string) layout {
	var l layout
	low := strings.ToLower(path)
	if _, rest, ok := strings.Cut(low, "resourceid="); ok {
		id, _, _ := strings.Cut(rest, "/y=")
		a := parseARM([]byte(id))
		l.provider, l.account, l.resource = "azure", a.account, a.name
	}
	for name, log := range map[string]string{"storageread": "StorageRead", "storagewrite": "StorageWrite", "storagedelete": "StorageDelete"} {
		if strings.Contains(low, "insights-logs-"+name) {
			l.log = log
		}
	}
	if i := strings.Index(low, "/y="); i >= 0 {
		var y, m, d, h int64
		parts := strings.Split(low[i+1:], "/")
		if len(parts) >= 4 && scan(parts[0], "y=", &y) && scan(parts[1], "m=", &m) && scan(parts[2], "d=", &d) && scan(parts[3], "h=", &h) &&
			m >= 1 && m <= 12 && d >= 1 && d <= daysIn(y, m) && h < 24 {
			l.time = (days(y, m, d)*24 + h) * 3_600_000_000
			l.until = l.time + 3_600_000_000
		}
	}
	return l
}

func scan(part, name string, to *int64) bool {
	rest, ok := strings.CutPrefix(part, name)
	if !ok {
		return false
	}
	*to, ok = digits([]byte(rest))
	return ok
}

// words interns strings that come again and again.
type words map[string]string

const maxWords = 100_000

func (w words) of(b []byte) string {
	if s, ok := w[string(b)]; ok {
		return s
	}
	s := valid(string(b))
	if len(w) < maxWords {
		w[string(b)] = s
	}
	return s
}

// again is of for a field that mostly holds what it held in the record before.
func (w words) again(before string, b []byte) string {
	if string(b) == before {
		return before
	}
	return w.of(b)
}

// valid replaces what is no UTF-8, and control characters, in a word that a
// record holds: a table must stay readable whatever a record says.
func valid(s string) string {
	plain := utf8.ValidString(s)
	for i := 0; plain && i < len(s); i++ {
		plain = s[i] >= 0x20 && s[i] != 0x7F
	}
	if plain {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7F {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// lower interns the lower-case form.
func (w words) lower(b []byte) string {
	for _, c := range b {
		if c >= 'A' && c <= 'Z' {
			return w.of(bytes.ToLower(b))
		}
	}
	return w.of(b)
}

// region interns a region's name as it is compared: West Europe is westeurope.
func (w words) region(b []byte) string {
	for _, c := range b {
		if c == ' ' || c >= 'A' && c <= 'Z' {
			return w.of(bytes.ReplaceAll(bytes.ToLower(b), []byte(" "), nil))
		}
	}
	return w.of(b)
}

// An arm is a resource id of Azure, in lower case, cut to the resource itself:
// sub-resources such as blobServices/default belong to their parent.
type arm struct {
	account string // subscription
	uid     string
	typ     string // microsoft.storage/storageaccounts
	name    string
	sub     string // the type below, such as blobservices
}

// parseARM reads a resource id in any letter case.
func parseARM(id []byte) arm {
	var a arm
	low := strings.ToLower(strings.Trim(valid(string(id)), "/"))
	parts := strings.Split(low, "/")
	for i := 0; i+1 < len(parts); i += 2 {
		switch parts[i] {
		case "subscriptions":
			if a.account == "" {
				a.account = parts[i+1]
			}
		case "providers":
			if i+3 >= len(parts) {
				return a
			}
			a.typ = parts[i+1] + "/" + parts[i+2]
			a.name = parts[i+3]
			a.uid = "/" + strings.Join(parts[:i+4], "/")
			if i+4 < len(parts) && parts[i+4] != "providers" {
				a.sub = parts[i+4]
			}
			return a
		}
	}
	return a
}
