// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/llb/spec"
)

// run is RUN: a command in place.
func (s *stage) run(c *instructions.RunCommand) error {
	line := startLine(c.Location())
	if err := s.expandMounts(c, line); err != nil {
		return err
	}
	if len(c.CmdLine) == 0 || c.PrependShell && strings.TrimSpace(strings.Join(c.CmdLine, " ")) == "" && len(c.Files) == 0 {
		return fmt.Errorf("RUN has no command")
	}
	b := &draft.Build{Workdir: s.workdir, User: s.user}
	comments := slices.Concat(s.pending, s.c.text.above[line])
	s.pending = nil
	delete(s.c.text.above, line)
	if c.PrependShell {
		text, inner := s.script(c)
		b.Run = text
		comments = append(comments, inner...)
		s.scriptShell(b)
	} else {
		b.Argv = argv(c.CmdLine)
		comments = append(comments, s.c.text.inside(line)...)
	}
	s.stepEnv(b)
	if err := s.rights(b, c, line); err != nil {
		return err
	}
	if err := s.mounts(b, c, line); err != nil {
		return err
	}
	s.command(b, comments, line)
	return nil
}

// scriptShell says what a script runs in.
func (s *stage) scriptShell(b *draft.Build) {
	b.NoOut = slices.Contains(spec.Mentioned(b.Run), "out")
	switch {
	case strings.HasPrefix(b.Run, "#!"):
	case s.shell != nil && (s.below == nil || s.out.Config.Shell != nil):
		b.Shell = s.shell
	case s.shell == nil:
		b.NoErrexit = !StopsAnyway(b.Run)
	}
}

// argv is a command without a shell. Its words aren't expanded in a Dockerfile.
func argv(words []string) []string {
	out := make([]string, 0, len(words))
	for _, w := range words {
		out = append(out, escape(w))
	}
	return out
}

// script is the text that RUN gives to the shell, laid out as it stands in the
// Dockerfile, and the comments that have no place in it.
func (s *stage) script(c *instructions.RunCommand) (string, []string) {
	joined := strings.Join(c.CmdLine, " ")
	if len(c.Files) == 0 {
		return s.c.text.script(joined, startLine(c.Location()), s.vars.escape)
	}
	if heredoc, err := parser.ParseHeredoc(joined); err == nil && heredoc != nil {
		data := c.Files[0].Data
		if c.Files[0].Chomp {
			data = parser.ChompHeredocContent(data)
		}
		return data, nil
	}
	var b strings.Builder
	b.WriteString(joined)
	for _, file := range c.Files {
		b.WriteString("\n" + file.Data + file.Name)
	}
	return b.String() + "\n", nil
}

// rights are --network, --security and --device.
func (s *stage) rights(b *draft.Build, c *instructions.RunCommand, line int) error {
	switch network := instructions.GetNetwork(c); network {
	case "", "default":
	default:
		b.Network = network
	}
	if security := instructions.GetSecurity(c); security != "" && security != instructions.SecuritySandbox {
		b.Security = security
	}
	for _, d := range instructions.GetDevices(c) {
		if len(d.Name) == 0 {
			s.c.note(line, Lost, "RUN --device without a name")
			continue
		}
		b.Devices = append(b.Devices, draft.Device{Name: escape(d.Name), Required: d.Required})
	}
	return nil
}
