// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package reason says why the image of a build file may differ from that of the
// Dockerfile that it was made of. What has no reason has to be looked at.
package reason

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/image/diff"
)

// Reason is why some things differ.
type Reason struct {
	// Text is empty where none is known.
	Text string
	// What are the values of the configuration and the files.
	What []string
}

// Drop takes out of a comparison what differs in any case: layers, histories, and the
// time of the build.
func Drop(r *diff.Result) {
	for i := range r.Platforms {
		p := &r.Platforms[i]
		p.Layers = nil
		p.Config = slices.DeleteFunc(p.Config, func(v diff.Value) bool {
			return regexp.MustCompile(`^(created|history|moby\.buildkit|rootfs)\b`).MatchString(v.Path)
		})
		p.Manifest = slices.DeleteFunc(p.Manifest, func(v diff.Value) bool { return strings.HasSuffix(v.Path, "image.created") })
	}
}

// Of gives the reasons for all that differs between the image of a Dockerfile, A, and
// that of the build file that it became, B. What has no reason comes last.
func Of(r *diff.Result, f *draft.File) []Reason {
	b := book{file: f}
	for _, p := range r.Platforms {
		if p.Only != "" {
			b.add("", "the platform "+p.Platform)
		}
		for _, v := range p.Manifest {
			b.add("", v.Path)
		}
		b.config(p.Config)
		for i := range p.Files {
			b.add(b.ofFile(&p.Files[i]), p.Files[i].Path)
		}
	}
	slices.SortStableFunc(b.reasons, func(x, y Reason) int {
		return strings.Compare(fmt.Sprint(x.Text == ""), fmt.Sprint(y.Text == ""))
	})
	return b.reasons
}

// book is the reasons while they are found.
type book struct {
	file    *draft.File
	reasons []Reason
}

func (b *book) add(text, what string) {
	at := slices.IndexFunc(b.reasons, func(r Reason) bool { return r.Text == text })
	if at < 0 {
		at = len(b.reasons)
		b.reasons = append(b.reasons, Reason{Text: text})
	}
	if r := &b.reasons[at]; !slices.Contains(r.What, what) {
		r.What = append(r.What, what)
	}
}

// config are values of the configuration. The environment is a list whose order says
// nothing.
func (b *book) config(values []diff.Value) {
	var before, after []string
	for _, v := range values {
		if !strings.HasPrefix(v.Path, "config.Env[") {
			b.add(b.ofValue(v), v.Path)
			continue
		}
		if text, ok := v.A.(string); ok {
			before = append(before, text)
		}
		if text, ok := v.B.(string); ok {
			after = append(after, text)
		}
	}
	for _, kv := range append(slices.Clone(before), after...) {
		name, value, _ := strings.Cut(kv, "=")
		switch {
		case slices.Contains(before, kv) && slices.Contains(after, kv):
			b.add("the order of variables says nothing", "config.Env")
		case name == "PATH" && b.file.Main.From == "" && value == scratchPath:
			b.add("a Dockerfile gives an image on scratch a PATH, and a build file only if it is asked to", "PATH")
		default:
			b.add("", "the variable "+name)
		}
	}
}

// scratchPath is what a Dockerfile gives an image on scratch.
const scratchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func (b *book) ofValue(v diff.Value) string {
	switch {
	case v.Path == "config.WorkingDir" && v.A == "/" && v.B == nil:
		return "a container without a working directory starts in /"
	case v.Path == "config.ArgsEscaped":
		return "it says something on Windows alone"
	}
	return ""
}

