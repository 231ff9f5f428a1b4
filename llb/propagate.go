// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"fmt"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

// PropagateNoCache makes everything that depends on an operation without cache go without
// it too. BuildKit runs such an operation again, but it knows the result by the
// same key as the last one; what follows by that key, a merge above all, would
// be the old one, and with it the image.
func PropagateNoCache(def *bk.Definition) error {
	if !anyIgnored(def) {
		return nil
	}
	for _, dt := range def.Def { // inputs come before what takes them
		var op pb.Op
		if err := op.UnmarshalVT(dt); err != nil {
			return fmt.Errorf("read operation: %w", err)
		}
		self := digest.FromBytes(dt)
		for _, in := range op.Inputs {
			if def.Metadata[digest.Digest(in.Digest)].IgnoreCache && op.Op != nil {
				m := def.Metadata[self]
				m.IgnoreCache = true
				def.Metadata[self] = m
			}
		}
	}
	return nil
}

func anyIgnored(def *bk.Definition) bool {
	for _, m := range def.Metadata {
		if m.IgnoreCache {
			return true
		}
	}
	return false
}
