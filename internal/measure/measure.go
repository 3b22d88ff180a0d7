// Package measure runs the catalogue's measures: one quantity by one witness
// each. What comes out are facts with their span, value and bound; nothing
// here knows of claims.
package measure

import (
	"context"
	"fmt"
	"io/fs"
	"sort"
	"strings"
	"time"

	"probity"
	"probity/catalog"
	"probity/internal/query"
)

// A Point is a value of a quantity for one resource, and one container if the
// witness knows containers, over a span.
type Point struct {
	Resource    int32 // number in the Directory
	Container   int32 // number in the Directory; 0 if the witness does not know
	From, Until int64 // seconds since 1970, half-open
	Value       float64
	Bound       probity.Bound
}

// A Series is what one witness says of one quantity.
type Series struct {
	Quantity probity.Quantity
	Witness  probity.Witness
	Bound    probity.Bound // the usual one; each point has its own
	Streams  []string      // the parts of the witness that it is read from
	Assumes  []string
	File     string // in the catalogue
	SQL      string
	Points   []Point // by resource, start, container
}

// ByResource calls f with the points of each resource that has any.
func (s *Series) ByResource(f func(resource int32, points []Point)) {
	for i := 0; i < len(s.Points); {
		j := i
		for j < len(s.Points) && s.Points[j].Resource == s.Points[i].Resource {
			j++
		}
		f(s.Points[i].Resource, s.Points[i:j])
		i = j
	}
}

// Of returns the points of one resource.
func (s *Series) Of(resource int32) []Point {
	i := sort.Search(len(s.Points), func(i int) bool { return s.Points[i].Resource >= resource })
	j := sort.Search(len(s.Points), func(i int) bool { return s.Points[i].Resource > resource })
	return s.Points[i:j]
}

// Set holds the series of a review, by quantity and witness.
type Set struct {
	Directory *Directory
	Series    []*Series // by quantity, then by the witness's rank
}

// Find returns the series of a quantity by a witness, nil if there is no such
// measure.
func (s *Set) Find(q probity.Quantity, w probity.Witness) *Series {
	for _, x := range s.Series {
		if x.Quantity == q && x.Witness == w {
			return x
		}
	}
	return nil
}

// Of returns the series of a quantity, those hardest to suppress first.
func (s *Set) Of(q probity.Quantity) []*Series {
	var out []*Series
	for _, x := range s.Series {
		if x.Quantity == q {
			out = append(out, x)
		}
	}
	return out
}

// Run runs every measure of the catalogue. The period bounds what is kept:
// points that do not overlap it are left out.
func Run(ctx context.Context, e *query.Engine, period probity.Span) (*Set, error) {
	dir, err := LoadDirectory(ctx, e)
	if err != nil {
		return nil, err
	}
	set := &Set{Directory: dir}
	files, err := fs.Glob(catalog.Files, "quantities/*.sql")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		text, err := catalog.Files.ReadFile(f)
		if err != nil {
			return nil, err
		}
		s, err := ParseHeader(f, string(text))
		if err != nil {
			return nil, err
		}
		if err := s.load(ctx, e, dir, period); err != nil {
			return nil, err
		}
		set.Series = append(set.Series, s)
	}
	order := map[probity.Quantity]int{}
	for i, q := range probity.Quantities {
		order[q] = i
	}
	sort.Slice(set.Series, func(i, j int) bool {
		a, b := set.Series[i], set.Series[j]
		if a.Quantity != b.Quantity {
			return order[a.Quantity] < order[b.Quantity]
		}
		return a.Witness.Rank() < b.Witness.Rank()
	})
	return set, nil
}

