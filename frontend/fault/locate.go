// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"errors"
	"fmt"

	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// File is the build file that errors are shown in.
type File struct {
	Source *dockerui.Source
	// Dockerfile finds the place in it that names a Dockerfile first.
	Dockerfile func(file string) (pos spec.Pos, ok bool)
}

// Locate gives an error the lines of the build file that it belongs to, in the
// form that BuildKit's clients print as an excerpt. It is the only place that
// does so.
func (f *File) Locate(err error) error {
	err = ofLook(err)
	text := printable.Error(err)
	if lost(err) {
		text += lostWords
	}
	var ranges []spec.Range
	var fault *plan.Fault
	if errors.As(err, &fault) && len(errdefs.Sources(err)) == 0 && len(OfSpec(err)) == 0 {
		text = fmt.Sprintf("%s:%d:%d: %s", f.Source.Filename, fault.Range.Start.Line, fault.Range.Start.Column, text)
		ranges = append(ranges, fault.Range)
	}
	if at, ok := f.dockerfileLines(err); ok {
		// Both files' lines are shown, where a fault of the build file has its own.
		if faults := OfSpec(err); len(faults) == 1 {
			err = errors.Unwrap(faults[0])
		}
		ranges = append(ranges, at)
	}
	for _, e := range OfSpec(err) {
		if e.Range.Start.Line > 0 {
			ranges = append(ranges, e.Range)
		}
	}
	err = &reworded{text: text, err: err}
	for _, at := range ranges {
		err = errdefs.WithSource(err, f.lines(at))
	}
	return err
}

// dockerfileLines finds the place of the build file that names the Dockerfile whose
// lines an error has; ok is false if it has none.
func (f *File) dockerfileLines(err error) (at spec.Range, ok bool) {
	for _, s := range errdefs.Sources(err) {
		if s.Info == nil || s.Info.Filename == f.Source.Filename && s.Info.Language == f.Source.Language {
			continue
		}
		if pos, ok := f.Dockerfile(s.Info.Filename); ok {
			return spec.Range{Start: pos, End: pos}, true
		}
	}
	return spec.Range{}, false
}

// OfSpec finds the faults of the build file in an error.
func OfSpec(err error) []*spec.Error {
	var many spec.Errors
	if errors.As(err, &many) {
		return many
	}
	var one *spec.Error
	if errors.As(err, &one) {
		return []*spec.Error{one}
	}
	return nil
}

// lines is a range of the build file as BuildKit's clients know it.
func (f *File) lines(at spec.Range) *errdefs.Source {
	m := f.Source.SourceMap
	return &errdefs.Source{
		Info: &pb.SourceInfo{
			Data:       m.Data,
			Filename:   m.Filename,
			Language:   m.Language,
			Definition: m.Definition.ToPB(),
		},
		Ranges: []*pb.Range{Lines(at)},
	}
}

// Lines is a range of the build file as BuildKit has it, which counts columns from 0.
func Lines(at spec.Range) *pb.Range {
	if at.End.IsZero() {
		at.End = at.Start
	}
	return &pb.Range{
		Start: &pb.Position{Line: int32(at.Start.Line), Character: int32(max(at.Start.Column-1, 0))},
		End:   &pb.Position{Line: int32(at.End.Line), Character: int32(max(at.End.Column-1, 0))},
	}
}
