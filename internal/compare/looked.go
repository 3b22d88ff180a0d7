package compare

import (
	"slices"

	"probity"
)

// looked compares what the reviews looked at.
func looked(old, new *probity.Review) Looked {
	l := Looked{Exhibits: exhibits(old, new), Kinds: kinds(old, new), Witnesses: names(witnesses(old), witnesses(new)), Uncovered: []Silence{}}
	accountsOld, resourcesOld := estate(old)
	accountsNew, resourcesNew := estate(new)
	l.Accounts, l.Resources = names(accountsOld, accountsNew), names(resourcesOld, resourcesNew)
	before, after := uncovered(old.Gaps), uncovered(new.Gaps)
	for _, w := range probity.Witnesses {
		if before[w] != after[w] {
			l.Uncovered = append(l.Uncovered, Silence{w, before[w], after[w]})
		}
	}
	return l
}

func exhibits(old, new *probity.Review) Exhibits {
	out := Exhibits{Added: []Exhibit{}, Removed: []Exhibit{}, Reread: []Exhibit{}, Renamed: []Exhibit{}}
	before, after := bySHA(old.Exhibits), bySHA(new.Exhibits)
	for _, sum := range sorted(after) {
		n, o := after[sum], before[sum]
		x := Exhibit{n.SHA256, n.Path, n.Kind, n.Bytes, n.Records, nil}
		if o == nil {
			out.Added = append(out.Added, x)
			continue
		}
		out.Same++
		x.Was = &Was{o.Path, o.Kind, o.Records}
		if o.Kind != n.Kind || o.Records != n.Records || o.Unread != n.Unread || o.UnreadBytes != n.UnreadBytes || o.Duplicates != n.Duplicates {
			out.Reread = append(out.Reread, x)
		}
		if o.Path != n.Path {
			out.Renamed = append(out.Renamed, x)
		}
	}
	for _, sum := range sorted(before) {
		if o := before[sum]; after[sum] == nil {
			out.Removed = append(out.Removed, Exhibit{o.SHA256, o.Path, o.Kind, o.Bytes, o.Records, nil})
		}
	}
	return out
}

// bySHA has one exhibit for each content: the one whose records were counted.
func bySHA(list []probity.Exhibit) map[string]*probity.Exhibit {
	out := map[string]*probity.Exhibit{}
	for i := range list {
		x := &list[i]
		if first := out[x.SHA256]; first == nil || first.DuplicateOf != "" && x.DuplicateOf == "" {
			out[x.SHA256] = x
		}
	}
	return out
}

func kinds(old, new *probity.Review) []Kind {
	at := map[probity.Kind]*Kind{}
	get := func(k probity.Kind) *Kind {
		if at[k] == nil {
			at[k] = &Kind{Kind: k}
		}
		return at[k]
	}
	for i := range old.Exhibits {
		k := get(old.Exhibits[i].Kind)
		k.OldExhibits, k.OldRecords = k.OldExhibits+1, k.OldRecords+old.Exhibits[i].Records
	}
	for i := range new.Exhibits {
		k := get(new.Exhibits[i].Kind)
		k.NewExhibits, k.NewRecords = k.NewExhibits+1, k.NewRecords+new.Exhibits[i].Records
	}
	out := []Kind{}
	for _, name := range sorted(at) {
		if k := at[name]; k.OldExhibits != k.NewExhibits || k.OldRecords != k.NewRecords {
			out = append(out, *k)
		}
	}
	return out
}

// witnesses are those that the review heard: that show a resource or speak to a
// test.
func witnesses(r *probity.Review) map[string]bool {
	out := map[string]bool{}
	for i := range r.Estate.Resources {
		for _, w := range r.Estate.Resources[i].Shown {
			out[w] = true
		}
	}
	for i := range r.Claims {
		for _, t := range r.Claims[i].Tests {
			for _, w := range t.Witnesses {
				out[string(w.Witness)] = true
			}
		}
	}
	return out
}

// estate are the accounts and resources that the records show.
func estate(r *probity.Review) (accounts, resources map[string]bool) {
	accounts, resources = map[string]bool{}, map[string]bool{}
	for _, x := range r.Estate.Resources {
		accounts[place(x.Provider, x.Account, "")] = true
		if x.Resource != "" {
			resources[place(x.Provider, x.Account, x.Resource)] = true
		}
	}
	return accounts, resources
}

// uncovered sums the hours that no record of a witness covers, each hour of a
// resource once.
func uncovered(gaps []probity.Gap) map[probity.Witness]float64 {
	type key struct {
		witness probity.Witness
		place   string
	}
	spans := map[key][]probity.Span{}
	for i := range gaps {
		g := &gaps[i]
		k := key{g.Witness, place(g.Provider, g.Account, g.Resource)}
		spans[k] = append(spans[k], g.Span)
	}
	out := map[probity.Witness]float64{}
	for k, list := range spans {
		out[k.witness] += hours(probity.MergeSpans(list))
	}
	return out
}

func hours(spans []probity.Span) float64 {
	var d float64
	for _, s := range spans {
		d += s.Hours()
	}
	return d
}

// without returns what of merged spans no other merged span has.
func without(spans, other []probity.Span) []probity.Span {
	var out []probity.Span
	for _, s := range spans {
		for _, o := range other {
			if !o.Overlaps(s) {
				continue
			}
			if s.From.Before(o.From) {
				out = append(out, probity.Span{From: s.From, Until: o.From})
			}
			if s.From = o.Until; s.Empty() {
				break
			}
		}
		if !s.Empty() {
			out = append(out, s)
		}
	}
	return out
}

// within returns what spans and other share.
func within(spans, other []probity.Span) []probity.Span {
	var out []probity.Span
	for _, s := range spans {
		for _, o := range other {
			if x := s.Intersect(o); !x.Empty() {
				out = append(out, x)
			}
		}
	}
	slices.SortFunc(out, func(a, b probity.Span) int { return a.From.Compare(b.From) })
	return out
}
