// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build !release

package bundle

// embedded finds nothing: only a release carries helpers.
func embedded() (map[string]*helper, bool, error) { return nil, false, nil }
