package simulate

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"time"
)

// A metricText writes metrics in the form of "az monitor metrics list".
type metricText struct {
	b       bytes.Buffer
	s       *Scenario
	t       *truth
	id      string
	space   string
	region  string
	metrics int
}

func newMetricText(s *Scenario, t *truth, id, space, region string) *metricText {
	m := &metricText{s: s, t: t, id: id, space: space, region: region}
	fmt.Fprintf(&m.b, "{\n  \"cost\": %d,\n  \"interval\": \"PT1H\",\n  \"namespace\": %q,\n  \"resourceregion\": %q,\n  \"timespan\": \"%s/%s\",\n  \"value\": [\n",
		int(s.Until.Sub(s.From).Minutes()), space, region, s.From.Format(time.RFC3339), s.Until.Format(time.RFC3339))
	return m
}

// metricDays is how long the platform keeps metrics.
const metricDays = 93

// A series is the hourly figures of one combination of dimensions.
type series struct {
	dims   [][2]string
	values []string
}

// add writes a metric. kind is the aggregate that is given: total or average.
func (m *metricText) add(name, unit, kind string, all []series) {
	if m.metrics > 0 {
		m.b.WriteString(",\n")
	}
	m.metrics++
	fmt.Fprintf(&m.b, "    {\n      \"errorCode\": \"Success\",\n      \"id\": \"%s/providers/Microsoft.Insights/metrics/%s\",\n      \"name\": {\"localizedValue\": %q, \"value\": %[2]q},\n      \"resourceGroup\": \"rg-data\",\n      \"timeseries\": [\n", m.id, name, name)
	for i, x := range all {
		m.b.WriteString("        {\n          \"data\": [\n")
		for k, v := range x.values {
			if m.s.From.Add(time.Duration(k) * time.Hour).Before(m.s.Acquired.AddDate(0, 0, -metricDays)) {
				continue
			}
			end := ","
			if k == len(x.values)-1 {
				end = ""
			}
			fmt.Fprintf(&m.b, "            {\"timeStamp\": %q, %q: %s}%s\n", m.s.From.Add(time.Duration(k)*time.Hour).Format(time.RFC3339), kind, v, end)
			m.t.count("azure-metrics", 1)
		}
		m.b.WriteString("          ],\n          \"metadatavalues\": [")
		for k, d := range x.dims {
			if k > 0 {
				m.b.WriteString(",")
			}
			fmt.Fprintf(&m.b, "\n            {\"name\": {\"localizedValue\": %q, \"value\": %[1]q}, \"value\": %q}", d[0], d[1])
		}
		m.b.WriteString("\n          ]\n        }")
		if i < len(all)-1 {
			m.b.WriteString(",")
		}
		m.b.WriteString("\n")
	}
	fmt.Fprintf(&m.b, "      ],\n      \"type\": \"Microsoft.Insights/metrics\",\n      \"unit\": %q\n    }", unit)
}

func (m *metricText) file(path string) file {
	m.b.WriteString("\n  ]\n}\n")
	return file{path: path, data: m.b.Bytes()}
}

func (s *Scenario) hours() int { return int(s.Until.Sub(s.From).Hours()) }

func decimals(values []float64) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprintf("%.1f", v)
	}
	return out
}

// metricFiles projects a history into the platform's metrics.
func metricFiles(s *Scenario, h *history, t *truth) []file {
	if h.hidden() || h.storage.Deleted != "" {
		return nil
	}
	id := storageID(h.account, h.storage) + "/blobServices/default"
	const space = "Microsoft.Storage/storageAccounts/blobServices"
	text := newMetricText(s, t, id, space, h.storage.Region)
	text.add("Transactions", "Count", "total", h.transactions(s))
	in, out := make([]float64, s.hours()), make([]float64, s.hours())
	for i := range h.requests {
		r := &h.requests[i]
		hour := int(r.at.Sub(s.From).Hours())
		in[hour] += float64(r.head + r.body)
		out[hour] += float64(r.replyHead + r.reply)
	}
	text.add("Ingress", "Bytes", "total", []series{{values: decimals(in)}})
	text.add("Egress", "Bytes", "total", []series{{values: decimals(out)}})
	capacity, count := make([]float64, s.hours()), make([]float64, s.hours())
	for hour := range capacity { // refreshed once a day, and repeated
		if hour%24 > 0 {
			capacity[hour], count[hour] = capacity[hour-1], count[hour-1]
			continue
		}
		b, n := h.stored(s.From.Add(time.Duration(hour) * time.Hour))
		capacity[hour], count[hour] = float64(b), float64(n)
	}
	dims := [][2]string{{"blobtype", "BlockBlob"}, {"tier", "Hot"}}
	text.add("BlobCapacity", "Bytes", "average", []series{{dims, decimals(capacity)}})
	text.add("BlobCount", "Count", "average", []series{{dims, decimals(count)}})
	return []file{text.file("evidence/metrics/" + h.storage.Name + ".json")}
}

// transactions are the requests by hour for each operation and response.
func (h *history) transactions(s *Scenario) []series {
	at := map[string][]float64{}
	for i := range h.requests {
		r := &h.requests[i]
		k := r.op + "\x00" + r.response
		if at[k] == nil {
			at[k] = make([]float64, s.hours())
		}
		at[k][int(r.at.Sub(s.From).Hours())]++
	}
	var keys []string
	for k := range at {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var out []series
	for _, k := range keys {
		op, response, _ := strings.Cut(k, "\x00")
		out = append(out, series{[][2]string{{"apiname", op}, {"responsetype", response}}, decimals(at[k])})
	}
	return out
}

// speechFile projects the use of a speech account into its metric.
func speechFile(s *Scenario, a *Account, x *Speech, seconds []float64, t *truth) file {
	id := "/subscriptions/" + a.ID + "/resourceGroups/rg-data/providers/Microsoft.CognitiveServices/accounts/" + x.Name
	text := newMetricText(s, t, id, "Microsoft.CognitiveServices/accounts", x.Region)
	values := make([]string, len(seconds))
	for i, v := range seconds {
		values[i] = fmt.Sprintf("%.2f", v)
	}
	text.add("AudioSecondsTranscribed", "Seconds", "total", []series{{[][2]string{{"apiname", "SpeechToText"}, {"featurename", "Batch"}, {"region", x.Region}}, values}})
	return text.file("evidence/metrics/" + x.Name + ".json")
}