// ofFile is why a file may differ.
func (b *book) ofFile(f *diff.File) string {
	for _, c := range b.caches() {
		if f.Path == c || strings.HasPrefix(f.Path, c+"/") {
			return c + " is a cache of a build, which the image doesn't have"
		}
	}
	switch {
	case b.ofAccounts(f.Path):
		return "accounts are entered without the system's tools: locked, with a home directory that is empty and 0755, and without backups and numbers for containers of users"
	case onlyMode(f):
		return "COPY takes files' modes as the checkout has them; a build file gives 0644 or 0755"
	case slices.Equal(f.Aspects, []string{"owner"}) && f.B.Type == "directory" && f.B.UID == 0 && f.B.GID == 0:
		return "directories above what is copied belong to root:root, unless an entry of their own says otherwise"
	case b.hasPackages() && notes().MatchString(f.Path):
		return "the tools for packages keep lists, logs, caches and backups; a layer of packages has none, or those of its own installation"
	case b.hasPackages() && otherOrder(f):
		return "scripts of packages see no variables of the base, LANG among them, so that what they sort is in the order of C"
	case strings.HasSuffix(f.Path, ".pyc"):
		return "what Python compiled has the time of its source in it"
	case volatile().MatchString(f.Path):
		return "a command writes it otherwise each time that it runs"
	}
	return ""
}

// ofAccounts reports whether a file is of the accounts that the build file has: where they
// are entered, or what tools make for them.
func (b *book) ofAccounts(p string) bool {
	for _, t := range append([]draft.Target{b.file.Main}, b.file.Targets...) {
		if len(t.Users)+len(t.Groups) > 0 && regexp.MustCompile(`^/etc/((passwd|group|shadow|gshadow|subuid|subgid)-?|\.pwd\.lock)$|^/var/log/(lastlog|faillog)$`).MatchString(p) {
			return true
		}
		for _, u := range t.Users {
			for _, dir := range []string{u.Home, "/home/" + u.Name, "/var/mail/" + u.Name, "/var/spool/mail/" + u.Name} {
				if dir != "" && (p == dir || path.Dir(p) == dir && strings.HasPrefix(path.Base(p), ".")) {
					return true
				}
			}
		}
	}
	return false
}

// onlyMode reports whether nothing but a mode differs, and by what the umask of a
// checkout makes of it.
func onlyMode(f *diff.File) bool {
	if !slices.Equal(f.Aspects, []string{"mode"}) {
		return false
	}
	mode, err := strconv.ParseUint(f.A.Mode, 8, 32)
	want := "0644"
	if mode&0o100 != 0 || f.A.Type == "directory" {
		want = "0755"
	}
	return err == nil && f.B.Mode == want
}

// otherOrder reports whether a list of certificates may be the same in another order.
func otherOrder(f *diff.File) bool {
	return slices.Equal(f.Aspects, []string{"content"}) && f.A.Size == f.B.Size && regexp.MustCompile(`^/etc/(ca-certificates\.conf|ssl/certs/ca-certificates\.crt)$`).MatchString(f.Path)
}

// caches are the directories that builds keep.
func (b *book) caches() []string {
	var out []string
	for _, t := range append([]draft.Target{b.file.Main}, b.file.Targets...) {
		for _, l := range t.Layers {
			if l.Build == nil {
				continue
			}
			for _, c := range l.Build.Cache {
				out = append(out, path.Clean(c.Target))
			}
		}
	}
	return out
}

func (b *book) hasPackages() bool {
	return slices.ContainsFunc(append([]draft.Target{b.file.Main}, b.file.Targets...), func(t draft.Target) bool {
		return slices.ContainsFunc(t.Layers, func(l draft.Layer) bool { return l.Packages != nil })
	})
}

// notes are paths that tools for packages, and what packages run while they are
// installed, write besides the packages' files.
func notes() *regexp.Regexp {
	return regexp.MustCompile(`^/(var/lib/(dpkg|apt|rpm|dnf)|var/cache/(apt|apk|dnf|yum|debconf|ldconfig|man|fontconfig)|var/log|etc/apk|(usr/)?lib/apk/db|usr/lib/sysimage/rpm)(/|$)` +
		`|^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-$|^/etc/ld\.so\.cache$|^/var/lib/systemd/catalog/|^/usr/share/info/dir`)
}

// volatile are paths whose contents have a time or a number of chance in them.
func volatile() *regexp.Regexp {
	return regexp.MustCompile(`^/etc/machine-id$|^/etc/ssh/ssh_host_|^/var/log/|^/var/cache/ldconfig/|^/tmp(/|$)|^/root/\.(cache|npm|config)(/|$)|/\.npm/_(logs|cacache|update)`)
}
