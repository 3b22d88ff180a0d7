package probity

import "fmt"

// An Answer is all that an indicator may say: that sizes, times and counts are
// consistent with what a claim names, that they are not, or that they cannot
// tell. None of them is knowledge of content. The zero value says nothing.
type Answer uint8

// The answers.
const (
	CannotTell Answer = iota
	NotConsistent
	Consistent
)

var answerNames = [...]string{"cannot_tell", "not_consistent", "consistent"}

// String returns the name that review.json carries.
func (a Answer) String() string {
	if int(a) < len(answerNames) {
		return answerNames[a]
	}
	return answerNames[CannotTell]
}

// MarshalText writes the answer's name.
func (a Answer) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads an answer's name.
func (a *Answer) UnmarshalText(text []byte) error {
	for i, n := range answerNames {
		if n == string(text) {
			*a = Answer(i)
			return nil
		}
	}
	return fmt.Errorf("answer %q is none of consistent, not_consistent, cannot_tell", text)
}

// A Feature is a number that was measured, and that an answer rests on.
type Feature struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  Unit    `json:"unit"`
}

// An IndicatorPart is the answer for one part of what an indicator was asked
// about, such as the objects of a container with one extension.
type IndicatorPart struct {
	Resource  string    `json:"resource"`
	Container string    `json:"container,omitempty"`
	Extension string    `json:"extension,omitempty"`
	Answer    Answer    `json:"answer"`
	Because   string    `json:"because"`
	Features  []Feature `json:"features"`
}

// An IndicatorResult is what an indicator says in a test: of everything in
// scope, and of each part.
type IndicatorResult struct {
	Name        string          `json:"name"`
	Question    string          `json:"question"`
	Answer      Answer          `json:"answer"`
	Assumptions []string        `json:"assumptions"`
	Warnings    []string        `json:"warnings"`
	Parts       []IndicatorPart `json:"parts"`
}
