package custody

import (
	"fmt"
	"time"
)

// Tolerance is by how much the clock of a ledger may be ahead of that of a time
// stamp authority.
const Tolerance = 5 * time.Minute

// CheckTime compares a time stamp of the signature that is a leaf with the
// ledger: it lies after the plan was sealed, and not before the run whose answer
// was signed. The accuracy is what the authority states.
func CheckTime(events []*Event, leaf int64, at time.Time, accuracy time.Duration) error {
	var sealed, run *Event
	evidence := false
	for _, e := range events {
		if e.Index >= leaf {
			break
		}
		switch e.Kind {
		case PlanSealed:
			if !evidence {
				sealed = e
			}
		case EvidenceReceived:
			evidence = true
		case AnalysisRun:
			evidence, run = true, e
		}
	}
	latest := at.Add(min(max(accuracy, 0), Tolerance))
	const layout = "2006-01-02 15:04:05 UTC"
	switch {
	case sealed != nil && latest.Before(sealed.At):
		return fmt.Errorf("it was stamped on %s, before the plan of leaf %d was sealed on %s", at.UTC().Format(layout), sealed.Index, sealed.At.Format(layout))
	case run != nil && latest.Add(Tolerance).Before(run.At):
		return fmt.Errorf("it was stamped on %s, before the run of leaf %d that it is about, on %s", at.UTC().Format(layout), run.Index, run.At.Format(layout))
	}
	return nil
}
