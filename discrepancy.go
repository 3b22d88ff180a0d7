package probity

// A Reading says which side of a discrepancy has too little or too much.
type Reading string

// The readings.
const (
	LogShort      Reading = "log_short"
	LogExcess     Reading = "log_excess"
	ListingShort  Reading = "listing_short"
	ListingExcess Reading = "listing_excess"
	BillShort     Reading = "bill_short"
	BillExcess    Reading = "bill_excess"
	MetricShort   Reading = "metric_short"
	MetricExcess  Reading = "metric_excess"
)

// ReadingOf returns the reading for a witness that has too little (short) or
// too much.
func ReadingOf(w Witness, short bool) Reading {
	name := map[Witness]string{Billed: "bill", Metered: "metric", Listed: "listing", Logged: "log"}[w]
	if name == "" {
		name = string(w)
	}
	if short {
		return Reading(name + "_short")
	}
	return Reading(name + "_excess")
}

// A BenignCause is an innocent way in which a difference arises, and whether
// the records bear it out.
type BenignCause struct {
	Cause  string `json:"cause"`
	Result string `json:"result"` // "explains", "does_not_explain" or "cannot_be_tested"
	Detail string `json:"detail,omitempty"`
}

// A Discrepancy is a difference between two witnesses of one quantity that
// exceeds the tolerance.
type Discrepancy struct {
	Quantity Quantity `json:"quantity"`
	Left     Witness  `json:"left"`
	Right    Witness  `json:"right"`
	Provider string   `json:"provider,omitempty"`
	Account  string   `json:"account"`
	Resource string   `json:"resource"`
	Span
	LeftValue  float64       `json:"left_value"`
	RightValue float64       `json:"right_value"`
	Unit       Unit          `json:"unit"`
	Share      float64       `json:"share"` // |left-right| over the larger of the two
	Tolerance  float64       `json:"tolerance"`
	Benign     []BenignCause `json:"benign_causes_tested"`
	Reading    Reading       `json:"reading"`
	// Impeaches names the witness that this difference robs of its force, if
	// a lower bound exceeds an upper bound.
	Impeaches Witness `json:"impeaches,omitempty"`
	Detail    string  `json:"detail,omitempty"`
}
