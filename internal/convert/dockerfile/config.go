// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/shell"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/fhs"
	"github.com/strata-build/strata/llb/spec"
)

// configure is an instruction that changes nothing but the configuration.
func (s *stage) configure(cmd instructions.Command) error {
	line := startLine(cmd.Location())
	comments := s.comments(cmd)
	if c, ok := cmd.(*instructions.LabelCommand); ok {
		return s.labels(c, comments, line)
	}
	if e, ok := cmd.(instructions.SupportsSingleWordExpansion); ok {
		if err := e.Expand(s.expander(line)); err != nil {
			return err
		}
	}
	conf := &s.out.Config
	key := ""
	switch c := cmd.(type) {
	case *instructions.CmdCommand:
		key, conf.Cmd = "cmd", s.argv(c.ShellDependantCmdLine)
	case *instructions.EntrypointCommand:
		key, conf.Entrypoint = "entrypoint", s.argv(c.ShellDependantCmdLine)
	case *instructions.MaintainerCommand:
		key, conf.Author = "author", escape(c.Maintainer)
	case *instructions.ExposeCommand:
		key = "expose"
		if err := s.expose(c, line); err != nil {
			return err
		}
	case *instructions.VolumeCommand:
		key = "volumes"
		s.volumes(c, line)
	case *instructions.StopSignalCommand:
		key, conf.StopSignal = "stop_signal", s.signal(c.Signal, line)
	case *instructions.ShellCommand:
		key, conf.Shell, s.shell = "shell", c.Shell, c.Shell
	case *instructions.HealthCheckCommand:
		key, conf.Healthcheck = "healthcheck", healthcheck(c)
	case *instructions.OnbuildCommand:
		key = "onbuild"
		conf.OnBuild, s.onbuild = append(conf.OnBuild, c.Expression), append(s.onbuild, c.Expression)
	default:
		return fmt.Errorf("the instruction %s isn't known", strings.ToUpper(cmd.Name()))
	}
	s.explain(key, comments)
	return nil
}

// explain puts comments above a key of the configuration.
func (s *stage) explain(key string, comments []string) {
	if key == "" || len(comments) == 0 {
		return
	}
	if s.out.Config.Comments == nil {
		s.out.Config.Comments = map[string][]string{}
	}
	s.out.Config.Comments[key] = append(s.out.Config.Comments[key], comments...)
}

// argv is a command as the configuration has it.
func (s *stage) argv(c instructions.ShellDependantCmdLine) []string {
	if !c.PrependShell {
		return append([]string{}, c.CmdLine...)
	}
	sh := s.shell
	if sh == nil {
		sh = []string{"/bin/sh", "-c"}
	}
	return append(slices.Clone(sh), strings.Join(c.CmdLine, " "))
}

// labels are labels. Nothing is expanded in their names.
func (s *stage) labels(c *instructions.LabelCommand, comments []string, line int) error {
	for _, kv := range c.Labels {
		v, doubts, err := s.vars.expand(kv.Key)
		if err != nil {
			return err
		}
		s.c.doubt(line, doubts)
		name, ok := v.static()
		if !ok {
			name, _ = v.fallback()
			s.c.note(line, Lost, "LABEL %s: the name of a label has no variables; without arguments it is %s", kv.Key, name)
		}
		at := slices.IndexFunc(s.out.Config.Labels, func(p draft.Pair) bool { return p.Name == name })
		if at < 0 {
			at = len(s.out.Config.Labels)
			s.out.Config.Labels = append(s.out.Config.Labels, draft.Pair{Name: name})
		}
		p := &s.out.Config.Labels[at]
		if p.Value, err = s.expander(line)(kv.Value); err != nil {
			return err
		}
		p.Comments, comments = append(p.Comments, comments...), nil
	}
	return nil
}

// expose are ports. One with a host's address or port says no more than its own.
func (s *stage) expose(c *instructions.ExposeCommand, line int) error {
	for _, words := range c.Ports {
		v, doubts, err := s.vars.expand(words)
		if err != nil {
			return err
		}
		s.c.doubt(line, doubts)
		list := []string{v.text()}
		if text, ok := v.static(); ok {
			if list, err = shell.NewLex(s.vars.escape).ProcessWords(text, shell.EnvsFromSlice(nil)); err != nil {
				return err
			}
		}
		for _, p := range list {
			if spec.Literal(p) {
				p = strings.ToLower(strings.TrimSuffix(p[strings.LastIndex(p, ":")+1:], "/tcp"))
			}
			if !slices.Contains(s.out.Config.Expose, p) {
				s.out.Config.Expose = append(s.out.Config.Expose, p)
			}
		}
	}
	return nil
}

