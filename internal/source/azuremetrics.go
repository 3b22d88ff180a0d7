package source

import (
	"bytes"
	"encoding/hex"
	"io"
	"sort"
	"strings"

	"probity"
	"probity/internal/table"
)

// Platform metrics of Azure Monitor, in two forms: what "az monitor metrics
// list" and the REST interface answer (metrics, timeseries, points), and the
// lines that a diagnostic setting exports. A record is one point; of a list,
// all else is framing.

func detectMetrics(o *opening) bool {
	head := o.head
	return bytes.Contains(head, []byte(`"metricName"`)) && bytes.Contains(head, []byte(`"timeGrain"`)) ||
		bytes.Contains(head, []byte(`"timeseries"`)) && (bytes.Contains(head, []byte("icrosoft.Insights/metrics")) || bytes.Contains(head, []byte(`"timeStamp"`))) ||
		bytes.Contains(head, []byte(`/providers/Microsoft.Insights/metrics/`))
}

func readMetrics(s *sink, in io.Reader) error {
	head := s.stream.Head(headSize)
	if bytes.Contains(head, []byte(`"metricName"`)) && bytes.Contains(head, []byte(`"timeGrain"`)) {
		return readJSON(in, recordTaker{s, parseMetricLine}, "records", "Records", "value")
	}
	return readMetricList(s, in)
}

// values are the figures of a point, as text.
type figures struct{ total, average, minimum, maximum, count []byte }

func (f *figures) take(name, value []byte) bool {
	switch string(name) {
	case "total":
		f.total = text(value)
	case "average":
		f.average = text(value)
	case "minimum":
		f.minimum = text(value)
	case "maximum":
		f.maximum = text(value)
	case "count":
		f.count = text(value)
	default:
		return false
	}
	return true
}

// fill puts the figures into a row; it reports false if one is no number.
func (f *figures) fill(r *table.Metric) bool {
	ok := true
	get := func(b []byte) *table.Decimal {
		if len(b) == 0 {
			return nil
		}
		d, good := table.ParseDecimal(string(b), 9)
		if !good || !believable(b, 1e20) {
			ok = false
			return nil
		}
		return &d
	}
	r.Total, r.Average, r.Minimum, r.Maximum, r.Count = get(f.total), get(f.average), get(f.minimum), get(f.maximum), get(f.count)
	return ok
}

// parseMetricLine reads one exported line.
func parseMetricLine(s *sink, from int64, data []byte) (hint, string) {
	var f figures
	var time, id, name, unit []byte
	dims := map[string]string{}
	r := table.Metric{Exhibit: s.file.SHA256, Position: from, Length: int32(len(data)), Kind: string(probity.AzureMetrics), Provider: "azure"}
	members(data, func(n, v []byte) bool {
		switch string(n) {
		case "time", "timeStamp":
			time = text(v)
		case "resourceId":
			id = text(v)
		case "metricName":
			name = text(v)
		case "timeGrain":
			r.GrainSeconds = grain(text(v))
		case "unit":
			unit = text(v)
		case "location", "region":
			r.Region = s.words.region(text(v))
		case "dimensions", "properties":
			members(group(v), func(n, v []byte) bool { addDimension(dims, n, text(v)); return true })
		case "ApiName", "ResponseType", "GeoType", "Authentication", "BlobType", "Tier", "apiname", "responsetype":
			addDimension(dims, n, text(v))
		default:
			f.take(n, v)
		}
		return true
	})
	at, ok := parseTime(time)
	switch {
	case !ok:
		return hint{}, "no time that can be read"
	case len(name) == 0 || len(id) == 0:
		return hint{}, "no metricName or resourceId"
	case r.GrainSeconds == 0:
		return hint{}, "no timeGrain that can be read"
	case !f.fill(&r):
		return hint{}, "a figure that is no number"
	}
	r.Time = at
	a := s.arm(id)
	r.Account, r.Resource, r.ResourceType, r.ResourceUID = a.account, a.name, a.typ, a.uid
	r.Namespace = s.words.of([]byte(namespaceOf(a)))
	r.Metric, r.Unit = s.words.of(name), s.words.of(unit)
	s.metric(&r, dims)
	return hint{"azure", r.Account, r.Resource, "", at}, ""
}

