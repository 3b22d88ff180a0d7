package ledger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// A Policy says whose cosignatures a checkpoint needs: c2sp.org/tlog-policy.
//
//	log VKEY [URL]
//	witness NAME VKEY [URL]
//	group NAME any|all|N MEMBER...
//	quorum NAME|none
type Policy struct {
	Logs      []string // keys
	Witnesses []*Witness
	quorum    string // "none", or the name of a witness or group
	groups    map[string]group
	byName    map[string]*Witness
	member    map[string]bool // of a group: nobody counts twice
}

// A Witness is a party that cosigns checkpoints after checking that each
// continues the last.
type Witness struct {
	Name string // in the policy
	URL  string // under which add-checkpoint is; "" if none is known
	*cosigner
}

type group struct {
	need    int
	members []string
}

// ParsePolicy reads a policy.
func ParsePolicy(text []byte) (*Policy, error) {
	p := &Policy{groups: map[string]group{}, byName: map[string]*Witness{}, member: map[string]bool{}}
	keys := map[string]bool{}
	if !utf8.Valid(text) {
		return nil, errors.New("the policy is not UTF-8")
	}
	for i, line := range strings.Split(string(text), "\n") {
		if strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && (unicode.IsControl(r) || r != ' ' && unicode.IsSpace(r)) }) {
			return nil, fmt.Errorf("the policy, line %d: a character that is neither text, blank nor tab", i+1)
		}
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := p.line(words, keys); err != nil {
			return nil, fmt.Errorf("the policy, line %d: %w", i+1, err)
		}
	}
	if p.quorum == "" {
		return nil, errors.New("the policy has no line quorum: write \"quorum none\" if no witness is needed")
	}
	return p, nil
}

func (p *Policy) line(words []string, keys map[string]bool) error {
	switch {
	case words[0] == "log" && (len(words) == 2 || len(words) == 3):
		if _, err := note.NewVerifier(words[1]); err != nil {
			return fmt.Errorf("the key of the log: %w", err)
		}
		if contains(p.Logs, words[1]) {
			return errors.New("the log stands twice")
		}
		p.Logs = append(p.Logs, words[1])
	case words[0] == "witness" && (len(words) == 3 || len(words) == 4):
		c, err := newCosigner(words[2])
		if err != nil {
			return err
		}
		if p.known(words[1]) || keys[string(c.key)] {
			return fmt.Errorf("%s, or its key, stands twice", words[1])
		}
		keys[string(c.key)] = true
		w := &Witness{Name: words[1], cosigner: c}
		if len(words) == 4 {
			w.URL = words[3]
		}
		p.byName[words[1]] = w
		p.Witnesses = append(p.Witnesses, w)
	case words[0] == "group" && len(words) >= 4:
		return p.group(words[1], words[2], words[3:])
	case words[0] == "quorum" && len(words) == 2:
		if p.quorum != "" {
			return errors.New("a second quorum")
		}
		if words[1] != "none" && !p.known(words[1]) {
			return fmt.Errorf("%s is neither a witness nor a group above", words[1])
		}
		p.quorum = words[1]
	default:
		return fmt.Errorf("%q is none of: log VKEY [URL], witness NAME VKEY [URL], group NAME any|all|N MEMBER..., quorum NAME|none", strings.Join(words, " "))
	}
	return nil
}

func (p *Policy) group(name, threshold string, members []string) error {
	if p.known(name) {
		return fmt.Errorf("%s stands twice", name)
	}
	for _, m := range members {
		if !p.known(m) || m == "none" {
			return fmt.Errorf("the member %s is neither a witness nor a group above", m)
		}
		if p.member[m] {
			return fmt.Errorf("%s is a member already: a witness counts once", m)
		}
		p.member[m] = true
	}
	need := 0
	switch threshold {
	case "any":
		need = 1
	case "all":
		need = len(members)
	default:
		n, err := strconv.Atoi(threshold)
		if err != nil || n < 1 || n > len(members) || strconv.Itoa(n) != threshold {
			return fmt.Errorf("%s of %d members", threshold, len(members))
		}
		need = n
	}
	p.groups[name] = group{need, members}
	return nil
}

func (p *Policy) known(name string) bool {
	_, g := p.groups[name]
	return g || p.byName[name] != nil || name == "none"
}

// Cosigned returns how many of the policy's witnesses cosigned a checkpoint of
// the log, and whether the quorum is met.
func (p *Policy) Cosigned(signed []byte, vkey string) (n, k int, met bool, err error) {
	if _, _, _, err := VerifyCheckpoint(signed, vkey); err != nil {
		return 0, len(p.Witnesses), false, err
	}
	if len(p.Logs) > 0 && !contains(p.Logs, vkey) {
		return 0, len(p.Witnesses), false, errors.New("the policy is for other logs")
	}
	did := map[string]bool{}
	for _, w := range p.Witnesses {
		if has(signed, w.cosigner) {
			did[w.Name] = true
			n++
		}
	}
	return n, len(p.Witnesses), p.quorum == "none" || p.meets(p.quorum, did), nil
}

func (p *Policy) meets(name string, did map[string]bool) bool {
	g, ok := p.groups[name]
	if !ok {
		return did[name]
	}
	n := 0
	for _, m := range g.members {
		if p.meets(m, did) {
			n++
		}
	}
	return n >= g.need
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
