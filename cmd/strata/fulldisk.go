// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/strata-build/strata/internal/atomicfile"
)

// noSpace is how a full disk is told, by whatever way the error came.
const noSpace = "no space left on device"

// fullDisk says of an error's text which disk is full, if that is what it is about.
// The path in it is often one that no user knows: that of an output until it is
// whole.
func fullDisk(text string) string {
	before, _, ok := strings.Cut(text, ": "+noSpace)
	if !ok {
		return text
	}
	at := strings.LastIndex(before, " /")
	if at < 0 {
		return text
	}
	path, doing := before[at+1:], before[:at]
	// What is left of it ends with the system call's name, or the words of those
	// who passed it on.
	doing, _, _ = strings.Cut(doing, "rpc error:")
	if i := strings.LastIndex(doing, ": "); i >= 0 {
		doing = doing[:i+2]
	} else {
		doing = ""
	}
	return fmt.Sprintf("%sthe disk of %s is full", doing, atomicfile.FolderOf(path))
}

// roomless finds the cause of a failure when a full disk has cut the connection
// that it would have come by.
func (j *job) roomless(err error) error {
	if strings.Contains(err.Error(), noSpace) {
		return err
	}
	if dir, full := j.stage.Full(); full {
		return &reworded{text: fmt.Sprintf("failed to solve: the disk of %s is full", dir), err: err}
	}
	return err
}
