// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package engine

import (
	"context"

	"github.com/moby/buildkit/client"
)

// Connect returns [ErrUnsupported] on this operating system.
func Connect(context.Context, Options) (*client.Client, error) { return nil, ErrUnsupported }

// Stop returns [ErrUnsupported] on this operating system.
func Stop(context.Context, Options) error { return ErrUnsupported }

// Main returns [ErrUnsupported] on this operating system.
func Main(context.Context, []string) error { return ErrUnsupported }

// Damage is empty on this operating system.
func Damage(Options, error) string { return "" }

// Ended is empty on this operating system.
func Ended(Options) string { return "" }
