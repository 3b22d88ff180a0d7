//go:build unix

package ledger

import (
	"fmt"
	"os"
	"syscall"
)

// takeLock takes the lock that says who writes; closing the file, or the end of
// the process, releases it.
func takeLock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another process writes to it: wait until it has ended (%w)", err)
	}
	return f, nil
}
