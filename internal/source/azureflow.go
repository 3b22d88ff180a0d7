package source

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"probity"
	"probity/internal/table"
)

// Azure flow logs (Network Watcher): of network security groups, versions 1
// and 2, and of virtual networks, version 4. A record of the file is a minute
// of one interface; each of its tuples is a row.

func detectAzureFlow(o *opening) bool {
	return o.any(func(x object) bool {
		c := string(x.text("category"))
		return c == "NetworkSecurityGroupFlowEvent" || c == "FlowLogFlowEvent" || x.has("flowRecords") || x.has("macAddress", "flowLogVersion")
	})
}

func readAzureFlow(s *sink, in io.Reader) error {
	return readJSON(in, recordTaker{s, parseAzureFlow}, "records", "Records")
}

func parseAzureFlow(s *sink, from int64, data []byte) (hint, string) {
	var at, id, mac, target []byte
	var properties, flows []byte
	members(data, func(name, value []byte) bool {
		switch string(name) {
		case "time":
			at = text(value)
		case "resourceId", "systemId", "flowLogResourceID":
			if t := text(value); bytes.IndexByte(t, '/') >= 0 && len(id) == 0 {
				id = t
			}
		case "targetResourceID", "targetResourceId":
			target = text(value)
		case "macAddress":
			mac = text(value)
		case "properties":
			properties = group(value)
		case "flowRecords":
			flows = group(value)
		}
		return true
	})
	t, ok := parseTime(at)
	if !ok {
		return hint{}, "no time that can be read"
	}
	if len(target) > 0 {
		id = target
	}
	a := s.arm(id)
	base := table.Flow{Exhibit: s.file.SHA256, Kind: string(probity.AzureFlowLog), Provider: "azure", Account: a.account, Resource: a.name, Sampling: 1_000_000}
	f := &azureFlow{s: s, base: base, from: from, time: t, record: data}
	list := member(properties, "flows")
	if flows != nil {
		list = member(flows, "flows")
	}
	elements(list, func(_ int, rule []byte) { f.walk(rule, mac) })
	if f.reason != "" {
		return hint{}, f.reason
	}
	return hint{"azure", a.account, a.name, "", t}, ""
}

type azureFlow struct {
	s      *sink
	base   table.Flow
	from   int64
	time   int64
	record []byte
	n      int
	reason string
}

// walk goes down to the tuples: flows, flowGroups or flows again, flowTuples.
func (f *azureFlow) walk(group, mac []byte) {
	if len(group) == 0 || group[0] != '{' {
		return
	}
	for _, name := range []string{"flows", "flowGroups"} {
		elements(member(group, name), func(_ int, g []byte) { f.walk(g, mac) })
	}
	elements(member(group, "flowTuples"), func(_ int, v []byte) {
		if f.reason == "" {
			f.tuple(string(text(v)))
		}
	})
}

// tuple reads one tuple. Version 1: time, source, destination, ports, protocol
// T or U, direction I or O, decision A or D; version 2 adds a state B, C or E
// and packets and bytes both ways; version 4 has milliseconds, a protocol
// number, a state of encryption after the flow's state, and no decision.
func (f *azureFlow) tuple(t string) {
	p := strings.Split(t, ",")
	if len(p) < 8 {
		f.reason = "a flow tuple with too few fields"
		return
	}
	at, ok := parseEpoch([]byte(p[0]))
	if !ok {
		f.reason = "a flow tuple without a time that can be read"
		return
	}
	r := f.base
	r.From, r.Until = at, at+60_000_000
	f.s.ends(&r, []byte(p[1]), []byte(p[2]))
	switch p[5] {
	case "T":
		r.Protocol = 6
	case "U":
		r.Protocol = 17
	default:
		n, _ := strconv.Atoi(p[5])
		r.Protocol = int32(max(0, min(n, 255)))
	}
	r.Direction = map[string]string{"I": "ingress", "O": "egress"}[p[6]]
	r.Accepted = p[7] != "D" // of version 4 the state, D for denied
	var counts []string
	if len(p) >= 13 {
		counts = p[9:13]
	}
	send := func(r table.Flow, packets, bytes string) {
		r.Packets, r.Bytes = countOf(packets), countOf(bytes)
		// The tuples of a record share its bytes: the first has all of them.
		r.Position = f.from + int64(f.n)
		if f.n == 0 {
			r.Length = int32(len(f.record))
		}
		r.Digest = f.s.tokens.Fast("record", append(append([]byte{}, f.record...), strconv.Itoa(f.n)...))
		f.n++
		f.s.fail(f.s.part.Flow(&r))
	}
	if counts == nil {
		send(r, "", "")
		return
	}
	send(r, counts[0], counts[1])
	if countOf(counts[3]) > 0 { // what came back
		back := r
		back.SrcToken, back.DstToken, back.SrcPrivate, back.DstPrivate = r.DstToken, r.SrcToken, r.DstPrivate, r.SrcPrivate
		back.Direction = map[string]string{"ingress": "egress", "egress": "ingress"}[r.Direction]
		send(back, counts[2], counts[3])
	}
}

func countOf(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > maxBytes {
		return 0
	}
	return n
}
