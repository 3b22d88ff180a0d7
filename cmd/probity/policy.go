package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"probity"
	"probity/internal/casefile"
	"probity/internal/custody"
	"probity/internal/durable"
	"probity/internal/ledger"
)

var policyCommand = command{
	name: "policy", args: "CASE [--file FILE]",
	short: "records who may sign a review, and how many must",
	long: `Policy puts into the ledger who may sign the review, in which role and with which
key, how many of them must, and who is recused. Set it before evidence is read:
a later one is said to be late wherever signatures are shown. For a review the
last policy counts that was set before its first signature. Names and reasons are
in the ledger as salted digests only. Without --file it prints what is in force.

  --file FILE   the policy, as below

If the case has a file witnesses.policy (a tlog-policy), its digest is recorded too,
and a final answer needs the cosignatures that it asks for.

  probity_policy: 1
  quorum: 2
  reviewers:
    - {name: A. Example, role: author, key_sha256: ...}     # probity key show prints it
    - {name: B. Example, role: approver, key_sha256: ...}
    - {name: C. Example, role: reviewer, key_sha256: ...}
  recusals:
    - {name: D. Example, reason: worked for the customer}

example:
  probity policy mycase --file policy.yaml`,
	run: runPolicy,
}

func runPolicy(_ context.Context, t *talk, args []string) (err error) {
	f := flag.NewFlagSet("policy", flag.ContinueOnError)
	file := f.String("file", "", "")
	rest, err := parse(f, args, 1, "one case")
	if err != nil {
		return err
	}
	if *file == "" {
		return showPolicy(t, rest[0])
	}
	p, err := casefile.LoadPolicy(*file)
	if err != nil {
		return err
	}
	c, b, err := startBook(rest[0])
	if err != nil {
		return err
	}
	defer closeBook(b, &err)
	if p.Witnesses, err = witnessesOf(c.Dir); err != nil {
		return err
	}
	now := b.Reviewed("")
	if now.Policy != nil && sameJSON(now.Policy, p) {
		fmt.Fprintf(t.out, "set already, as leaf %d\n", now.PolicyLeaf)
		return nil
	}
	index, err := b.Record(custody.PolicySet, "", p)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "recorded as leaf %d: %s\n", index, b.Reviewed("").Rule())
	return nil
}

func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// witnessesOf returns the digest of the case's policy of witnesses, nil if it
// has none.
func witnessesOf(dir string) (*custody.Witnesses, error) {
	text, err := os.ReadFile(filepath.Join(dir, custody.WitnessFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if _, err := ledger.ParsePolicy(text); err != nil {
		return nil, fmt.Errorf("%s: %w", custody.WitnessFile, err)
	}
	return &custody.Witnesses{SHA256: digest(text)}, nil
}

func showPolicy(t *talk, path string) error {
	c, err := casefile.Load(path)
	if err != nil {
		return err
	}
	b, err := custody.Read(c.Dir, custody.Options{})
	if err != nil {
		return err
	}
	r := b.Reviewed("")
	fmt.Fprintln(t.out, r.Rule())
	if r.Policy == nil {
		return nil
	}
	for _, x := range r.Policy.Reviewers {
		fmt.Fprintf(t.out, "  %-8s %s, key %s\n", x.Role, x.By, x.KeySHA256)
	}
	for _, x := range r.Policy.Recused {
		fmt.Fprintf(t.out, "  recused  %s: %s\n", x.By, x.Reason)
	}
	return nil
}

var acknowledgeCommand = command{
	name: "acknowledge", args: "CASE --request ID",
	short: "records that a custodian knows of a request",
	long: `Acknowledge records that the custodian said to have got a request. It answers
nothing: the request stays open until records come, or a refusal, or its due date.

  --request ID   which
  --by NAME      who said so
  --how TEXT     how, such as "by letter"
  --at DATE      when; now if absent

example:
  probity acknowledge mycase --request R1 --by "Clerk of the office" --how "by letter"`,
	run: runAcknowledge,
}

func runAcknowledge(_ context.Context, t *talk, args []string) (err error) {
	f := flag.NewFlagSet("acknowledge", flag.ContinueOnError)
	id, by, how, at := f.String("request", "", ""), f.String("by", "", ""), f.String("how", "", ""), f.String("at", "", "")
	rest, err := parse(f, args, 1, "one case")
	if err != nil {
		return err
	}
	if *id == "" {
		return usageError("--request is needed")
	}
	a := custody.Acknowledged{Request: *id, By: *by, How: *how, At: time.Now().UTC().Truncate(time.Second)}
	if *at != "" {
		if a.At, err = dateFlag("at", *at); err != nil {
			return err
		}
	}
	_, b, err := startBook(rest[0])
	if err != nil {
		return err
	}
	defer closeBook(b, &err)
	index, err := b.Record(custody.EvidenceAcknowledged, "", &a)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "recorded as leaf %d: request %s was acknowledged\n", index, *id)
	return nil
}

var challengeCommand = command{
	name: "challenge", args: "CASE --as NAME --claim ID --reason TEXT",
	short: "records an objection to the finding of a claim",
	long: `Challenge puts an objection to a finding of the last run into the ledger. It takes
nothing from a signature: whoever checks the answer sees both. To refuse one's own
signature, see probity sign --dissent.

  --as NAME       who objects
  --claim ID      the claim, such as A1.1
  --reason TEXT   why
  --out DIR       where the review was written; CASE/out if absent

example:
  probity challenge mycase --as "C. Example" --claim A1.1 --reason "the meter was reset in March"`,
	run: runChallenge,
}

func runChallenge(_ context.Context, t *talk, args []string) (err error) {
	f := flag.NewFlagSet("challenge", flag.ContinueOnError)
	by, claim, reason, out := f.String("as", "", ""), f.String("claim", "", ""), f.String("reason", "", ""), f.String("out", "", "")
	rest, err := parse(f, args, 1, "one case")
	if err != nil {
		return err
	}
	if *by == "" || *claim == "" || *reason == "" {
		return usageError("--as, --claim and --reason are needed")
	}
	c, err := casefile.Load(rest[0])
	if err != nil {
		return err
	}
	if *out == "" {
		*out = filepath.Join(c.Dir, "out")
	}
	content, err := os.ReadFile(filepath.Join(*out, durable.Mark))
	if err != nil {
		return fmt.Errorf("reading the review: %w: run probity review first", err)
	}
	var r probity.Review
	if err := json.Unmarshal(content, &r); err != nil {
		return fmt.Errorf("reading the review: %w", err)
	}
	if !slices.ContainsFunc(r.Claims, func(x probity.ClaimResult) bool { return x.ID == *claim }) {
		return usageError("--claim %q is no claim of this review: the claims are %s", *claim, claimIDs(&r))
	}
	c, b, err := startBook(rest[0])
	if err != nil {
		return err
	}
	defer closeBook(b, &err)
	if content, err = sealedReview(b, c, content); err != nil {
		return err
	}
	index, err := b.Record(custody.FindingChallenged, "", &custody.Challenged{By: *by, Claim: *claim, Reason: *reason, ReviewSHA256: digest(content)})
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "recorded as leaf %d: %s objects to the finding of %s\n", index, *by, *claim)
	return nil
}

func claimIDs(r *probity.Review) string {
	var ids []string
	for i := range r.Claims {
		ids = append(ids, r.Claims[i].ID)
	}
	return strings.Join(ids, ", ")
}
