// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/strata-build/strata/internal/convert/draft"
)

// mounts are RUN --mount of every type.
func (s *stage) mounts(b *draft.Build, c *instructions.RunCommand, line int) error {
	for _, m := range instructions.GetMounts(c) {
		if err := s.above(m.From, false); err != nil {
			return fmt.Errorf("RUN --mount=from=%s: %w", m.From, err)
		}
		var err error
		switch m.Type {
		case instructions.MountTypeBind:
			err = s.bind(b, m, line)
		case instructions.MountTypeCache:
			err = s.cache(b, m, line)
		case instructions.MountTypeTmpfs:
			err = s.tmpfs(b, m, line)
		case instructions.MountTypeSecret:
			err = s.secret(b, m, line)
		case instructions.MountTypeSSH:
			s.ssh(b, m)
		default:
			err = fmt.Errorf("RUN --mount=type=%s isn't known", m.Type)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// target is where a mount is.
func (s *stage) target(m *instructions.Mount, line int) (string, error) {
	p := strings.TrimSuffix(s.absolute(m.Target, line), "/")
	if p == "" && s.workdir == "" && !s.onScratch && !strings.HasPrefix(m.Target, "/") {
		return "", fmt.Errorf("RUN --mount=type=%s,target=%s is at the base's working directory, which isn't known; name it by WORKDIR before", m.Type, m.Target)
	}
	if p == "" {
		return "", fmt.Errorf("RUN --mount=type=%s needs a target below the root", m.Type)
	}
	return p, nil
}

// mounted is the tree that a mount's from names: a stage by its name, not its number.
func (s *stage) mounted(from string) string {
	if other := s.named(from); other != nil {
		return "target:" + other.out.Name
	}
	return from
}

func (s *stage) bind(b *draft.Build, m *instructions.Mount, line int) error {
	target, err := s.target(m, line)
	if err != nil {
		return err
	}
	out := draft.Mount{Target: target, From: s.mounted(m.From), Writable: !m.ReadOnly}
	if name := source(m.Source); name != "." {
		out.Source = name
	}
	b.Mounts = append(b.Mounts, out)
	return nil
}

func (s *stage) cache(b *draft.Build, m *instructions.Mount, line int) error {
	target, err := s.target(m, line)
	if err != nil {
		return err
	}
	out := draft.Cache{Target: target, ReadOnly: m.ReadOnly, Mode: mode(m.Mode), Owner: s.mountOwner(m)}
	if out.Mode == "0755" {
		out.Mode = ""
	}
	if out.ID = m.CacheID; out.ID == "" {
		out.ID = path.Clean(m.Target)
	}
	if out.ID == target {
		out.ID = ""
	}
	if m.CacheSharing != "" && m.CacheSharing != instructions.MountSharingShared {
		out.Sharing = string(m.CacheSharing)
	}
	if m.From != "" && m.From != "scratch" {
		out.From = s.mounted(m.From)
		if name := source(m.Source); name != "." {
			out.Source = name
		}
	}
	b.Cache = append(b.Cache, out)
	return nil
}

// mountOwner is the owner of what is mounted: root if the Dockerfile says nothing, and in
// a build file the step's user.
func (s *stage) mountOwner(m *instructions.Mount) string {
	if m.UID == nil && m.GID == nil {
		if s.user == "" || isRoot(s.user) {
			return ""
		}
		return "0:0"
	}
	uid, gid := number(m.UID), number(m.GID)
	if uid == "0" && gid == "0" && (s.user == "" || isRoot(s.user)) {
		return ""
	}
	return uid + ":" + gid
}

func number(n *uint64) string {
	if n == nil {
		return "0"
	}
	return strconv.FormatUint(*n, 10)
}

// mode is a mode in four digits, or nothing.
func mode(n *uint64) string {
	if n == nil {
		return ""
	}
	return fmt.Sprintf("%04o", *n)
}

func (s *stage) tmpfs(b *draft.Build, m *instructions.Mount, line int) error {
	target, err := s.target(m, line)
	if err != nil {
		return err
	}
	out := draft.Tmpfs{Target: target}
	if m.SizeLimit > 0 {
		out.Size = size(m.SizeLimit)
	}
	b.Tmpfs = append(b.Tmpfs, out)
	return nil
}

// size is a number of bytes with the greatest unit that fits.
func size(n int64) string {
	for _, u := range []struct {
		name  string
		bytes int64
	}{{"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}} {
		if n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

func (s *stage) secret(b *draft.Build, m *instructions.Mount, line int) error {
	out := draft.Secret{ID: m.Source, Required: m.Required, Mode: mode(m.Mode), Owner: s.mountOwner(m)}
	if out.ID == "" {
		out.ID = m.CacheID
	}
	if m.Target != "" {
		target, err := s.target(m, line)
		if err != nil {
			return err
		}
		out.Target = target
	}
	if out.ID == "" {
		if out.ID = path.Base(m.Target); out.ID == "." {
			return fmt.Errorf("RUN --mount=type=secret needs an id or a target")
		}
	}
	if out.Mode == "0400" {
		out.Mode = ""
	}
	if m.Env != nil {
		if out.Env = *m.Env; out.Env == "" {
			out.Env = out.ID
		}
	}
	switch def := "/run/secrets/" + path.Base(out.ID); {
	case m.Env == nil && out.Target == "" && path.Base(out.ID) != out.ID:
		out.Target = def
	case m.Env == nil && out.Target == def && path.Base(out.ID) == out.ID:
		out.Target = ""
	}
	if out.Env != "" && out.Target == "" {
		out.Owner, out.Mode = "", ""
	}
	b.Secrets = append(b.Secrets, out)
	return nil
}

func (s *stage) ssh(b *draft.Build, m *instructions.Mount) {
	out := draft.SSH{ID: m.CacheID, Required: m.Required, Target: m.Target, Mode: mode(m.Mode), Owner: s.mountOwner(m)}
	if out.ID == "" {
		out.ID = "default"
	}
	if out.Mode == "0600" {
		out.Mode = ""
	}
	b.SSH = append(b.SSH, out)
}

// expandMounts expands what --mount says. Numbers and words such as a mode have no
// variables in a build file, so that these are written out where there is one.
func (s *stage) expandMounts(c *instructions.RunCommand, line int) error {
	err := c.Expand(s.expander(line))
	if err == nil {
		return nil
	}
	var told []func()
	again := c.Expand(func(word string) (string, error) {
		v, _, err := s.vars.expand(word)
		text, ok := v.static()
		if !ok {
			text, _ = v.fallback()
			told = append(told, func() {
				s.c.note(line, Doubt, "RUN --mount: an argument can't stand everywhere in a mount, so %s is what it is without arguments, %q", word, text)
			})
		}
		return text, err
	})
	if again != nil {
		return err
	}
	for _, tell := range told {
		tell()
	}
	return nil
}