func namespaceOf(a arm) string {
	if a.sub != "" {
		return a.typ + "/" + a.sub
	}
	return a.typ
}

func addDimension(dims map[string]string, name, value []byte) {
	dims[strings.ToLower(string(name))] = string(value)
}

// ownMetric reports whether a metric is the customer's own, not the platform's.
func ownMetric(provider, namespace string) bool {
	switch provider {
	case "aws":
		return !strings.HasPrefix(namespace, "aws/")
	case "gcp":
		return !strings.HasSuffix(namespace, ".googleapis.com") && namespace != "storage log"
	}
	return !strings.HasPrefix(namespace, "microsoft.")
}

// metric completes a row with its dimensions, key and digest, and writes it.
func (s *sink) metric(r *table.Metric, dims map[string]string) {
	names := make([]string, 0, len(dims))
	for n, v := range dims {
		names = append(names, n)
		if v != "" && ownMetric(r.Provider, r.Namespace) { // what a customer measures may name people
			dims[n] = hex.EncodeToString(s.tokens.Dimension(v))
		}
	}
	sort.Strings(names)
	var pairs []byte
	for i, n := range names {
		if i > 0 {
			pairs = append(pairs, ';')
		}
		pairs = append(append(append(pairs, n...), '='), dims[n]...)
	}
	r.DimNames, r.Dims = s.words.of([]byte(strings.Join(names, ","))), s.words.of(pairs)
	r.APIName, r.ResponseType = s.words.of([]byte(dims["apiname"])), s.words.of([]byte(dims["responsetype"]))
	key := make([]byte, 0, 256)
	for _, part := range []string{r.ResourceUID, r.Resource, r.Namespace, r.Metric, r.Dims} {
		key = append(append(key, part...), 0)
	}
	for _, n := range []int64{r.Time, r.GrainSeconds} {
		for range 8 {
			key, n = append(key, byte(n)), n>>8
		}
	}
	r.Key = s.tokens.Fast("key", key)
	for _, d := range []*table.Decimal{r.Total, r.Average, r.Minimum, r.Maximum, r.Count} {
		if d == nil {
			key = append(key, 0)
			continue
		}
		key = append(append(key, 1), d[:]...)
	}
	r.Digest = s.tokens.Fast("record", key)
	s.fail(s.part.Metric(r))
}

// A metricList reads the list form as a stream: what is held is the points of
// one metric.
type metricList struct {
	s *sink
	w window

	interval, namespace, region []byte // of the answer
	metric                      listedMetric
}

// A listedMetric is one metric of a list.
type listedMetric struct {
	id, name, unit []byte
	series         []listedSeries
}

// A listedSeries is the points of one combination of dimensions.
type listedSeries struct {
	points []listedPoint
	dims   map[string]string
	whole  bool // it was read to its end
}

type listedPoint struct {
	from   int64
	length int32
	time   int64
	row    table.Metric // figures only
}

func readMetricList(s *sink, in io.Reader) error {
	l := &metricList{s: s, w: newWindow(in)}
	defer l.w.release()
	for {
		c, ok := l.peek(",[]}\xEF\xBB\xBF")
		if !ok {
			return l.w.err
		}
		if c != '{' || !l.object(l.answer) {
			from, until := l.span()
			l.emit(false)
			if from != 0 {
				l.s.last.time = from
			}
			l.skipUntil("not the JSON of a metrics list, or cut off", func(line []byte) bool { return len(line) > 0 && line[0] == '{' })
			if n := len(l.s.pending); n > 0 && until != 0 { // what is missing could be of any time that the metric spans
				l.s.pending[n-1].Until = &until
			}
		}
		if l.w.err != nil {
			return l.w.err
		}
	}
}

