package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"probity/internal/custody"
	"probity/internal/ledger"
)

var ledgerCommand = command{
	name: "ledger", args: "show|verify|prove|cosign CASE",
	short: "shows, checks, proves and has cosigned the record of a case",
	long: `The ledger is an append-only log in the folder ledger/ of the case: static
files in the formats of C2SP, which any tlog client reads.

  probity ledger show CASE [--json]        one line an event
  probity ledger verify CASE [--since FILE]
      computes every hash anew; --since names an older checkpoint, which the
      ledger must continue; exit 4 if anything does not hold
  probity ledger prove CASE --leaf N       the proof of a leaf (tlog-proof)
  probity ledger cosign CASE [--policy FILE]
      asks the witnesses of a policy; CASE/witnesses.policy if absent

example:
  probity ledger show mycase`,
	run: runLedger,
}

func runLedger(ctx context.Context, t *talk, args []string) error {
	f := flag.NewFlagSet("ledger", flag.ContinueOnError)
	since, leaf, policy, asJSON := f.String("since", "", ""), f.Int64("leaf", -1, ""), f.String("policy", "", ""), f.Bool("json", false, "")
	rest, err := parse(f, args, 2, "what to do and a case")
	if err != nil {
		return err
	}
	dir := rest[1]
	if i, err := os.Stat(dir); err == nil && !i.IsDir() {
		dir = filepath.Dir(dir)
	}
	if rest[0] == "cosign" {
		return cosign(ctx, t, dir, *policy)
	}
	view, err := ledger.OpenView(os.DirFS(filepath.Join(dir, custody.LedgerDir)))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s has no ledger yet: probity request, receive, collect or plan --seal begin it", dir)
	}
	if err != nil {
		return verificationError("the ledger: %v", err)
	}
	switch rest[0] {
	case "show":
		return showLedger(t, dir, view, *asJSON)
	case "verify":
		return verifyLedger(t, view, *since)
	case "prove":
		if *leaf < 0 {
			return usageError("--leaf N is needed")
		}
		proof, err := view.Proof(*leaf)
		if err != nil {
			return err
		}
		_, err = t.out.Write(proof)
		return err
	}
	return usageError("%q is none of show, verify, prove, cosign", rest[0])
}

func verifyLedger(t *talk, v *ledger.View, since string) error {
	if err := v.Check(); err != nil {
		return verificationError("the ledger: %v", err)
	}
	if since != "" {
		older, err := os.ReadFile(since)
		if err != nil {
			return err
		}
		if err := v.Consistent(older); err != nil {
			return verificationError("%s: %v", since, err)
		}
	}
	fmt.Fprintf(t.out, "ok: %d leaves, root %s, key %s\n", v.Size(), v.Root(), v.Vkey())
	return nil
}

// showLedger prints the events, with what the case knows of them.
func showLedger(t *talk, dir string, v *ledger.View, asJSON bool) error {
	b, err := custody.Read(dir, custody.Options{})
	if err != nil {
		return err
	}
	known := map[int64]*custody.Event{}
	for _, e := range b.Events {
		known[e.Index] = e
	}
	if !asJSON {
		fmt.Fprintf(t.out, "%s: %d leaves, root %s\n", v.Origin(), v.Size(), v.Root())
	}
	index := int64(0)
	for leaf, err := range v.Leaves(0) {
		if err != nil {
			return verificationError("the ledger: %v", err)
		}
		if err := showLeaf(t, index, leaf, known[index], asJSON); err != nil {
			return err
		}
		index++
	}
	return nil
}

func showLeaf(t *talk, index int64, leaf []byte, e *custody.Event, asJSON bool) error {
	if asJSON {
		line := struct {
			Index int64           `json:"index"`
			Leaf  json.RawMessage `json:"leaf"`
			Body  any             `json:"body,omitempty"`
		}{Index: index, Leaf: leaf}
		if e != nil {
			line.Body = e.Body
		}
		return json.NewEncoder(t.out).Encode(line)
	}
	if e == nil {
		fmt.Fprintf(t.out, "%4d  %s\n", index, leaf[:min(len(leaf), t.width)])
		return nil
	}
	text := e.Describe()
	if e.ID != "" {
		text = e.ID + " " + text
	}
	fmt.Fprintf(t.out, "%4d  %s  %-20s %s\n", index, e.At.Format("2006-01-02 15:04"), e.Kind, text)
	return nil
}

func cosign(ctx context.Context, t *talk, dir, policy string) (err error) {
	if policy == "" {
		policy = filepath.Join(dir, custody.WitnessFile)
	}
	text, err := os.ReadFile(policy)
	if errors.Is(err, os.ErrNotExist) {
		return usageError("%s is not there: name with --policy a c2sp.org/tlog-policy with the witnesses and the quorum", policy)
	}
	if err != nil {
		return err
	}
	p, err := ledger.ParsePolicy(text)
	if err != nil {
		return err
	}
	l, err := ledger.Open(filepath.Join(dir, custody.LedgerDir), filepath.Join(dir, custody.KeyFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	n, k, silent := l.Cosign(ctx, p, nil)
	if silent != nil && k == 0 {
		return silent
	}
	if silent != nil {
		fmt.Fprintln(t.err, silent)
	}
	_, _, met, err := p.Cosigned(l.View().Checkpoint(), l.View().Vkey())
	if err != nil {
		return err
	}
	word := "the quorum is met"
	if !met {
		word = "the quorum is not met yet"
	}
	fmt.Fprintf(t.out, "%s of %s cosigned %d leaves: %s\n", strconv.Itoa(n), strconv.Itoa(k), l.View().Size(), word)
	return nil
}
