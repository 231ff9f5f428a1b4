// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"errors"
	"fmt"

	"github.com/moby/buildkit/solver/errdefs"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// World answers what an explanation asks for besides the error.
type World interface {
	// Status is the HTTP status that a server refuses an address with; 0 if it
	// doesn't.
	Status(ctx context.Context, url string) int
	// List lists the directories of a tree, or what .dockerignore leaves out of it as
	// well; nil when it can't be listed.
	List(ctx context.Context, t plan.Tree, ignored bool) Lister
	// Unpack is what the step that unpacks an entry's archive says when it runs once
	// more.
	Unpack(ctx context.Context, p *plan.Plan, img *plan.Image, e *plan.Entry) ([]byte, error)
	// Report is what the step of a store's layer says when it runs once more.
	Report(ctx context.Context, p *plan.Plan, img *plan.Image, layer *plan.Layer) ([]byte, error)
}

// Signatures says what is wrong with signatures.
type Signatures interface {
	// Signature is what the step that checks the signature of a file says when it runs
	// once more; an error if it says nothing.
	Signature(ctx context.Context, f *plan.HTTP) ([]byte, error)
}

// Explainer puts failures of a build into the words of its build file.
type Explainer struct {
	File  *File
	Spec  *spec.Spec
	Plan  *plan.Plan
	World World
	// IgnoreFile names the ignore file of the build context; nil is .dockerignore.
	IgnoreFile func() string
	// Signatures may be nil where nothing must be signed.
	Signatures Signatures
	// Logins may be nil where no server wants a login.
	Logins Refetcher
}

// Explain tells the failure of a build in the build file's words, where BuildKit's
// are about something that the user never wrote.
func (e *Explainer) Explain(ctx context.Context, err error) error {
	if _, ok := e.File.dockerfileLines(err); ok {
		return placed(err, err.Error())
	}
	if u := AsUncached(err); u != nil {
		return e.uncachedFault(u, err)
	}
	lines := errdefs.Sources(err)
	if fault := e.withheldFault(err.Error(), lines); fault != nil {
		return fault
	}
	if fault := e.unpackFault(ctx, err); fault != nil {
		return fault
	}
	if fault := e.signatureFault(ctx, err); fault != nil {
		return fault
	}
	if fault := e.interpreterFault(ctx, err); fault != nil {
		return fault
	}
	if fault := e.outputFault(err, lines); fault != nil {
		return fault
	}
	if c, ok := findCopy(e.Plan, err, lines); ok {
		return e.missing(ctx, c)
	}
	if circles(err) {
		for _, c := range copies(e.Plan, lines) {
			if fault := e.Absent(ctx, c); fault != nil {
				return fault
			}
		}
	}
	if IsNotFound(err) {
		if c, ok := findPattern(e.Plan, lines); ok {
			return e.missingMatch(ctx, c)
		}
	}
	if f := AsFetch(err); f != nil {
		if fault := e.archiveFault(ctx, f); fault != nil {
			return fault
		}
	}
	if fault := e.loginFault(ctx, err); fault != nil {
		return fault
	}
	if fault := e.storeFault(ctx, err); fault != nil {
		return fault
	}
	if f := AsFetch(err); f != nil {
		if file := findFetch(e.Plan, lines, f.URL); file != nil && f.Answered() {
			return e.fileFault(f, file)
		}
	}
	return placed(err, withoutCommand(llb.WithoutHelper(err.Error())))
}

// outputFault says which output can't be taken after the command, and why; nil for other
// errors.
func (e *Explainer) outputFault(err error, lines []*errdefs.Source) error {
	o, status := stepOutput(e.Plan, err, lines)
	if o == nil {
		o = findOutput(e.Plan, err, lines)
	}
	switch {
	case o == nil:
		return nil
	case status == call.DanglingOutput:
		return e.external(o.Pos, "take what matches %q after the command: one of the files is a link to what isn't there", o.Path)
	case status == call.SeveralOutputs:
		return e.external(o.Pos, "several files match %q after the command, and %s is one: make the pattern narrower, or write %s/ for all of them", o.Path, o.Dest, o.Dest)
	case lacksMatch(err, o.Path):
		match, _ := missingPath(err)
		return e.external(o.Pos, "take what matches %q after the command: %q is a link to what isn't there", o.Path, match)
	}
	return e.external(o.Pos, "there is no %s after the command; the command must make what `outputs` names", o.Path)
}

// fileFault says what is wrong with a file that the build file names: what its server
// answers, or that it isn't what was promised.
func (e *Explainer) fileFault(f *Fetch, file *plan.HTTP) error {
	if f.Got != "" && file.Lock != "" {
		shown, update := printable.Address(file.URL), "strata lock --update"
		if shown == file.URL {
			update += " " + shown
		}
		return e.external(file.Pos, "%s is not what %s says: it has %s; if that is right, run %q", shown, file.Lock, f.Got, update)
	}
	if f.Got != "" {
		return e.external(file.ChecksumPos, "%s is not what the checksum says: it has %s", printable.Address(file.URL), f.Got)
	}
	return e.external(file.Pos, "fetch %s: the server answers with status %d", printable.Address(file.URL), f.Status)
}

// external is an error at a line that is not a fault of the line.
func (e *Explainer) external(pos spec.Pos, format string, args ...any) error {
	fault := e.Spec.Errorf(pos, format, args...)
	fault.External = true
	return fault
}

// placed is an error of a step in other words, with the place of the step in the build
// file.
func placed(err error, text string) error {
	for _, s := range errdefs.Sources(err) {
		if len(s.Ranges) > 0 && s.Info != nil {
			start := s.Ranges[0].Start
			return &reworded{text: fmt.Sprintf("%s:%d:%d: %s", s.Info.Filename, start.Line, start.Character+1, text), err: err}
		}
	}
	return &reworded{text: text, err: err}
}

// Mistake is an error of lowering in the build file's words, if it is the build file
// that has to be mended. Other errors, and nil, are returned as they are.
func Mistake(s *spec.Spec, err error) error {
	var fault *plan.Fault
	if errors.As(err, &fault) && fault.IsMistake() {
		return s.ErrorfRange(fault.Range, "%w", fault.Err)
	}
	return err
}