func (s *stage) volumes(c *instructions.VolumeCommand, line int) {
	for _, v := range c.Volumes {
		if !strings.HasPrefix(v, "/") && spec.Literal(v) {
			s.c.note(line, Lost, "VOLUME %s: a volume is an absolute path; it is taken for %s", v, path.Join("/", v))
			v = path.Join("/", v)
		}
		if !slices.Contains(s.out.Config.Volumes, v) {
			s.out.Config.Volumes = append(s.out.Config.Volumes, v)
		}
	}
}

// signal is a name as the build file has it.
func (s *stage) signal(name string, line int) string {
	upper := strings.ToUpper(name)
	if !spec.Literal(name) || strings.HasPrefix(name, "SIG") && upper == name || strings.Trim(name, "0123456789") == "" {
		return name
	}
	full := "SIG" + strings.TrimPrefix(upper, "SIG")
	s.c.note(line, Changed, "STOPSIGNAL %s is %s", name, full)
	return full
}

func healthcheck(c *instructions.HealthCheckCommand) *draft.Healthcheck {
	h := &draft.Healthcheck{Test: c.Health.Test, Retries: c.Health.Retries}
	for _, d := range []struct {
		from time.Duration
		to   *string
	}{{c.Health.Interval, &h.Interval}, {c.Health.Timeout, &h.Timeout}, {c.Health.StartPeriod, &h.StartPeriod}, {c.Health.StartInterval, &h.StartInterval}} {
		if d.from != 0 {
			*d.to = duration(d.from)
		}
	}
	return h
}

// duration is a time without parts that are zero: 1m and not 1m0s.
func duration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// setUser is USER.
func (s *stage) setUser(c *instructions.UserCommand) error {
	comments := s.comments(c)
	if err := c.Expand(s.expander(startLine(c.Location()))); err != nil {
		return err
	}
	s.user, s.out.Config.User = c.User, c.User
	s.explain("user", comments)
	return nil
}

// setWorkdir is WORKDIR, which makes the directory if it isn't there.
func (s *stage) setWorkdir(c *instructions.WorkdirCommand) error {
	line := startLine(c.Location())
	comments := s.comments(c)
	if err := c.Expand(s.expander(line)); err != nil {
		return err
	}
	full := s.absolute(c.Path, line)
	dir := strings.TrimSuffix(full, "/")
	if dir == "" {
		dir, full = "/", "/"
	}
	if c.Path == "." || c.Path == "" || !strings.HasSuffix(c.Path, "/") {
		full = dir
	}
	s.workdir, s.out.Config.Workdir = dir, full
	if dir == "/" || s.isDir(dir) {
		s.explain("workdir", comments)
		return nil
	}
	var made []draft.Entry
	for _, d := range s.missing(dir) {
		e := draft.Entry{Dest: d, Directory: true}
		if s.user != "" && !isRoot(s.user) {
			e.Owner = s.user
		}
		if d == dir || e.Owner != "" {
			made = append(made, e)
		}
		s.dirs[d] = true
	}
	made[0].Comments = comments
	s.put(made...)
	return nil
}

// missing are a directory and those above it that aren't known to be there.
func (s *stage) missing(dir string) []string {
	var out []string
	for ; dir != "/" && dir != "." && !s.isDir(dir); dir = path.Dir(dir) {
		out = append(out, dir)
	}
	slices.Reverse(out)
	return out
}

func isRoot(user string) bool {
	name, _, _ := strings.Cut(user, ":")
	return name == "root" || name == "0"
}

// absolute is a path in the working directory. A slash at its end stays.
func (s *stage) absolute(p string, line int) string {
	slash := ""
	if p == "" || p == "." || p == "./" || strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/.") {
		slash = "/"
	}
	if !strings.HasPrefix(p, "/") && !s.startsAtRoot(p) {
		if s.workdir == "" && !s.onScratch {
			s.c.note(line, Doubt, "%s is relative to the base's working directory, which is taken for /; make the path absolute if it is another", p)
		}
		p = path.Join("/", s.workdir, p)
	}
	return strings.TrimSuffix(path.Clean(p), "/") + slash
}

// startsAtRoot reports whether a path begins with a variable that has an absolute path.
func (s *stage) startsAtRoot(p string) bool {
	if !strings.HasPrefix(p, "$") {
		return false
	}
	name := strings.TrimLeft(p[1:], "{")
	for i := range len(name) {
		if !isName(name[:i+1]) {
			name = name[:i]
			break
		}
	}
	for _, scope := range []*scope{s.vars, s.c.globals} {
		if v, ok := scope.vars[name]; ok {
			text, _ := v.value.fallback()
			return strings.HasPrefix(text, "/")
		}
	}
	return true // a directory that the base names, as GOPATH
}

// isDir reports whether a directory is sure to be there.
func (s *stage) isDir(p string) bool {
	p = strings.TrimSuffix(p, "/")
	return p == "" || s.dirs[p] || !s.onScratch && (fhs.Basic()[p] || slices.Contains([]string{"/dev", "/proc", "/root", "/sys", "/tmp", "/var/tmp"}, p))
}
