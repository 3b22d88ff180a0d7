package casefile

import (
	"fmt"
	"strconv"

	"probity/internal/custody"
)

// signing is the file of a policy of signatures.
func signing() value {
	return objectOf(
		field{"probity_policy", "the version of this format", true, oneOf("1")},
		field{"quorum", "how many reviewers must sign, at least two", true, value{pattern: `^[1-9][0-9]?$`, means: "a whole number such as 2"}},
		field{"reviewers", "who may sign, each once", true, listOf(objectOf(
			field{"name", "as probity sign --as has it", true, plain},
			field{"role", "an author, an approver, or a reviewer beside them", true, oneOf("author", "approver", "reviewer")},
			field{"key_sha256", "what probity key show prints of the public key", true, value{pattern: `^[0-9a-f]{64}$`, means: "the 64 hexadecimal digits that probity key show prints"}}))},
		field{"recusals", "who takes no part", false, listOf(objectOf(
			field{"name", "who", true, plain},
			field{"reason", "why", true, plain}))})
}

// LoadPolicy reads a policy of signatures, policy.yaml. What is wrong in the
// file is one *Mistakes.
func LoadPolicy(file string) (*custody.Policy, error) {
	data, err := readFile(file)
	if err != nil {
		return nil, fmt.Errorf("opening the policy: %w", err)
	}
	return ParsePolicy(file, data)
}

// ParsePolicy reads the bytes of a policy; name stands for it in errors.
func ParsePolicy(name string, data []byte) (*custody.Policy, error) {
	m := &Mistakes{File: name}
	root := m.decode(data)
	if root == nil {
		return nil, m
	}
	m.check(root, signing(), "the policy")
	p := &custody.Policy{}
	p.Quorum, _ = strconv.Atoi(text(root, "quorum")) // the pattern is a number
	for _, n := range items(root, "reviewers") {
		p.Reviewers = append(p.Reviewers, custody.Listed{By: text(n, "name"), Role: custody.Role(text(n, "role")), KeySHA256: text(n, "key_sha256")})
	}
	for _, n := range items(root, "recusals") {
		p.Recused = append(p.Recused, custody.Recusal{By: text(n, "name"), Reason: text(n, "reason")})
	}
	if len(m.List) == 0 {
		if err := p.Check(); err != nil {
			m.add(root, "%v", err)
		}
	}
	if len(m.List) > 0 {
		m.sort()
		return nil, m
	}
	return p, nil
}
