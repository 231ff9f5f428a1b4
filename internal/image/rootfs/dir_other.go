// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package rootfs

import (
	"context"
	"errors"
)

// errFolder says that this system has no folder for Linux's files.
var errFolder = errors.New("a root file system can be written into a folder only on Linux: write a tar instead")

// WriteDir needs Linux.
func (t *Tree) WriteDir(context.Context, string) (Lost, error) { return Lost{}, errFolder }

// Unpack needs Linux.
func Unpack(context.Context, []Layer, string) (*Tree, Lost, error) { return nil, Lost{}, errFolder }

// RestoreRoot needs Linux.
func (t *Tree) RestoreRoot(string) error { return nil }
