package custody

import (
	"fmt"
	"time"

	"probity"
)

// RequestRefs returns the requests that events tell of as reviews show them.
func RequestRefs(events []*Event) []probity.RequestRef {
	out := []probity.RequestRef{}
	for _, r := range RequestsOf(events) {
		q := r.Requested
		out = append(out, probity.RequestRef{
			ID: r.ID, Leaf: r.Index, At: r.At.Format(time.RFC3339), Custodian: q.Custodian, Relation: q.Relation, Witness: q.Witness, Kind: q.Kind,
			Accounts: q.Accounts, Resources: q.Resources, Period: q.Period, Due: q.Due.UTC().Format(time.RFC3339),
			State: string(r.State), Reason: r.Reason, Answers: append([]int64{}, r.Answers...),
		})
	}
	return out
}

// Chains returns, for the SHA-256 of each file that a receipt lists, the
// receipts in order. manifest returns the manifest with a SHA-256.
func Chains(events []*Event, manifest func(sum string) ([]byte, error)) (map[string][]probity.Link, error) {
	out := map[string][]probity.Link{}
	for _, e := range events {
		r, ok := e.Body.(*Received)
		if !ok {
			continue
		}
		data, err := manifest(r.Manifest)
		if err != nil {
			return nil, err
		}
		if sum256(data) != r.Manifest {
			return nil, fmt.Errorf("manifests/%s.txt is not the manifest of leaf %d", r.Manifest, e.Index)
		}
		lines, err := ParseManifest(data)
		if err != nil {
			return nil, fmt.Errorf("the manifest of leaf %d: %w", e.Index, err)
		}
		link := probity.Link{Leaf: e.Index, Recorded: e.At.UTC().Format(time.RFC3339), Request: r.Request, Custodian: r.Custodian, Relation: r.Relation,
			By: r.By, How: r.How, At: r.At, Manifest: r.Manifest}
		for _, l := range lines {
			out[l.SHA256] = append(out[l.SHA256], link)
		}
	}
	return out, nil
}

// Before returns the events whose leaves stand before a size of the ledger.
func Before(events []*Event, size int64) []*Event {
	for i, e := range events {
		if e.Index >= size {
			return events[:i]
		}
	}
	return events
}
