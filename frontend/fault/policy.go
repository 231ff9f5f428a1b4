// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"fmt"
	"path"
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
	lines := sourceLines(def, func(id string) bool { return id == m[1] })
	if len(lines) == 0 {
		// The policy has taken it from elsewhere before, where it likely has the same name.
		lines = sourceLines(def, func(id string) bool { return path.Base(id) == path.Base(m[1]) })
	}
	for _, at := range lines {
		err = errdefs.WithSource(err, at)
	}
	return err
}

// sourceLines are the lines of the sources of a graph that are asked for.
func sourceLines(def *bk.Definition, wanted func(id string) bool) []*errdefs.Source {
	if def.Source == nil {
		return nil
	}
	var lines []*errdefs.Source
	for _, data := range def.Def {
		var op pb.Op
		if op.UnmarshalVT(data) != nil || op.GetSource() == nil || !wanted(op.GetSource().GetIdentifier()) {
			continue
		}
		for _, at := range def.Source.Locations[digest.FromBytes(data).String()].GetLocations() {
			if i := int(at.SourceIndex); i >= 0 && i < len(def.Source.Infos) {
				lines = append(lines, &errdefs.Source{Info: def.Source.Infos[i], Ranges: at.Ranges})
			}
		}
	}
	return lines
}
