// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import "github.com/strata-build/strata/llb/spec"

// Signature says how what is fetched is held to a key.
type Signature struct {
	// Pos is where the build file asks for it, and KeyPos where it names the key.
	Pos    spec.Pos `json:"-"`
	KeyPos spec.Pos `json:"-"`
	// Key is the path of the public key in the build context, and KeyText what is there.
	Key     string `json:"key"`
	KeyText string `json:"-"`
	// HTTP is where a file's signature is fetched from; nil for one of the build context,
	// whose path is Source, and Text what is there. Git has its signatures itself.
	HTTP   *HTTP  `json:"http,omitempty"`
	Source string `json:"source,omitempty"`
	Text   string `json:"-"`
}
