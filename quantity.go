package probity

// A Quantity is something that a claim can be about.
type Quantity string

// The quantities. A level exists at an instant, a flow over a span.
const (
	BytesStored    Quantity = "bytes_stored"
	ObjectsStored  Quantity = "objects_stored"
	BytesWritten   Quantity = "bytes_written"
	ObjectsWritten Quantity = "objects_written"
	BytesRead      Quantity = "bytes_read"
	ObjectsRead    Quantity = "objects_read"
	Requests       Quantity = "requests"
	BytesEgressed  Quantity = "bytes_egressed"
	SpeechSeconds  Quantity = "speech_seconds"
)

// Quantities lists every quantity in the order in which outputs name them.
var Quantities = []Quantity{
	BytesStored, ObjectsStored, BytesWritten, ObjectsWritten,
	BytesRead, ObjectsRead, Requests, BytesEgressed, SpeechSeconds,
}

// Unit returns the unit in which values of q are given.
func (q Quantity) Unit() Unit {
	switch q {
	case BytesStored, BytesWritten, BytesRead, BytesEgressed:
		return Byte
	case SpeechSeconds:
		return Second
	}
	return One
}

// Level reports whether q exists at an instant. Otherwise it is a flow.
func (q Quantity) Level() bool { return q == BytesStored || q == ObjectsStored }

// Noun says what an amount of q is of, to follow it in a sentence.
func (q Quantity) Noun() string {
	switch q {
	case BytesStored:
		return "stored"
	case BytesWritten:
		return "written"
	case BytesRead:
		return "read"
	case BytesEgressed:
		return "sent out"
	case ObjectsStored:
		return "objects stored"
	case ObjectsWritten:
		return "objects written"
	case ObjectsRead:
		return "objects read"
	case SpeechSeconds:
		return "of speech recognised"
	}
	return "requests"
}

// Known reports whether q is one of Quantities.
func (q Quantity) Known() bool {
	for _, k := range Quantities {
		if k == q {
			return true
		}
	}
	return false
}

// A Witness is one pipeline's account of quantities.
type Witness string

// The witnesses. Control is the control plane's log, which rules read.
const (
	Billed  Witness = "billed"
	Metered Witness = "metered"
	Listed  Witness = "listed"
	Logged  Witness = "logged"
	Flowed  Witness = "flowed"
	Stated  Witness = "stated"
	Control Witness = "control"
)

// Witnesses lists the witnesses, those hardest to suppress first. Where two
// disagree, a reading names the one that comes later.
var Witnesses = []Witness{Billed, Metered, Listed, Logged, Flowed, Stated, Control}

// Rank is the position of w in Witnesses; a lower rank is harder to suppress.
func (w Witness) Rank() int {
	for i, k := range Witnesses {
		if k == w {
			return i
		}
	}
	return len(Witnesses)
}

// Suppressor says who can make the witness fall silent.
func (w Witness) Suppressor() string {
	switch w {
	case Billed:
		return "the provider's finance department only"
	case Metered:
		return "the provider only"
	case Listed:
		return "the customer, by rules and prefixes"
	case Logged:
		return "the customer, by switches and selectors; delivery is best-effort"
	case Flowed:
		return "the customer; the flows are a sample"
	case Stated:
		return "whoever speaks"
	case Control:
		return "nobody at the customer: it cannot be changed or deleted"
	}
	return ""
}

// A Bound says from which side a witness bounds the truth.
type Bound string

// The bounds. A witness with Neither is compared and never used as proof.
const (
	Neither Bound = "neither"
	Below   Bound = "below" // the truth is at least the value
	Above   Bound = "above" // the truth is at most the value
	Both    Bound = "both"
)

// Lower reports whether a value of this bound is a lower bound of the truth.
func (b Bound) Lower() bool { return b == Below || b == Both }

// Upper reports whether a value of this bound is an upper bound of the truth.
func (b Bound) Upper() bool { return b == Above || b == Both }

// And returns the bound of a sum of two values, one of each bound.
func (b Bound) And(c Bound) Bound {
	switch lo, hi := b.Lower() && c.Lower(), b.Upper() && c.Upper(); {
	case lo && hi:
		return Both
	case lo:
		return Below
	case hi:
		return Above
	}
	return Neither
}