// frame gives up n bytes as framing.
func (l *metricList) frame(n int) {
	if n > 0 {
		l.s.framing(l.w.offset, l.w.offset+int64(n))
		l.w.give(n)
	}
}

// peek gives up blanks, and the bytes of also, and returns the byte that
// follows.
func (l *metricList) peek(also string) (byte, bool) {
	for i := 0; ; i++ {
		c, ok := l.w.at(i)
		if ok && (blank(c) || strings.IndexByte(also, c) >= 0) {
			if i < chunk {
				continue
			}
		}
		l.frame(i)
		if !ok {
			return 0, false
		}
		if i < chunk {
			return c, true
		}
		i = -1
	}
}

// value returns the value at the start of the window; nil if it is no JSON or
// is cut off.
func (l *metricList) value() []byte {
	for {
		end, err := skipValue(l.w.buf, 0, 0)
		switch {
		case err == nil:
			return l.w.buf[:end]
		case err == errSyntax, len(l.w.buf) > maxRecord, !l.w.more():
			return nil
		}
	}
}

// object walks the members of the object at the start of the window. The
// member function is called with the window at the member's value, and gives
// it up; it reports false if it cannot.
func (l *metricList) object(member func(name string) bool) bool {
	l.frame(1)
	for {
		c, ok := l.peek(",")
		switch {
		case !ok:
			return false
		case c == '}':
			l.frame(1)
			return true
		case c != '"':
			return false
		}
		name := l.value()
		if name == nil {
			return false
		}
		n := string(name[1 : len(name)-1])
		l.frame(len(name))
		if c, ok := l.peek(""); !ok || c != ':' {
			return false
		}
		l.frame(1)
		if _, ok := l.peek(""); !ok || !member(n) {
			return false
		}
	}
}

// array walks the elements of the array at the start of the window. A null in
// its place is an empty array.
func (l *metricList) array(element func() bool) bool {
	if l.w.buf[0] != '[' {
		return l.skip()
	}
	l.frame(1)
	for {
		c, ok := l.peek(",")
		switch {
		case !ok:
			return false
		case c == ']':
			l.frame(1)
			return true
		case !element():
			return false
		}
	}
}

// skip gives up a value as framing.
func (l *metricList) skip() bool {
	v := l.value()
	l.frame(len(v))
	return v != nil
}

// small returns a copy of a value's text and gives the value up as framing.
func (l *metricList) small(to *[]byte) bool {
	v := l.value()
	if v == nil {
		return false
	}
	*to = append([]byte(nil), named(v)...)
	l.frame(len(v))
	return true
}

func (l *metricList) answer(name string) bool {
	switch name {
	case "interval":
		return l.small(&l.interval)
	case "namespace":
		return l.small(&l.namespace)
	case "resourceregion":
		return l.small(&l.region)
	case "value":
		return l.array(func() bool {
			if l.w.buf[0] != '{' {
				return l.skip()
			}
			l.metric = listedMetric{}
			ok := l.object(l.member)
			if ok {
				l.emit(true)
			}
			return ok
		})
	}
	return l.skip()
}

func (l *metricList) member(name string) bool {
	switch name {
	case "id":
		return l.small(&l.metric.id)
	case "name":
		return l.small(&l.metric.name)
	case "unit":
		return l.small(&l.metric.unit)
	case "timeseries":
		return l.array(func() bool {
			if l.w.buf[0] != '{' {
				return l.skip()
			}
			l.metric.series = append(l.metric.series, listedSeries{dims: map[string]string{}})
			x := &l.metric.series[len(l.metric.series)-1]
			x.whole = l.object(l.seriesMember)
			return x.whole
		})
	}
	return l.skip()
}

