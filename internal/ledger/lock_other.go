//go:build !unix

package ledger

import (
	"errors"
	"os"
)

// takeLock refuses: only systems with advisory locks of files may write. The
// ledger can be read everywhere.
func takeLock(string) (*os.File, error) {
	return nil, errors.New("writing a ledger needs a system with flock")
}
