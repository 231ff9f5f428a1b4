// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"
)

// TestReadFullDisk reads errors of BuildKit 0.33 as they arrived, with shorter
// paths.
func TestReadFullDisk(t *testing.T) {
	for text, want := range map[string]string{
		// An output file, over the session.
		"failed to solve: ResourceExhausted: rpc error: code = ResourceExhausted desc = write /out/.a.strata-6QW2AHR7L5: no space left on device": "failed to solve: the disk of /out is full",
		// An archive.
		"failed to solve: ResourceExhausted: failed to copy to tar: rpc error: code = ResourceExhausted desc = write /out/.a.strata-FDGG4WFGYP: no space left on device": "failed to solve: failed to copy to tar: the disk of /out is full",
		// A layout.
		"failed to solve: failed to copy: failed to send write: rpc error: code = Unknown desc = write /out/.a.strata-2TUIJKBYWR/ingest/ae23/data: no space left on device": "failed to solve: failed to copy: failed to send write: the disk of /out is full",
		// The daemon's own disk.
		"failed to solve: ResourceExhausted: ResourceExhausted: write /state/runc-overlayfs/snapshots/snapshots/3/fs/big: no space left on device": "failed to solve: the disk of /state/runc-overlayfs/snapshots/snapshots/3/fs is full",
	} {
		err := ReadFullDisk(errors.New(text))
		if f := (*FullDisk)(nil); err.Error() != want || !errors.As(err, &f) {
			t.Errorf("%s\nis %T %q, want %q", text, err, err, want)
		}
	}
	for _, text := range []string{
		"failed to solve: EOF",
		"failed to solve: process \"/bin/sh -c tar x\" did not complete successfully: exit code: 2",
		"no space left on device",
		"write a: no space left on device",
	} {
		sent := errors.New(text)
		if err := ReadFullDisk(sent); !errors.Is(err, sent) || err.Error() != text {
			t.Errorf("%q became %q", text, err)
		}
	}
}

// TestFullDisk names the disk of a write of this process by its type.
func TestFullDisk(t *testing.T) {
	write := &fs.PathError{Op: "write", Path: "/out/.a.strata-6QW2AHR7L5/b", Err: syscall.ENOSPC}
	denied := &fs.PathError{Op: "remove", Path: "/out/c", Err: syscall.EACCES}
	for _, test := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("copy a to b: write blob: %w", write), "copy a to b: write blob: the disk of /out is full"},
		{&os.LinkError{Op: "rename", Old: "/tmp/a", New: "/full/a", Err: syscall.ENOSPC}, "the disk of /full is full"},
		{errors.Join(denied, fmt.Errorf("export: %w", write)), denied.Error() + "\nexport: the disk of /out is full"},
		{fmt.Errorf("close: %w", syscall.ENOSPC), "close: no space left on device"},
		{denied, denied.Error()},
		{fmt.Errorf("failed to solve: %w", &FullDisk{Dir: "/out", Err: write}), "failed to solve: the disk of /out is full"},
	} {
		if err := fullDisk(test.err); err.Error() != test.want || !errors.Is(err, test.err) {
			t.Errorf("%q is %q, want %q", test.err, err, test.want)
		}
	}
}
