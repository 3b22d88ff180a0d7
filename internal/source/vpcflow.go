package source

import (
	"bytes"
	"io"
	"net/netip"
	"strings"

	"probity"
	"probity/internal/table"
)

// Flow logs of Amazon VPC (user guide, flow log records): versions 2 to 5 as
// text, with the line of field names that files in a bucket begin with, or
// without it in the default format.

// defaultFlow is the default format, version 2.
const defaultFlow = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"

// flowFields are the names that a header may hold.
var flowFields = map[string]bool{"version": true, "account-id": true, "interface-id": true, "srcaddr": true, "dstaddr": true, "srcport": true, "dstport": true,
	"protocol": true, "packets": true, "bytes": true, "start": true, "end": true, "action": true, "log-status": true, "vpc-id": true, "subnet-id": true,
	"instance-id": true, "tcp-flags": true, "type": true, "pkt-srcaddr": true, "pkt-dstaddr": true, "region": true, "az-id": true, "sublocation-type": true,
	"sublocation-id": true, "pkt-src-aws-service": true, "pkt-dst-aws-service": true, "flow-direction": true, "traffic-path": true}

func detectVPCFlow(o *opening) bool {
	if len(o.head) > 0 && o.head[0] == '{' { // the rows of a Parquet file
		return o.columns().has("srcaddr", "dstaddr", "start", "end")
	}
	line, _, _ := bytes.Cut(o.head, []byte("\n"))
	fields := strings.Fields(string(line))
	known := 0
	for _, f := range fields {
		if flowFields[strings.ToLower(f)] {
			known++
		}
	}
	if known >= 5 && known*2 > len(fields) {
		return true
	}
	return len(fields) == 14 && fields[0] == "2" && len(fields[1]) == 12 && strings.HasPrefix(fields[2], "eni-") &&
		(fields[13] == "OK" || fields[13] == "NODATA" || fields[13] == "SKIPDATA")
}

type vpcFlowTaker struct {
	*sink
	columns map[string]int
	width   int
	began   bool
}

func readVPCFlow(s *sink, in io.Reader) error {
	if head := s.stream.Head(1); len(head) > 0 && head[0] == '{' {
		return readCSV(in, &vpcRowTaker{sink: s}, func() bool { return s.stream.Damage() != "" })
	}
	return readLines(in, &vpcFlowTaker{sink: s})
}

// A vpcRowTaker takes the rows of a Parquet file, whose columns are named with
// underscores.
type vpcRowTaker struct {
	*sink
	c columns
}

func (t *vpcRowTaker) header(fields [][]byte) { t.c = columnsOf(fields) }

func (t *vpcRowTaker) row(from, until int64, fields [][]byte) {
	h, reason := t.flow(from, int32(until-from), joined(fields), func(name string) []byte { return dash(t.c.get(fields, plain(name))) })
	if reason != "" {
		t.unread(from, until, reason)
		return
	}
	t.keep(from, until, h)
}

func (t *vpcFlowTaker) line(from int64, data []byte, ended bool) {
	until := from + int64(len(data))
	fields := bytes.Fields(data)
	if !t.began {
		t.began = true
		names := strings.Fields(defaultFlow)
		if _, number := digits(fields0(fields)); !number {
			names = strings.Fields(strings.ToLower(string(data)))
			t.framing(from, until)
		}
		t.columns, t.width = map[string]int{}, len(names)
		for i, n := range names {
			t.columns[n] = i
		}
		if _, number := digits(fields0(fields)); !number {
			return
		}
	}
	if !ended && t.stream.Damage() != "" {
		t.unread(from, until, "cut off")
		return
	}
	if len(fields) != t.width {
		t.unread(from, until, "a line with more or fewer fields than the format names")
		return
	}
	h, reason := t.flow(from, int32(len(data)), data, func(name string) []byte {
		if i, ok := t.columns[name]; ok {
			return dash(fields[i])
		}
		return nil
	})
	if reason != "" {
		t.unread(from, until, reason)
		return
	}
	t.keep(from, until, h)
}

func fields0(fields [][]byte) []byte {
	if len(fields) == 0 {
		return nil
	}
	return fields[0]
}

// flow makes a row of a flow record of VPC, whose fields get gives by name.
func (s *sink) flow(from int64, length int32, data []byte, get func(name string) []byte) (hint, string) {
	r := table.Flow{Exhibit: s.file.SHA256, Position: from, Length: length, Kind: string(probity.AWSVPCFlowLog), Provider: "aws", Sampling: 1_000_000}
	start, ok1 := parseEpoch(get("start"))
	end, ok2 := parseEpoch(get("end"))
	if !ok1 || !ok2 || end < start {
		return hint{}, "no time that can be read"
	}
	r.From, r.Until = start, end+1_000_000
	r.Account, r.Region = s.words.of(awsAccount(get("account-id"))), s.words.region(get("region"))
	r.Resource = s.words.lower(get("interface-id"))
	for _, x := range []struct {
		name string
		to   *int64
	}{{"packets", &r.Packets}, {"bytes", &r.Bytes}} {
		if v := get(x.name); len(v) > 0 {
			n, ok := digits(v)
			if !ok || len(v) > 16 || n > maxBytes {
				return hint{}, "a figure that is no number, or too large to be true"
			}
			*x.to = n
		}
	}
	src, dst := get("pkt-srcaddr"), get("pkt-dstaddr")
	if len(src) == 0 || len(dst) == 0 {
		src, dst = get("srcaddr"), get("dstaddr")
	}
	s.ends(&r, src, dst)
	if n, ok := digits(get("protocol")); ok && n < 256 {
		r.Protocol = int32(n)
	}
	r.Direction = s.words.lower(get("flow-direction"))
	r.Accepted = strings.EqualFold(string(get("action")), "ACCEPT")
	r.Digest = s.tokens.Fast("record", data)
	s.fail(s.part.Flow(&r))
	return hint{"aws", r.Account, r.Resource, "", r.From}, ""
}

// ends fills the two ends of a flow: tokens, and whether each is private.
func (s *sink) ends(r *table.Flow, src, dst []byte) {
	r.SrcToken, r.DstToken = s.address(src), s.address(dst)
	r.SrcPrivate, r.DstPrivate = private(src), private(dst)
}

// private reports whether an address is not routed on the Internet (RFC 1918,
// RFC 6598, RFC 4193, link-local).
func private(b []byte) bool {
	a, err := netip.ParseAddr(string(b))
	if err != nil {
		return false
	}
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || carrier.Contains(a.Unmap())
}

var carrier = netip.MustParsePrefix("100.64.0.0/10")
