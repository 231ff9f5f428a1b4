// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"google.golang.org/grpc/codes"

	"github.com/strata-build/strata/internal/atomicfile"
)

// FullDisk is the failure of a write for which its disk has no room.
type FullDisk struct {
	// Dir is a directory on the disk, one that the user knows.
	Dir string
	// Err is the failure itself.
	Err error
}

func (e *FullDisk) Error() string { return fmt.Sprintf("the disk of %s is full", e.Dir) }

// Unwrap returns Err.
func (e *FullDisk) Unwrap() error { return e.Err }

// fullDisk names the disk of a failed write when that disk is full. The path in
// the error itself is often the hidden one of an output that is incomplete.
func fullDisk(err error) error {
	if f := (*FullDisk)(nil); errors.As(err, &f) || !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	path, call := failedCall(err)
	if path == "" {
		return err
	}
	doing, _, _ := strings.Cut(err.Error(), call.Error())
	return fmt.Errorf("%s%w", doing, &FullDisk{Dir: atomicfile.DirectoryOf(path), Err: err})
}

// failedCall is the system call in err that found no space, and its path.
func failedCall(err error) (path string, call error) {
	switch e := err.(type) { //nolint:errorlint // it walks the tree itself
	case *fs.PathError:
		return e.Path, e
	case *os.LinkError:
		return e.New, e
	case interface{ Unwrap() error }:
		return failedCall(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			if errors.Is(one, syscall.ENOSPC) {
				return failedCall(one)
			}
		}
	}
	return "", err
}

// noSpace is how a full disk reads in every error of a Go program on Unix.
const noSpace = "no space left on device"

// ReadFullDisk makes an error typed that came over a connection as a text: of a
// full disk, a [FullDisk]. Any other error stays as it is. It is for the one
// place at which BuildKit's errors arrive.
func ReadFullDisk(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return err
	}
	doing, path, ok := readNoSpace(err.Error())
	if !ok {
		return err
	}
	return fmt.Errorf("%s%w", doing, &FullDisk{Dir: atomicfile.DirectoryOf(path), Err: err})
}

// readNoSpace takes "DOING: CALL PATH: no space left on device" apart; doing ends
// with its colon and a blank. ok is false for a text of another form.
func readNoSpace(text string) (doing, path string, ok bool) {
	before, _, ok := strings.Cut(text, ": "+noSpace)
	if !ok {
		return "", "", false
	}
	at := strings.LastIndex(before, " /")
	if at < 0 {
		return "", "", false
	}
	doing, path = before[:at], before[at+1:]
	// What is left ends with the name of the system call, or with the prefix of
	// the connection that the error came by and the name of its status.
	doing, _, _ = strings.Cut(doing, "rpc error:")
	if i := strings.LastIndex(doing, ": "); i >= 0 {
		doing = doing[:i+len(": ")]
	} else {
		doing = ""
	}
	return strings.ReplaceAll(doing, codes.ResourceExhausted.String()+": ", ""), path, true
}