func (l *metricList) seriesMember(name string) bool {
	x := &l.metric.series[len(l.metric.series)-1]
	switch name {
	case "data":
		return l.array(func() bool { return l.point(x) })
	case "metadatavalues":
		v := l.value()
		if v == nil {
			return false
		}
		elements(v, func(_ int, dim []byte) {
			if n := named(member(dim, "name")); len(n) > 0 {
				addDimension(x.dims, n, text(member(dim, "value")))
			}
		})
		l.frame(len(v))
		return true
	}
	return l.skip()
}

// point reads one point. A malformed one costs itself: the rest of its line.
func (l *metricList) point(x *listedSeries) bool {
	v := l.value()
	if v == nil {
		if _, more := l.w.at(len(l.w.buf)); !more && bytes.IndexByte(l.w.buf, '\n') < 0 {
			return false // the tail of a file that was cut off
		}
		l.skipLine("not valid JSON")
		return true
	}
	p := listedPoint{from: l.w.offset, length: int32(len(v))}
	var f figures
	var at []byte
	members(v, func(n, v []byte) bool {
		if string(n) == "timeStamp" || string(n) == "timestamp" {
			at = text(v)
		}
		f.take(n, v)
		return true
	})
	var ok bool
	p.time, ok = parseTime(at)
	if !ok || !f.fill(&p.row) {
		l.s.unread(p.from, p.from+int64(len(v)), "a point without a time or with a figure that is no number")
		l.w.give(len(v))
		return true
	}
	l.s.keep(p.from, p.from+int64(len(v)), l.hint(p.time))
	l.w.give(len(v))
	x.points = append(x.points, p)
	return true
}

func (l *metricList) hint(at int64) hint {
	a := l.s.arm(l.metric.id)
	return hint{"azure", a.account, a.name, "", at}
}

// span returns the time that the points of the metric span, 0 for none.
func (l *metricList) span() (from, until int64) {
	for i := range l.metric.series {
		for _, p := range l.metric.series[i].points {
			if from == 0 || p.time < from {
				from = p.time
			}
			until = max(until, p.time+grain(l.interval)*1_000_000)
		}
	}
	return from, until
}

// emit writes the rows of the metric that was read, wholly or not. Points of a series whose
// end was not reached are records that prove nothing: their dimensions are not
// known.
func (l *metricList) emit(whole bool) {
	a := l.s.arm(l.metric.id)
	namespace := strings.ToLower(string(l.namespace))
	if namespace == "" {
		namespace = namespaceOf(a)
	}
	for i := range l.metric.series {
		x := &l.metric.series[i]
		seconds := grain(l.interval)
		if seconds == 0 && len(x.points) > 1 {
			seconds = (x.points[1].time - x.points[0].time) / 1_000_000
		}
		for k := range x.points {
			p := &x.points[k]
			r := p.row
			r.Exhibit, r.Position, r.Length, r.Kind = l.s.file.SHA256, p.from, p.length, string(probity.AzureMetrics)
			r.Time, r.GrainSeconds, r.Provider = p.time, seconds, "azure"
			r.Account, r.Resource, r.ResourceType, r.ResourceUID = a.account, a.name, a.typ, a.uid
			r.Region, r.Namespace = l.s.words.region(l.region), l.s.words.of([]byte(namespace))
			r.Metric, r.Unit = l.s.words.of(l.metric.name), l.s.words.of(l.metric.unit)
			r.Incomplete = !whole
			r.Partial = !x.whole || len(l.metric.name) == 0 || a.name == "" || seconds <= 0
			l.s.metric(&r, x.dims)
		}
	}
	l.metric = listedMetric{}
}

// skipLine makes an unread range of the rest of the line.
func (l *metricList) skipLine(reason string) {
	l.skipUntil(reason, func([]byte) bool { return true })
}

// skipUntil makes an unread range of what comes before the first line for
// which next reports true.
func (l *metricList) skipUntil(reason string, next func(line []byte) bool) {
	r := jsonRecords{w: l.w, to: recordTaker{l.s, nil}}
	r.garbageUntil(reason, next)
	l.w = r.w
}
