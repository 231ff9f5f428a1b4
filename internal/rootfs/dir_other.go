// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package rootfs

import (
	"context"
	"errors"
)

// WriteDir needs Linux.
func (t *Tree) WriteDir(context.Context, string) (Lost, error) {
	return Lost{}, errors.New("a root file system can be written into a folder only on Linux: write a tar instead")
}

// RestoreRoot needs Linux.
func (t *Tree) RestoreRoot(string) error { return nil }
