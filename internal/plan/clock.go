package plan

import (
	"fmt"
	"time"

	"probity"
)

// A Clock says when a record of the period is lost. A record that is written
// on a day and kept for n days begins to be lost on that day plus n, and is
// wholly lost when that date ends. Dates are of the calendar, UTC.
type Clock struct {
	State     State   `json:"state"`
	KeptDays  int     `json:"kept_days"`  // 0 if no date is known
	FirstLost string  `json:"first_lost"` // when the period's first day is lost; "" if not known
	LastLost  string  `json:"last_lost"`  // when its last day is lost
	DaysLeft  int     `json:"days_left"`  // from today to FirstLost; 0 if that has come
	LostShare float64 `json:"lost_share"` // of the period, as today begins, 0 to 1
}

// A State says how much is left by default.
type State string

// The states. Unknown means that the record is kept as the place that it is
// sent to, or that no figure is published: its holder must be asked.
const (
	Unknown State = "unknown"
	Intact  State = "intact"
	Losing  State = "losing" // a day of the period is lost every day
	Lost    State = "lost"
)

// clock runs the clock of a record that is kept for a number of days.
func clock(period probity.Span, today time.Time, keptDays int) Clock {
	if keptDays == 0 {
		return Clock{State: Unknown}
	}
	today = date(today)
	first, last := date(period.From).AddDate(0, 0, keptDays), lastDay(period).AddDate(0, 0, keptDays)
	c := Clock{State: Intact, KeptDays: keptDays, FirstLost: first.Format(time.DateOnly), LastLost: last.Format(time.DateOnly)}
	switch {
	case today.After(last):
		c.State, c.LostShare = Lost, 1
	case !today.Before(first):
		c.State = Losing
		gone := probity.Span{From: period.From, Until: today.AddDate(0, 0, -keptDays)}
		c.LostShare = gone.Hours() / period.Hours()
	default:
		c.DaysLeft = int(first.Sub(today).Hours() / 24)
	}
	return c
}

// before orders clocks: what is being lost now, what will be, what nobody
// knows of, what is lost already.
func (c Clock) before(d Clock) bool {
	rank := map[State]int{Losing: 0, Intact: 1, Unknown: 2, Lost: 3}
	if rank[c.State] != rank[d.State] {
		return rank[c.State] < rank[d.State]
	}
	return c.FirstLost < d.FirstLost
}

// Words says the state in a few words.
func (c Clock) Words() string {
	switch c.State {
	case Intact:
		return "in " + plural(c.DaysLeft, "day", "days")
	case Losing:
		if c.LostShare == 0 {
			return "TODAY"
		}
		return probity.Percent(c.LostShare) + " LOST"
	case Lost:
		return "all lost"
	}
	return "not known"
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%s %s", probity.FormatAmount(float64(n), probity.One), many)
}

func date(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// lastDay is the last day that holds an instant of the period.
func lastDay(s probity.Span) time.Time { return date(s.Until.Add(-time.Nanosecond)) }
