// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package rootfs

import (
	"context"
	"errors"
)

// errDir says that this system has no directory for Linux's files.
var errDir = errors.New("a root file system can be written into a directory only on Linux: write a tar instead")

// WriteDir needs Linux.
func (t *Tree) WriteDir(context.Context, string) (Lost, error) { return Lost{}, errDir }

// Unpack needs Linux.
func Unpack(context.Context, []Layer, string) (*Tree, Lost, error) { return nil, Lost{}, errDir }

// RestoreRoot needs Linux.
func (t *Tree) RestoreRoot(string) error { return nil }
