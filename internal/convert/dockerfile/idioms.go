// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/llb/spec"
)

// command adds a RUN, as one writes build files unless it is to stay as it is.
func (s *stage) command(b *draft.Build, comments []string, line int) {
	if s.c.opts.Faithful || b.Argv != nil {
		s.inPlaceLayer(b, comments, line)
		return
	}
	in, doubt := s.packages(b)
	switch {
	case doubt != "":
		if strings.Contains(b.Run, "install") || strings.Contains(b.Run, "apk") {
			s.c.note(line, Doubt, "the packages stay a command: %s", doubt)
			comments = append(comments, "packages would be locked and cached apart, but "+doubt)
		}
		if touchesRepositories(b.Run) {
			s.repositories = fmt.Sprintf("line %d", line)
		}
	case in != nil:
		s.install(in, b, comments, line)
		return
	case s.changesRepositories(b):
		s.repositories = fmt.Sprintf("line %d", line)
	}
	s.plain(b, comments, line)
}

// plain is a command that stays one.
func (s *stage) plain(b *draft.Build, comments []string, line int) {
	done, doubt := s.withAccounts(b, line)
	if done {
		s.pending = append(comments, s.pending...)
		return
	}
	if doubt != "" {
		comments = append(comments, "these accounts would be users, but "+doubt)
	}
	if entries := s.made(b); entries != nil {
		entries[0].Comments = append(comments, entries[0].Comments...)
		s.put(entries...)
		s.c.note(line, Changed, "%s are entries of files", madeBy(entries))
		return
	}
	if e := s.fetched(b); e != nil {
		e.Comments = append(comments, e.Comments...)
		s.put(*e)
		s.c.note(line, Changed, "what is fetched and held to a sha256 is a url with a checksum: no command runs for it, and it is cached apart from what stands before it")
		return
	}
	s.lines(b, line)
	s.unused(b, line)
	s.inPlaceLayer(b, comments, line)
}

// inPlaceLayer adds a command in place.
func (s *stage) inPlaceLayer(b *draft.Build, comments []string, line int) {
	s.lineOf[b] = line
	s.layer(draft.Layer{Comments: comments, Build: b})
}

func (s *stage) layer(l draft.Layer) { s.out.Layers = append(s.out.Layers, l) }

// install adds a layer of packages, and what the script does besides.
func (s *stage) install(in *installation, b *draft.Build, comments []string, line int) {
	if len(in.packages.Names) > 0 {
		s.c.note(line, Changed, "what %s installs is a layer of packages: resolved once, locked by strata lock, and cached apart from what stands before it", in.tool)
	}
	if in.packages.Upgrade != "" {
		s.c.note(line, Changed, "%s upgrade is a layer of packages: strata lock writes down which versions it brings, and strata lock --update looks for newer ones", in.tool)
	}
	if len(in.before) > 0 {
		first := *b
		first.Run = script(in.before)
		chained := !slices.ContainsFunc(in.before, func(st step) bool { return !st.chained })
		first.NoErrexit = first.NoErrexit && !chained && !StopsAnyway(first.Run)
		s.plain(&first, comments, line)
		comments = nil
	}
	slices.Sort(in.packages.Names)
	in.packages.Names = slices.Compact(in.packages.Names)
	n := len(s.out.Layers)
	if n > 0 && s.out.Layers[n-1].Packages != nil && s.out.Layers[n-1].Packages.Recommends == in.packages.Recommends && len(comments) == 0 {
		p := s.out.Layers[n-1].Packages
		p.Names = append(p.Names, in.packages.Names...)
		slices.Sort(p.Names)
		p.Names = slices.Compact(p.Names)
		p.Upgrade = cmp.Or(p.Upgrade, in.packages.Upgrade)
	} else {
		s.layer(draft.Layer{Comments: comments, Packages: &in.packages})
	}
	if len(in.after) == 0 {
		return
	}
	rest := *b
	rest.Run = script(in.after)
	rest.NoErrexit = rest.NoErrexit && !StopsAnyway(rest.Run)
	if touchesRepositories(rest.Run) {
		s.repositories = fmt.Sprintf("line %d", line)
	}
	rest.Cache = slices.DeleteFunc(slices.Clone(b.Cache), func(c draft.Cache) bool {
		return strings.HasPrefix(c.Target, "/var/cache/apt") || strings.HasPrefix(c.Target, "/var/lib/apt") || strings.HasPrefix(c.Target, "/var/cache/apk") ||
			strings.HasPrefix(c.Target, "/var/cache/dnf")
	})
	rest.NoOut = b.NoOut && slices.Contains(spec.Mentioned(rest.Run), "out")
	s.plain(&rest, nil, line)
}

// unused drops the arguments that a script doesn't mention. One that no line of the
// Dockerfile mentions is for the programs, and stays, and so do those that xx, which
// cross-compiles, reads by itself.
func (s *stage) unused(b *draft.Build, line int) {
	if b.Args == nil || b.Run == "" {
		return
	}
	wanted := slices.DeleteFunc(slices.Clone(b.Args), func(name string) bool {
		return s.c.mentioned(name) && !slices.Contains(spec.Mentioned(b.Run), name) && !(strings.HasPrefix(name, "TARGET") && callsXX(b.Run))
	})
	if len(wanted) < len(b.Args) {
		s.c.note(line, Changed, "arguments that a command doesn't mention are no part of its environment, so that it isn't run again for them")
	}
	b.Args = nil
	s.stepArgs(b, wanted)
}

// callsXX reports whether a script calls a program of tonistiigi/xx.
func callsXX(script string) bool {
	return regexp.MustCompile(`(?m)(?:^|[\s;&|(/])xx-[a-z]`).MatchString(script)
}

// mentioned reports whether a line of the Dockerfile names a variable.
func (c *converter) mentioned(name string) bool {
	return slices.Contains(spec.Mentioned(strings.Join(c.text.lines, "\n")), name)
}