// ParseHeader reads the comment lines at the top of a measure's file: quantity,
// witness, unit, bound, streams, and any number of assumes.
func ParseHeader(file, text string) (*Series, error) {
	s := &Series{File: file, SQL: text}
	unit := ""
	for _, line := range strings.Split(text, "\n") {
		body, ok := strings.CutPrefix(line, "-- ")
		if !ok {
			break
		}
		name, value, _ := strings.Cut(body, ": ")
		switch value = strings.TrimSpace(value); name {
		case "quantity":
			s.Quantity = probity.Quantity(value)
		case "witness":
			s.Witness = probity.Witness(value)
		case "unit":
			unit = value
		case "bound":
			s.Bound = probity.Bound(value)
		case "streams":
			s.Streams = strings.Split(value, ", ")
		case "assumes":
			s.Assumes = append(s.Assumes, value)
		}
	}
	switch {
	case !s.Quantity.Known():
		return nil, fmt.Errorf("catalog/%s: quantity %q is unknown: name one of %v in the header", file, s.Quantity, probity.Quantities)
	case s.Witness.Rank() == len(probity.Witnesses):
		return nil, fmt.Errorf("catalog/%s: witness %q is unknown: name one of %v in the header", file, s.Witness, probity.Witnesses)
	case probity.Unit(unit) != s.Quantity.Unit():
		return nil, fmt.Errorf("catalog/%s: unit %q: %s is measured in %q", file, unit, s.Quantity, s.Quantity.Unit())
	case !s.Bound.Lower() && !s.Bound.Upper():
		return nil, fmt.Errorf("catalog/%s: bound %q: say above, below or both", file, s.Bound)
	}
	return s, nil
}

func (s *Series) load(ctx context.Context, e *query.Engine, dir *Directory, period probity.Span) error {
	from, until := unix(period.From), unix(period.Until)
	err := e.Each(ctx, "catalog/"+s.File, s.SQL, func(row func(...any) error) error {
		var provider, account, resource, container, bound string
		var a, b time.Time
		var v float64
		if err := row(&provider, &account, &resource, &container, &a, &b, &v, &bound); err != nil {
			return err
		}
		p := Point{From: unix(a), Until: unix(b), Value: v, Bound: probity.Bound(bound)}
		if p.Until <= from || p.From >= until || p.Until <= p.From {
			return nil
		}
		if p.Resource = dir.Find(provider, account, resource); p.Resource < 0 {
			return nil // nothing says whose it is
		}
		p.Container = dir.Container(container)
		s.Points = append(s.Points, p)
		return nil
	})
	sort.Slice(s.Points, func(i, j int) bool {
		a, b := &s.Points[i], &s.Points[j]
		if a.Resource != b.Resource {
			return a.Resource < b.Resource
		}
		if a.From != b.From {
			return a.From < b.From
		}
		if a.Container != b.Container {
			return dir.Containers[a.Container] < dir.Containers[b.Container]
		}
		return a.Until < b.Until
	})
	if s.Witness == probity.Metered {
		s.dropCoarser()
	}
	return err
}

// dropCoarser leaves out points that finer ones of the same resource overlap:
// a meter that was read out twice, by the hour and by the day, tells of the
// same use.
func (s *Series) dropCoarser() {
	kept := make([]Point, 0, len(s.Points))
	s.ByResource(func(_ int32, points []Point) {
		finest := points[0].Until - points[0].From
		same := true
		for _, p := range points {
			same = same && p.Until-p.From == finest
			finest = min(finest, p.Until-p.From)
		}
		for i, p := range points {
			if same || !overlapsFiner(points, i) {
				kept = append(kept, p)
			}
		}
	})
	s.Points = kept
}

func overlapsFiner(points []Point, i int) bool {
	p := points[i]
	// A finer point that overlaps p begins less than p's length before it.
	first := sort.Search(len(points), func(k int) bool { return points[k].From > p.From-(p.Until-p.From) })
	for _, o := range points[first:] {
		if o.From >= p.Until {
			break
		}
		if o.Until > p.From && o.Until-o.From < p.Until-p.From {
			return true
		}
	}
	return false
}
