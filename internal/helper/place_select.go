// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"fmt"
	"path"

	"github.com/moby/patternmatcher"
	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/call"
)

// A selection has the paths of the source that the patterns of an output select, with the
// directories above them.
type selection map[string]bool

// selecting are the patterns while a directory is looked through.
type selecting struct {
	include, exclude *patternmatcher.PatternMatcher
	found            selection
	buf              []byte
}

// matched is what the patterns say of a directory, which counts for what is in it.
type matched struct{ include, exclude patternmatcher.MatchInfo }

// selected looks through a directory of the source; nil if all of it is taken. Patterns
// select what BuildKit copies by them: a directory that only has something in it which is
// selected is there, too.
func (p *placer) selected(top dir, o call.Output) (selection, error) {
	if len(o.Include)+len(o.Exclude) == 0 {
		return nil, nil //nolint:nilnil // nothing is selected, and nothing left out
	}
	s := &selecting{found: selection{}, buf: p.buf}
	var err error
	if len(o.Include) > 0 {
		if s.include, err = patternmatcher.New(o.Include); err != nil {
			return nil, fmt.Errorf("read include: %w", err)
		}
	}
	if s.exclude, err = patternmatcher.New(o.Exclude); err != nil {
		return nil, fmt.Errorf("read exclude: %w", err)
	}
	_, err = s.look(top, "", matched{})
	return s.found, err
}

// look selects what is in a directory, and reports whether that is anything.
func (s *selecting) look(in dir, below string, above matched) (some bool, err error) {
	names, err := in.names(s.buf)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		st, err := in.stat(name)
		if err != nil {
			return false, err
		}
		isDir := st.Mode&unix.S_IFMT == unix.S_IFDIR
		take, descend, here, err := s.match(path.Join(below, name), above)
		if err != nil {
			return false, err
		}
		if isDir && descend {
			inside, err := s.lookInto(in, name, path.Join(below, name), here)
			if err != nil {
				return false, err
			}
			take = take || inside
		}
		if take {
			s.found[in.join(name)], some = true, true
		}
	}
	return some, nil
}

func (s *selecting) lookInto(in dir, name, at string, here matched) (bool, error) {
	sub, err := in.open(name)
	if err != nil {
		return false, err
	}
	defer sub.close()
	return s.look(sub, at, here)
}

// match reports whether a path is taken, and whether something in it may be.
func (s *selecting) match(at string, above matched) (take, descend bool, here matched, err error) {
	take = true
	if s.include != nil {
		if take, here.include, err = s.include.MatchesUsingParentResults(at, above.include); err != nil {
			return false, false, here, fmt.Errorf("match %s: %w", show(at), err)
		}
	}
	excluded, info, err := s.exclude.MatchesUsingParentResults(at, above.exclude)
	if err != nil {
		return false, false, here, fmt.Errorf("match %s: %w", show(at), err)
	}
	here.exclude = info
	return take && !excluded, !excluded || s.exclude.Exclusions(), here, nil
}
