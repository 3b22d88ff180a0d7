package source

import (
	"bytes"
	"io"
	"math/big"
	"path"
	"strings"

	"probity"
	"probity/internal/table"
)

// Metrics of Amazon CloudWatch: lines of a metric stream in its JSON format,
// and what GetMetricData answers, with the queries beside it, without which a
// result does not say what it is of.

func detectCloudWatch(o *opening) bool {
	return o.has("metric_name", "namespace") || o.has("MetricDataResults")
}

func detectMetricQueries(o *opening) bool {
	return o.has("MetricDataQueries") && !o.has("MetricDataResults") && o.whole
}

func readCloudWatch(s *sink, in io.Reader) error {
	if head := s.stream.Head(headSize); bytes.Contains(head, []byte(`"MetricDataResults"`)) {
		return readMetricData(s, in)
	}
	return readJSON(in, recordTaker{s, parseMetricStream}, "Records", "records")
}

// awsGrain is the seconds that a point of a metric stands for, where its
// record does not say: a stream delivers metrics by the minute, the storage
// metrics of S3 by the day.
func awsGrain(namespace, metric string) int64 {
	if namespace == "aws/s3" && (metric == "BucketSizeBytes" || metric == "NumberOfObjects") {
		return 86400
	}
	return 60
}

func parseMetricStream(s *sink, from int64, data []byte) (hint, string) {
	var account, region, namespace, name, at, unit, value []byte
	dims := map[string]string{}
	members(data, func(n, v []byte) bool {
		switch string(n) {
		case "account_id":
			account = text(v)
		case "region":
			region = text(v)
		case "namespace":
			namespace = text(v)
		case "metric_name":
			name = text(v)
		case "timestamp":
			at = text(v)
		case "unit":
			unit = text(v)
		case "value":
			value = v
		case "dimensions":
			members(group(v), func(n, v []byte) bool { addDimension(dims, n, text(v)); return true })
		}
		return true
	})
	t, ok := parseEpoch(at)
	if !ok {
		t, ok = parseTime(at)
	}
	switch {
	case !ok:
		return hint{}, "no time that can be read"
	case len(name) == 0 || len(namespace) == 0:
		return hint{}, "no metric_name or namespace"
	}
	r := table.Metric{Exhibit: s.file.SHA256, Position: from, Length: int32(len(data)), Kind: string(probity.AWSCloudWatchMetrics), Provider: "aws", Time: t}
	r.Namespace, r.Metric, r.Unit = s.words.lower(namespace), s.words.of(name), s.words.of(unit)
	r.Account, r.Region = s.words.of(awsAccount(account)), s.words.region(region)
	r.GrainSeconds = awsGrain(r.Namespace, r.Metric)
	var f figures
	members(group(value), func(n, v []byte) bool {
		switch string(n) {
		case "sum":
			f.total = text(v)
		case "min":
			f.minimum = text(v)
		case "max":
			f.maximum = text(v)
		case "count":
			f.count = text(v)
		}
		return true
	})
	if len(f.total) == 0 || !f.fill(&r) {
		return hint{}, "a figure that is no number"
	}
	r.Average = mean(f.total, f.count)
	s.awsResource(&r, dims)
	s.metric(&r, dims)
	return hint{"aws", r.Account, r.Resource, "", t}, ""
}

// mean divides exactly, rounded to 9 digits; nil if there is no count.
func mean(sum, count []byte) *table.Decimal {
	a, ok1 := new(big.Rat).SetString(string(sum))
	b, ok2 := new(big.Rat).SetString(string(count))
	if !ok1 || !ok2 || b.Sign() <= 0 {
		return nil
	}
	d, ok := table.ParseDecimal(a.Quo(a, b).FloatString(9), 9)
	if !ok {
		return nil
	}
	return &d
}

// awsResource fills the resource that a metric's dimensions name.
func (s *sink) awsResource(r *table.Metric, dims map[string]string) {
	switch {
	case dims["bucketname"] != "":
		r.Resource, r.ResourceType = s.words.lower([]byte(dims["bucketname"])), s3Bucket
	case dims["functionname"] != "":
		r.Resource, r.ResourceType = s.words.lower([]byte(dims["functionname"])), "aws::lambda::function"
	case dims["instanceid"] != "":
		r.Resource, r.ResourceType = s.words.lower([]byte(dims["instanceid"])), "aws::ec2::instance"
	}
}

// A metricQuery is one query of GetMetricData.
type metricQuery struct {
	namespace, metric, stat, account string
	period                           int64
	dims                             map[string]string
}

// readMetricData reads the JSON of GetMetricData: a file with the results and,
// in the same object or before them in the same file, the queries. A record
// is one value. A file with the queries only is framing.
func readMetricData(s *sink, in io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(in, maxRecord*4+1))
	if err != nil {
		return err
	}
	rest, err := io.Copy(io.Discard, in)
	if err != nil {
		return err
	}
	whole := int64(len(data)) + rest
	m := &metricData{s: s, queries: map[string]metricQuery{}}
	folder := path.Dir(s.file.Path) + "\x00"
	s.tally.add(func(t *tally) { // the queries of files beside it, unless it has its own
		for k, q := range t.queries {
			if id, ok := strings.CutPrefix(k, folder); ok {
				m.queries[id] = q
			}
		}
	})
	start := skipBlank(data, len(data)-len(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))))
	var results [][2]int // ranges of the results' objects
	i := start
	for i < len(data) {
		end, syntax := skipValue(data, i, 0)
		if syntax != nil || data[i] != '{' {
			break
		}
		base := i
		eachMember(data[i:end], func(name []byte, at int, value []byte) {
			switch string(name) {
			case "MetricDataQueries":
				elements(value, func(_ int, q []byte) { m.query(q) })
			case "MetricDataResults":
				elements(value, func(k int, v []byte) { results = append(results, [2]int{base + at + k, base + at + k + len(v)}) })
			}
		})
		i = skipBlank(data, end)
	}
	pos := int64(0)
	for _, r := range results {
		pos = m.result(data, r[0], r[1], pos)
	}
	if i < len(data) || rest > 0 {
		s.framing(pos, max(pos, int64(i)))
		s.unread(max(pos, int64(i)), whole, "not the JSON of GetMetricData, or cut off")
		return nil
	}
	s.framing(pos, whole)
	return nil
}

