// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"maps"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/internal/printable"
)

// customName is where a step's name stands in what is said of it.
const customName = "llb.customname"

// HideLogins takes logins out of the names of the steps that load contexts: dockerui calls
// them by the addresses as they are given, and the progress and a daemon's history have the
// names.
func HideLogins(def *pb.Definition) {
	for _, m := range def.GetMetadata() {
		m.Description = withoutLogin(m.Description)
	}
}

func hideLogins(def *bk.Definition) {
	for op, m := range def.Metadata {
		m.Description = withoutLogin(m.Description)
		def.Metadata[op] = m
	}
}

// withoutLogin is what is said of a step. The map is a state's own, which others may read.
func withoutLogin(said map[string]string) map[string]string {
	name := said[customName]
	if !strings.HasPrefix(name, "[internal] load git source ") && !strings.HasPrefix(name, "[context ") {
		return said
	}
	hidden := printable.Address(name)
	if hidden == name {
		return said
	}
	said = maps.Clone(said)
	said[customName] = hidden
	return said
}
