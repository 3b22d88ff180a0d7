package probity

// A Cause says why a witness is silent where it should speak.
type Cause string

// The causes, in the order in which they are considered: the first that the
// records establish is given.
const (
	Refused      Cause = "refused"       // a custodian declined to hand it over
	Redacted     Cause = "redacted"      // it was handed over with parts taken out
	NotRequested Cause = "not_requested" // nobody asked for it
	TurnedOff    Cause = "turned_off"    // a configuration event ended it; none switched it on again
	Expired      Cause = "expired"       // older, when acquired, than the record is kept
	Filtered     Cause = "filtered"      // selectors let only a part through
	NeverOn      Cause = "never_on"      // the control plane was seen, and nothing switched it on
	CauseUnread  Cause = "unread"        // the file is there and cannot be read
	Missing      Cause = "missing"       // other records show activity then: lost or withheld
	Unknown      Cause = "unknown"       // nothing says either way
)

// Causes lists the causes in their order.
var Causes = []Cause{Refused, Redacted, NotRequested, TurnedOff, Expired, Filtered, NeverOn, CauseUnread, Missing, Unknown}

// Explained reports whether the cause, once established, explains silence
// without loss or withholding: a gap with such a cause needs no discrepancy.
func (c Cause) Explained() bool { return c != Missing && c != Unknown }

// Meaning says in words what the cause means.
func (c Cause) Meaning() string {
	switch c {
	case Refused:
		return "the custodian refused to hand the records over"
	case Redacted:
		return "the records were handed over with parts taken out"
	case NotRequested:
		return "the records were not requested"
	case TurnedOff:
		return "a configuration change ended the record"
	case Expired:
		return "the record was older, when acquired, than it is kept"
	case Filtered:
		return "a selector let only a part of the record through"
	case NeverOn:
		return "the record was never switched on"
	case CauseUnread:
		return "the file is there and cannot be read"
	case Missing:
		return "other records show activity then: lost or withheld"
	}
	return "nothing says why"
}

// A Gap is a span that a witness does not cover for one resource.
type Gap struct {
	Witness  Witness `json:"witness"`
	Provider string  `json:"provider,omitempty"`
	Account  string  `json:"account"`
	Resource string  `json:"resource"`
	Span
	Cause Cause `json:"cause"`
	// Streams names the parts of the witness that are silent, such as the log
	// category StorageWrite or the metric BlobCapacity.
	Streams []string `json:"streams,omitempty"`
	// Detail says which record establishes the cause, if one does.
	Detail string `json:"detail,omitempty"`
}

// Coverage is the share of a claim's accounts x resources x hours that was
// acquired, and the minimum that was declared beforehand.
type Coverage struct {
	Share   float64 `json:"share"`   // 0..1
	Minimum float64 `json:"minimum"` // 0..1
}

// Met reports whether the share reaches the minimum.
func (c Coverage) Met() bool { return c.Share >= c.Minimum && c.Minimum > 0 }
