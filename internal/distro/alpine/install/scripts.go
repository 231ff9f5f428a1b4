// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/alpine/control"
	"github.com/strata-build/strata/internal/distro/rootdir"
)

// script runs one of a package's scripts, if it has that one.
func (in *installer) script(p *Package, which string, args ...string) error {
	for _, s := range p.Scripts {
		if s.Name != which || in.Scripts == Skip {
			continue
		}
		if in.Scripts == Follow {
			in.follow(p, which, s.Body, args)
		} else {
			return in.run(p.Info.Name, p.Info.Version, which, s.Body, args)
		}
	}
	return nil
}

// run runs a script as apk does: as a file of its own in the image.
func (in *installer) run(name, version, which string, body []byte, args []string) error {
	dir := filepath.Join(in.Root, "lib/apk/exec")
	_, err := os.Lstat(dir)
	fresh := errors.Is(err, os.ErrNotExist)
	file := filepath.Join(dir, name+"-"+version+"."+which)
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(file, body, 0o755)); err != nil {
		return fmt.Errorf("write the script %s of %s: %w", which, name, err)
	}
	last, err := rootdir.Run(&in.starter, func() *exec.Cmd {
		cmd := exec.CommandContext(in.ctx, file, args...)
		cmd.Dir = "/"
		cmd.Env = []string{
			"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "APK_PACKAGE=" + name + "-" + version, "APK_SCRIPT=" + which,
		}
		return cmd
	}, in.Log)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = rootdir.Failure(exit, fmt.Sprintf("the script %s of %s %s failed (%s); the last lines:\n%s", which, name, version, exit, last))
	} else if err != nil {
		err = fmt.Errorf("run the script %s of %s: %w; is its interpreter in the image?", which, name, err)
	}
	gone := os.Remove(file)
	if fresh {
		gone = os.RemoveAll(dir)
	}
	return errors.Join(err, gone)
}

// fireTriggers runs the triggers of packages, old and new, whose directories were
// changed. A new one hears of all directories that there are.
func (in *installer) fireTriggers() error {
	if in.Scripts == Skip {
		return nil
	}
	isNew := map[string]bool{}
	for _, p := range in.packages {
		isNew[p.Checksum] = true
	}
	directories, err := in.directories()
	if err != nil {
		return err
	}
	for _, t := range slices.Clone(in.db.triggers) {
		var hit []string
		for _, dir := range directories {
			if t.matches(dir, in.changed[dir], isNew[t.checksum]) {
				hit = append(hit, "/"+dir)
			}
		}
		for _, r := range in.db.installed {
			if r.Checksum != t.checksum || len(hit) == 0 {
				continue
			}
			name := scriptName(r.Name, r.Version, r.Checksum, "trigger")
			for _, s := range in.db.scripts {
				if s.name == name {
					if err := in.fire(r, s.body, hit); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// fire runs a package's trigger.
func (in *installer) fire(r *control.Record, body []byte, hit []string) error {
	if in.Scripts == Run {
		return in.run(r.Name, r.Version, "trigger", body, hit)
	}
	for _, p := range in.packages {
		if p.Info.Name == r.Name {
			in.follow(p, "trigger", body, hit)
		}
	}
	return nil
}

// matches reports whether a trigger hears of a directory. A + in front of a pattern
// means that only a change counts.
func (t trigger) matches(dir string, changed, isNew bool) bool {
	return slices.ContainsFunc(t.directories, func(pattern string) bool {
		rest, onlyChanged := strings.CutPrefix(pattern, "+")
		if !changed && (onlyChanged || !isNew) {
			return false
		}
		ok, err := path.Match(rest, "/"+dir)
		return ok && err == nil
	})
}

// directories are all that packages have, or had before they were upgraded, sorted.
func (in *installer) directories() ([]string, error) {
	out := slices.Collect(maps.Keys(in.changed))
	for _, r := range in.db.installed {
		files, err := r.Files()
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if f.Directory {
				out = append(out, f.Path)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
