// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/systems"
	"github.com/strata-build/strata/internal/spell"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// SuspectPatterns are .dockerignore patterns of the files of a layer that [Made] wants
// to know of: what may be a key, and what a service's data directory has. Where packages
// and libraries bring examples and tests of their own, no key is looked for.
func SuspectPatterns() []string {
	var patterns []string
	for _, dir := range []string{"etc", "root", "home", "var/lib"} {
		for _, name := range []string{"*.key", "*_key", "*.pem", "id_rsa", "id_ecdsa", "id_ed25519"} {
			patterns = append(patterns, dir+"/**/"+name)
		}
	}
	patterns = append(patterns, "etc/machine-id")
	for _, s := range services() {
		patterns = append(patterns, "**/"+s.marker)
	}
	return patterns
}

// HasOnlyPackages reports whether a directory of that name has nothing but what a
// language's package manager put there.
func HasOnlyPackages(name string) bool {
	return slices.Contains([]string{"node_modules", "site-packages", "dist-packages", "vendor", "gems"}, name)
}

// service is a program that keeps its data in a directory.
type service struct{ name, marker string }

// services are those whose data directory has a file that no other one has.
func services() []service {
	return []service{
		{"PostgreSQL", "PG_VERSION"},
		{"MySQL or MariaDB", "ibdata1"},
		{"OpenLDAP", "data.mdb"},
		{"MongoDB", "WiredTiger"},
		{"RabbitMQ", "rabbit_serial"},
		{"Kerberos", "krb5kdc/principal"},
		{"InfluxDB", "influxd.bolt"},
		{"Firebird", "security?.fdb"},
	}
}

// keeps reports whether a file is the service's mark.
func (s service) keeps(file string) bool {
	for strings.Count(file, "/") > strings.Count(s.marker, "/")+1 {
		_, file, _ = strings.Cut(file[1:], "/")
		file = "/" + file
	}
	ok, _ := path.Match("/"+s.marker, file)
	return ok
}

// SuspectSize is how many bytes of a file [Made] has to see.
const SuspectSize = 64 << 10

// Made applies the rules about what the programs of a build leave in a layer: files
// that match [SuspectPatterns], by their paths with what is in them.
func Made(s *spec.Spec, layer *plan.Layer, files map[string][]byte) []*spec.Error {
	var keys []string
	data := map[string][]string{}
	for file, head := range files {
		if isKey(file, head) {
			keys = append(keys, file)
		}
		for _, s := range services() {
			if s.keeps(file) {
				data[s.name] = append(data[s.name], path.Dir(file))
			}
		}
	}
	var found []*spec.Error
	if len(keys) > 0 {
		slices.Sort(keys)
		found = append(found, of(KeyMadeByScript, s.ErrorfRange(layer.Range, "%s made %s, which everybody who has the image has then; make it when the container starts", madeBy(layer), spell.List(keys, "and")).
			WithHint("a layer after it that removes it doesn't take it out of this one")))
	}
	for _, service := range services() {
		dirs := topmost(data[service.name])
		if len(dirs) > 0 {
			found = append(found, of(DataMadeByScript, s.ErrorfRange(layer.Range, "%s made the data directory of %s, %s, which all containers start with; make it when the container starts, on a volume", madeBy(layer), service.name, spell.List(dirs, "and"))))
		}
	}
	return found
}

// madeBy names what ran for a layer.
func madeBy(layer *plan.Layer) string {
	if _, ok := layer.Action.(*plan.Install); ok {
		return "a script of the packages"
	}
	return "the command"
}

// isKey reports whether a file has a key that is secret, or a machine's id.
func isKey(file string, head []byte) bool {
	switch {
	case file == "/etc/machine-id":
		return regexp.MustCompile(`^[0-9a-f]{32}\s*$`).Match(head)
	case path.Dir(file) == "/etc/dropbear":
		return len(head) > 0
	default:
		return bytes.Contains(head, []byte("PRIVATE KEY-----")) || regexp.MustCompile(`(?m)^\s*secret\s+"[^"]+"`).Match(head)
	}
}

// topmost are directories, sorted, without those below others of them.
func topmost(dirs []string) []string {
	slices.Sort(dirs)
	var out []string
	for _, dir := range dirs {
		if !slices.ContainsFunc(out, func(above string) bool { return plan.Within(dir, above) }) {
			out = append(out, dir)
		}
	}
	return out
}

// Packages applies the rules about what maintainer scripts make, without a look at what
// they made: to the packages that a plan has, by what their system knows of them.
func Packages(s *spec.Spec, p *plan.Plan) []*spec.Error {
	l := &pass{spec: s}
	for _, img := range p.Images {
		for _, layer := range img.Layers {
			if a, ok := layer.Action.(*plan.Install); ok && !a.SkipScripts && a.Installer != plan.Assemble {
				l.installed(a)
			}
		}
	}
	return l.found
}

func (l *pass) installed(a *plan.Install) {
	maker, ok := distro.Find(systems.All(), string(a.Format)).(distro.Maker)
	if !ok {
		return
	}
	for _, p := range a.Archives {
		made := maker.MadeByScript(p.Name)
		if made.Key != "" {
			l.report(KeyMadeByScript, p.Pos, "a script of %s makes %s, which everybody who has the image has then; make it when the container starts", p.Name, made.Key)
		}
		if made.Data != "" {
			l.report(DataMadeByScript, p.Pos, "a script of %s makes the data directory %s, which all containers start with; make it when the container starts, on a volume", p.Name, made.Data)
		}
	}
}
