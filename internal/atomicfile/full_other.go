// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package atomicfile

// Full needs Linux; elsewhere no disk is known to be full.
func (s *Stage) Full() (dir string, full bool) { return "", false }