// readMetricQueries reads a file of the queries only: one record, for the
// results beside it.
func readMetricQueries(s *sink, in io.Reader) error {
	return readWhole(s, in, "not the JSON of GetMetricData", func(data []byte) (hint, bool) {
		m := &metricData{s: s, queries: map[string]metricQuery{}}
		elements(member(data, "MetricDataQueries"), func(_ int, q []byte) { m.query(q) })
		s.tally.add(func(t *tally) {
			if t.queries == nil {
				t.queries = map[string]metricQuery{}
			}
			for id, q := range m.queries {
				t.queries[path.Dir(s.file.Path)+"\x00"+id] = q
			}
		})
		return hint{provider: "aws"}, true
	})
}

// readWhole reads a file that is one JSON object and one record. take reports
// whether the object is what the reader expects.
func readWhole(s *sink, in io.Reader, reason string, take func(object []byte) (hint, bool)) error {
	data, err := io.ReadAll(io.LimitReader(in, maxRecord+1))
	if err != nil {
		return err
	}
	rest, err := io.Copy(io.Discard, in)
	if err != nil {
		return err
	}
	start := skipBlank(data, len(data)-len(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))))
	end, syntax := skipValue(data, start, 0)
	whole := int64(len(data)) + rest
	s.framing(0, int64(start))
	if syntax != nil || rest > 0 || skipBlank(data, end) != len(data) || data[start] != '{' {
		s.unread(int64(start), whole, reason)
		return nil
	}
	s.raw = data
	h, ok := take(data[start:end])
	if !ok {
		s.unread(int64(start), whole, reason)
		return nil
	}
	s.keep(int64(start), int64(end), h)
	s.framing(int64(end), whole)
	return nil
}

// eachMember is members with the offset of each value.
func eachMember(object []byte, f func(name []byte, at int, value []byte)) {
	members(object, func(name, value []byte) bool {
		f(name, cap(object)-cap(value), value)
		return true
	})
}

type metricData struct {
	s       *sink
	queries map[string]metricQuery
}

func (m *metricData) query(q []byte) {
	if len(q) == 0 || q[0] != '{' {
		return
	}
	x := metricQuery{dims: map[string]string{}, account: string(awsAccount(text(member(q, "AccountId"))))}
	stat := member(q, "MetricStat")
	metric := group(member(stat, "Metric"))
	x.namespace, x.metric = string(text(member(metric, "Namespace"))), string(text(member(metric, "MetricName")))
	x.stat, x.period = string(text(member(stat, "Stat"))), number(member(stat, "Period"))
	elements(member(metric, "Dimensions"), func(_ int, d []byte) {
		if len(d) > 0 && d[0] == '{' {
			addDimension(x.dims, text(member(d, "Name")), text(member(d, "Value")))
		}
	})
	if x.metric != "" && x.period > 0 {
		m.queries[string(text(member(q, "Id")))] = x
	}
}

// result reads one result, whose object lies at data[from:until]; all before
// pos is accounted for. It returns up to where it accounted.
func (m *metricData) result(data []byte, from, until int, pos int64) int64 {
	object := data[from:until]
	if object[0] != '{' {
		return pos
	}
	q, known := m.queries[string(text(member(object, "Id")))]
	var times [][]byte
	var at int
	var values []byte
	eachMember(object, func(name []byte, k int, value []byte) {
		switch string(name) {
		case "Timestamps":
			elements(value, func(_ int, v []byte) { times = append(times, text(v)) })
		case "Values":
			at, values = from+k, value
		}
	})
	n := 0
	s := m.s
	elements(values, func(k int, v []byte) {
		a, b := int64(at+k), int64(at+k+len(v))
		s.framing(pos, a)
		pos = b
		var when []byte
		if n < len(times) {
			when = times[n]
		}
		n++
		t, ok := parseTime(when)
		if !ok {
			t, ok = parseEpoch(when)
		}
		r := table.Metric{Exhibit: s.file.SHA256, Position: a, Length: int32(b - a), Kind: string(probity.AWSCloudWatchMetrics), Provider: "aws", Time: t}
		var f figures
		switch strings.ToLower(q.stat) {
		case "sum":
			f.total = text(v)
		case "average":
			f.average = text(v)
		case "minimum":
			f.minimum = text(v)
		case "maximum":
			f.maximum = text(v)
		case "samplecount":
			f.count = text(v)
		}
		switch {
		case !known:
			s.unread(a, b, "a result without its query: what it is of is not known")
			return
		case !ok || !f.any() || !f.fill(&r):
			s.unread(a, b, "a value without a time, or that is no number")
			return
		}
		r.Namespace, r.Metric, r.GrainSeconds = strings.ToLower(valid(q.namespace)), valid(q.metric), q.period
		r.Account = valid(q.account)
		s.awsResource(&r, q.dims)
		s.metric(&r, q.dims)
		s.keep(a, b, hint{"aws", r.Account, r.Resource, "", t})
	})
	return pos
}

func (f *figures) any() bool {
	return len(f.total)+len(f.average)+len(f.minimum)+len(f.maximum)+len(f.count) > 0
}
