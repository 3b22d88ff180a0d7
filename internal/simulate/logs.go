package simulate

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"time"
)

// callers are the addresses from which requests come (RFC 5737) and how they
// identify themselves.
var callers = []struct{ address, agent, person string }{
	{"203.0.113.24", "azsdk-net-Storage.Blobs/12.19.1 (.NET 6.0.28; Linux 5.15.0)", ""},
	{"203.0.113.71", "azsdk-net-Storage.Blobs/12.19.1 (.NET 6.0.28; Linux 5.15.0)", ""},
	{"192.0.2.58", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/132.0", "m.varga"},
	{"198.51.100.12", "azcopy/10.27.0", ""},
	{"198.51.100.90", "azsdk-python-storage-blob/12.23.1 Python/3.11.9", "l.okafor"},
}

// stamp writes a time with seven digits of a second, as Azure does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.0000000Z") }

// uuid makes an id of two numbers.
func uuid(a, b uint64) string {
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(a>>32), uint16(a>>16), a&0xfff, b>>52, b&0xffffffffffff)
}

// storageID is the resource id of a storage account's blob service.
func storageID(a *Account, x *Storage) string {
	return "/subscriptions/" + a.ID + "/resourceGroups/rg-data/providers/Microsoft.Storage/storageAccounts/" + x.Name
}

// line writes a request as the resource log of a storage account has it.
func (r *request) line(s *Scenario, h *history) []byte {
	x := h.storage
	c := callers[r.caller]
	key := "/" + x.Name + "/" + r.container
	uri := "https://" + x.Name + ".blob.core.windows.net:443/" + r.container
	if r.object != "" {
		key, uri = key+"/"+r.object, uri+"/"+r.object
	} else {
		uri += "?restype=container&comp=list&maxresults=5000"
	}
	identity := `{"type":"AccountKey","tokenHash":"key1(7C1D2E90B5A34F6688E0A1B2C3D4E5F60718293A4B5C6D7E8F90A1B2C3D4E5F6)"}`
	switch {
	case r.sas:
		uri += "?sv=2022-11-02&sr=c&sp=rcwl&sig=XXXXX"
		identity = `{"type":"SAS","tokenHash":"key1(1F2E3D4C5B6A79881F2E3D4C5B6A79881F2E3D4C5B6A79881F2E3D4C5B6A7988),SasSignature(A0B1C2D3E4F5061728394A5B6C7D8E9FA0B1C2D3E4F5061728394A5B6C7D8E9F)"}`
	case c.person != "":
		identity = fmt.Sprintf(`{"type":"OAuth","requester":{"appId":"c44b4083-3bb0-49c1-b47d-974e53cbdf3c","audience":"https://storage.azure.com/","objectId":%q,"tenantId":%q,"tokenIssuer":"https://sts.windows.net/%[2]s/","uniqueName":%[3]q}}`,
			uuid(uint64(len(c.person))*7919, 1), tenantID, c.person+"@"+s.Tenant+".example")
	}
	var sizes strings.Builder
	fmt.Fprintf(&sizes, `"requestHeaderSize":%d,`, r.head)
	if r.body > 0 {
		fmt.Fprintf(&sizes, `"requestBodySize":%d,`, r.body)
	}
	fmt.Fprintf(&sizes, `"responseHeaderSize":%d,`, r.replyHead)
	if r.reply > 0 {
		fmt.Fprintf(&sizes, `"responseBodySize":%d,`, r.reply)
	}
	modified := r.at.Format("2006/01/02 15:04:05.0000000") // one of the two spellings in use
	if r.serial%2 == 0 {
		modified = stamp(r.at)
	}
	return fmt.Appendf(nil, `{"time":%q,"resourceId":"%s/blobServices/default","category":%q,"operationName":%q,"operationVersion":"2023-11-03","schemaVersion":"1.0","statusCode":%d,"statusText":%q,"durationMs":%d,"callerIpAddress":"%s:%d","correlationId":%q,"identity":%s,"location":%q,"properties":{"accountName":%q,"userAgentHeader":%q,"serviceType":"blob","objectKey":%q,"lastModifiedTime":%q,"metricResponseType":%q,"serverLatencyMs":%d,%s"tlsVersion":"TLS 1.3"},"uri":%q,"protocol":"HTTPS","resourceType":"Microsoft.Storage/storageAccounts/blobServices"}`,
		stamp(r.at), storageID(h.account, x), r.category, r.op, r.status, r.text, 40+r.serial%400, c.address, 1024+r.serial%60000,
		uuid(r.serial, r.serial*31), identity, x.Region, x.Name, c.agent, key, modified, r.response, 5+r.serial%60, sizes.String(), uri)
}

const tenantID = "5b1c0a1e-7d43-4f5e-9c55-0a6f0d7e2b11"

