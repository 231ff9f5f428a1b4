// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"fmt"
	"regexp"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

// denial is how BuildKit says that a source policy denies a source.
var denial = regexp.MustCompile(`source "([^"\n]+)" denied by policy`)

// ofPolicy gives a denied source the lines that ask for it. BuildKit refuses the whole
// graph, before any step that has lines. Of another error it makes nothing else.
func ofPolicy(err error, def *bk.Definition) error {
	if err == nil {
		return nil
	}
	m := denial.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	err = &reworded{text: fmt.Sprintf("source %q denied by policy", m[1]), err: err}
	if def.Source == nil {
		return err
	}
	for _, data := range def.Def {
		var op pb.Op
		if op.UnmarshalVT(data) != nil || op.GetSource().GetIdentifier() != m[1] {
			continue
		}
		for _, at := range def.Source.Locations[digest.FromBytes(data).String()].GetLocations() {
			if i := int(at.SourceIndex); i >= 0 && i < len(def.Source.Infos) {
				err = errdefs.WithSource(err, &errdefs.Source{Info: def.Source.Infos[i], Ranges: at.Ranges})
			}
		}
	}
	return err
}
