// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// A disk is a file system of its own for a daemon's state, in one file. A cache is
// emptied by making it again: where thousands of files were just removed, ext4
// looks at each of their inodes, again and again, before it gives one to a new
// file, for minutes, and whoever makes most files at once pays most for that.
type disk struct{ file, at string }

// diskSize is how many bytes may be used; the file has holes.
const diskSize = 12 << 30

func newDisk(b testing.TB, at string) *disk {
	d := &disk{file: filepath.Join(testenv.Dir(b), "disk"), at: at}
	b.Cleanup(func() { d.remove(b) })
	return d
}

// renew puts an empty file system in the place of the one that there is.
func (d *disk) renew(b testing.TB) {
	b.Helper()
	d.remove(b)
	for _, err := range []error{os.MkdirAll(d.at, 0o700), os.WriteFile(d.file, nil, 0o600), os.Truncate(d.file, diskSize)} {
		if err != nil {
			b.Fatal(err)
		}
	}
	for _, command := range [][]string{
		{"mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", d.file}, {"mount", "-o", "loop", d.file, d.at},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			b.Fatalf("%q: %v\n%s", command, err, out)
		}
	}
}

// remove takes the file system away, if there is one.
func (d *disk) remove(b testing.TB) {
	b.Helper()
	for exec.Command("umount", "--lazy", d.at).Run() == nil {
		continue // and what is mounted below
	}
	if err := os.Remove(d.file); err != nil && !os.IsNotExist(err) {
		b.Error(err)
	}
}