// logFiles projects a history into the files of its request log, one at a time,
// and applies the edits that concern it.
func logFiles(s *Scenario, h *history, t *truth, put func(...file) error) error {
	if h.storage.NoLogs || h.hidden() || s.elsewhere(h.storage) {
		return nil
	}
	at := map[string][]int{} // lines by file
	var order []string
	ended, withheld := h.edits(s)
	list := h.entries(s, ended, withheld, true)
	for i := range list {
		r := &list[i].request
		p := h.logPath(r)
		if list[i].late {
			next := *r
			if next.at = r.at.Add(time.Hour); h.storage.Daily {
				next.at = r.at.AddDate(0, 0, 1)
			}
			p = h.logPath(&next)
		}
		if at[p] == nil {
			order = append(order, p)
		}
		at[p] = append(at[p], i)
		if list[i].again {
			t.duplicate("azure-storage-log", 1)
			continue
		}
		t.count("azure-storage-log", 1)
	}
	render := func(p string) file {
		var b bytes.Buffer
		for _, i := range at[p] {
			b.Write(list[i].line(s, h))
			b.WriteByte('\n')
		}
		if h.storage.Daily {
			return file{p, zip(b.Bytes())}
		}
		return file{p, b.Bytes()}
	}
	if h.damaged(s) { // which files those are depends on all
		var files []file
		for _, p := range order {
			files = append(files, render(p))
		}
		return put(h.damage(s, files, t)...)
	}
	for _, p := range order {
		if err := put(render(p)); err != nil {
			return err
		}
	}
	return nil
}

// damaged reports whether an edit doubles, cuts or malforms files of the log.
func (h *history) damaged(s *Scenario) bool {
	for _, e := range s.Edits {
		if n := h.storage.Name; n == e.DoubleFile || n == e.CutFile || n == e.Malform {
			return true
		}
	}
	return false
}

// edits returns when the log ends, and the days that are withheld.
func (h *history) edits(s *Scenario) (ended time.Time, withheld map[string]bool) {
	withheld = map[string]bool{}
	for _, e := range s.Edits {
		if e.DeleteSetting == h.storage.Name {
			ended = e.At
		}
		if e.WithholdLogs == h.storage.Name {
			withheld[e.Day] = true
		}
	}
	return ended, withheld
}

// logPath is where a request's line lies: by category, and by hour or day.
func (h *history) logPath(r *request) string {
	dir := "evidence/storage-logs/insights-logs-" + strings.ToLower(r.category) + "/resourceId=" + storageID(h.account, h.storage) + "/blobServices/default/"
	if h.storage.Daily {
		return dir + r.at.Format("2006-01-02") + ".json.gz"
	}
	return dir + r.at.Format("y=2006/m=01/d=02/h=15/m=00/") + "PT1H.json"
}

// damage applies the edits that double, cut or malform files.
func (h *history) damage(s *Scenario, files []file, t *truth) []file {
	for _, e := range s.Edits {
		switch h.storage.Name {
		case e.DoubleFile:
			if len(files) > 0 {
				f := files[len(files)/2]
				n := int64(bytes.Count(unzip(f.data), []byte("\n")))
				files = append(files, file{path: "evidence/storage-logs/copies/" + strings.ReplaceAll(f.path[strings.LastIndex(f.path, "/")+1:], "PT1H", "PT1H-copy"), data: f.data})
				t.duplicate("azure-storage-log", n)
			}
		case e.CutFile:
			for i := range files {
				if strings.Contains(files[i].path, "storagewrite") && strings.Contains(files[i].path, e.Day+".json.gz") {
					files[i].data = cut(files[i].data, t)
				}
			}
		case e.Malform:
			files = malform(files, e.Lines, t)
		}
	}
	return files
}

// cut makes a gzip file whose tail is missing: the last lines, and a part of
// one, are lost.
func cut(data []byte, t *truth) []byte {
	plain := unzip(data)
	lines := bytes.SplitAfter(plain, []byte("\n"))
	lines = lines[:len(lines)-1] // after the last line end
	lost := min(3, len(lines))
	kept := bytes.Join(lines[:len(lines)-lost], nil)
	tail := lines[len(lines)-lost][:200]
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(kept)
	w.Write(tail)
	w.Flush() // without the end of the stream
	t.count("azure-storage-log", -int64(lost))
	t.unread("azure-storage-log", 1, int64(len(tail)))
	return b.Bytes()
}

// malform breaks n lines, each in another file.
func malform(files []file, n int, t *truth) []file {
	for i := range files {
		plain := unzip(files[i].data)
		end := bytes.IndexByte(plain, '\n')
		if n == 0 || end < 400 || bytes.Count(plain, []byte("\n")) < 3 {
			continue
		}
		broken := append(append([]byte{}, plain[:300]...), plain[end:]...)
		if &plain[0] != &files[i].data[0] {
			broken = zip(broken)
		}
		files[i].data = broken
		t.count("azure-storage-log", -1)
		t.unread("azure-storage-log", 1, 300)
		n--
	}
	return files
}

func zip(data []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	w.Write(data)
	w.Close()
	return b.Bytes()
}

// unzip returns what a gzip file holds, or the bytes themselves.
func unzip(data []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return data
	}
	var b bytes.Buffer
	b.ReadFrom(r) // written here: whole
	return b.Bytes()
}
