// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package testenv

import "os/exec"

// endWithParent does nothing: the daemons run on Linux only. It is here so that
// tests compile elsewhere.
func endWithParent(*exec.Cmd) {}

// unmountBelow finds nothing to unmount.
func unmountBelow(string) error { return nil }

// ownDisk leaves temporary files where they are.
func ownDisk() (remove func() error, err error) { return func() error { return nil }, nil }
