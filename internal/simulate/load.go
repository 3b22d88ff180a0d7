package simulate

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// WriteLoad writes a case with n storage-log records, and nothing else, into
// dir: for measuring how fast records are read. The records lie in the folders
// and hourly files of two storage accounts, half of them writes. The same seed
// gives the same bytes.
func WriteLoad(dir string, n int, seed uint64) error {
	s := &Scenario{Name: "load", Seed: seed, From: time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC), Tenant: "load"}
	a := &Account{ID: "5e0c1c1e-0000-4000-8000-000000000001", Name: "load"}
	rng := rand.New(rand.NewPCG(seed, 1))
	const hours = 48
	d := &drawing{s: s, rng: rng}
	for hour := range hours {
		for _, x := range []Storage{{Name: "loadone", Region: "westeurope"}, {Name: "loadtwo", Region: "northeurope"}} {
			d.h = &history{account: a, storage: &x}
			count := n*(hour+1)/hours - n*hour/hours
			if x.Name == "loadtwo" {
				count -= count / 2
			} else {
				count /= 2
			}
			if err := d.hourFiles(dir, hour, count); err != nil {
				return err
			}
		}
	}
	const text = `probity: 1
id: load
title: Load
period: {from: 2025-03-01, until: 2025-03-03}
allegations:
  - id: A1
    statement: Objects were written.
    claims:
      - {id: A1.1, statement: At least a thousand objects were written., test: {quantity: objects_written, aggregate: sum, at_least: 1000}}
evidence: [{path: evidence, custodian: {name: Nobody, relation: third_party}}]
`
	return os.WriteFile(filepath.Join(dir, "case.yaml"), []byte(text), 0o666)
}

// hourFiles writes an hour's reads and writes of the drawing's account.
func (d *drawing) hourFiles(dir string, hour, count int) error {
	calls := Container{Name: "calls", Use: Calls}
	start := d.s.From.Add(time.Duration(hour) * time.Hour)
	for _, category := range []string{"StorageRead", "StorageWrite"} {
		r := request{category: category, at: start, container: calls.Name}
		path := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(d.h.logPath(&r), "./")))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		w := bufio.NewWriterSize(f, 1<<20)
		n := count / 2
		if category == "StorageWrite" {
			n = count - count/2
		}
		for i := range n {
			at := start.Add(time.Duration(float64(i) / float64(n) * float64(time.Hour))).Truncate(time.Microsecond)
			name, size := d.object(&calls, at)
			r = request{at: at, op: "PutBlob", category: category, status: 201, text: "Success", response: "Success", container: calls.Name, object: name,
				body: size, head: 480, replyHead: 250, sas: true, caller: i % 2, serial: d.rng.Uint64()}
			if category == "StorageRead" {
				r.op, r.status, r.body, r.reply, r.sas, r.caller = "GetBlob", 200, 0, size, false, 2+i%3
			}
			w.Write(r.line(d.s, d.h))
			w.WriteByte('\n')
		}
		if err := errors.Join(w.Flush(), f.Close()); err != nil {
			return fmt.Errorf("writing %s: %w", path, err)
		}
	}
	return nil
}
