package custody

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"probity/internal/ledger"
)

// WitnessFile is the case's policy of witnesses, a tlog-policy.
const WitnessFile = "witnesses.policy"

// Cosigned says how many witnesses cosigned the current checkpoint.
type Cosigned struct {
	Asked  bool // the case has a policy of witnesses
	N, K   int  // n of k cosigned
	Met    bool // the quorum, or nothing is asked
	Silent error
}

// Words says it in words.
func (c Cosigned) Words() string {
	switch {
	case !c.Asked:
		return "no policy of witnesses"
	case !c.Met:
		return fmt.Sprintf("%d of %d witnesses cosigned: the quorum is not met", c.N, c.K)
	}
	return fmt.Sprintf("%d of %d witnesses cosigned", c.N, c.K)
}

// WitnessPolicy returns the policy of witnesses of a case, nil if it has none.
// It is the one that the policy in force for a review names, if that names one.
func WitnessPolicy(text []byte, r Reviewed) (*ledger.Policy, error) {
	if named := r.Policy; named != nil && named.Witnesses != nil {
		if text == nil {
			return nil, fmt.Errorf("%s is missing, and the policy of leaf %d names it: restore it from a copy", WitnessFile, r.PolicyLeaf)
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != named.Witnesses.SHA256 {
			return nil, fmt.Errorf("%s is not the one that the policy of leaf %d names", WitnessFile, r.PolicyLeaf)
		}
	}
	if text == nil {
		return nil, nil
	}
	p, err := ledger.ParsePolicy(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", WitnessFile, err)
	}
	return p, nil
}

// Witnessed says how many witnesses of the case's policy cosigned the current
// checkpoint. If that is not enough and the book is open for writing, those that
// have not are asked; what does not answer is in Silent, and is no error.
func (b *Book) Witnessed(ctx context.Context, review string, client *http.Client) (Cosigned, error) {
	text, err := os.ReadFile(filepath.Join(b.dir, WitnessFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Cosigned{}, err
	}
	p, err := WitnessPolicy(text, b.Reviewed(review))
	if p == nil || err != nil {
		return Cosigned{Met: true}, err
	}
	out := Cosigned{Asked: true}
	if out.N, out.K, out.Met, err = p.Cosigned(b.view.Checkpoint(), b.view.Vkey()); err != nil || out.Met || b.log == nil {
		return out, err
	}
	_, k, silent := b.log.Cosign(ctx, p, client)
	if silent != nil && k == 0 {
		return out, silent
	}
	b.view, out.Silent = b.log.View(), silent
	out.N, out.K, out.Met, err = p.Cosigned(b.view.Checkpoint(), b.view.Vkey())
	return out, err
}
