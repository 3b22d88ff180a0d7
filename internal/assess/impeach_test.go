package assess

import (
	"testing"

	"probity"
	"probity/internal/coverage"
	"probity/internal/measure"
)

// A log with lines of requests that never were is believed about none of the
// quantities that its lines tell of; a meter stays believed.
func TestImpeachmentReachesAllThatTheLogTells(t *testing.T) {
	dir := &measure.Directory{Resources: []measure.Resource{{Provider: "azure", Account: "a", Name: "store"}}}
	a := &assessor{in: Input{Set: &measure.Set{Directory: dir}, Coverage: &coverage.Map{}, Discrepancies: []probity.Discrepancy{{
		Quantity: probity.ObjectsWritten, Left: probity.Logged, Right: probity.Metered, Account: "a", Resource: "store",
		LeftValue: 120, RightValue: 100, Reading: probity.ReadingOf(probity.Logged, false), Impeaches: probity.Logged}}}}
	members := []member{{kind: ofResource, resource: 0, account: "a"}}
	for _, c := range []struct {
		witness  probity.Witness
		quantity probity.Quantity
		want     bool
	}{
		{probity.Logged, probity.ObjectsWritten, true}, {probity.Logged, probity.BytesWritten, true}, {probity.Logged, probity.Requests, true},
		{probity.Metered, probity.BytesWritten, false}, {probity.Metered, probity.ObjectsWritten, false}, {probity.Logged, probity.BytesStored, false},
	} {
		y := testimony{witness: c.witness, bound: probity.Below}
		a.weigh(&y, &probity.Test{Quantity: c.quantity}, members)
		if y.impeached != c.want {
			t.Errorf("%s about %s: impeached %v, want %v", c.witness, c.quantity, y.impeached, c.want)
		}
		if y.isShort {
			t.Errorf("%s about %s: short by a surplus", c.witness, c.quantity)
		}
	}
}
