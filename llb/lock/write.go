// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/strata-build/strata/llb/plan"
)

const header = `# Written by "strata lock". Keep it beside the build file, and change that one.
`

// Write writes the lock as YAML, a line for each thing.
func (f *File) Write() []byte {
	w := &writer{}
	w.WriteString(header)
	w.line(0, "version: %d", Version)
	if platforms := f.Platforms(); len(platforms) > 0 {
		w.line(0, "platforms: %s", flow(platforms))
	}
	w.sources(f.Sources)
	if len(f.Repositories) > 0 {
		w.line(0, "repositories:")
	}
	for _, r := range f.Repositories {
		w.repository(r)
	}
	if len(f.Targets) > 0 {
		w.line(0, "targets:")
	}
	for _, t := range f.Targets {
		w.line(1, "%s:", scalar(t.Name))
		for _, p := range t.Platforms {
			w.line(2, "%s:", scalar(p.Name))
			if p.Packages != nil {
				w.packages(p.Packages)
			}
			w.closures(p.Closures)
		}
	}
	return w.Bytes()
}

type writer struct{ bytes.Buffer }

func (w *writer) line(depth int, format string, args ...any) {
	w.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(w, format, args...)
	w.WriteByte('\n')
}

func (w *writer) repository(r Repository) {
	w.line(1, "%s:", scalar(r.ID))
	if r.Name != "" {
		w.line(2, "name: %s", scalar(r.Name))
	}
	w.line(2, "type: %s", scalar(r.Type))
	if len(r.URIs) > 0 {
		w.line(2, "uris: %s", flow(r.URIs))
	}
	if r.Suite != "" {
		w.line(2, "suite: %s", scalar(r.Suite))
	}
	if len(r.Components) > 0 {
		w.line(2, "components: %s", flow(r.Components))
	}
	if r.Distribution != "" {
		w.line(2, "distribution: %s", scalar(r.Distribution))
	}
	if !r.Date.IsZero() {
		w.line(2, "date: %s", scalar(r.Date.UTC().Format(time.RFC3339)))
	}
	if len(r.Signers) > 0 {
		w.line(2, "signers: %s", flow(r.Signers))
	}
	if r.Trusted {
		w.line(2, "trusted: true")
	}
	if r.Login {
		w.line(2, "login: true")
	}
}

func (w *writer) packages(p *Packages) {
	if p.Base != "" {
		w.line(3, "base: %s", scalar(p.Base))
	}
	if p.Like != "" {
		w.line(3, "like: %s", scalar(p.Like))
	}
	w.line(3, "wanted:")
	for _, names := range p.Wanted {
		w.line(4, "- %s", flow(names))
	}
	if p.Upgrade != "" {
		w.line(3, "upgrade: %s", scalar(p.Upgrade))
	}
	if p.Recommends {
		w.line(3, "recommends: true")
	}
	if p.AllowHeld {
		w.line(3, "allow_held: true")
	}
	if len(p.Manual) > 0 {
		w.line(3, "manual: %s", flow(p.Manual))
	}
	if p.Installer != "" && p.Installer != plan.Register {
		w.line(3, "installer: %s", scalar(string(p.Installer)))
	}
	if p.Why != "" {
		w.line(3, "why: %s", scalar(p.Why))
	}
	if len(p.Filters) > 0 {
		w.line(3, "filters: %s", flow(p.Filters))
	}
	w.conffiles(p.Conffiles)
	if p.Type != "" {
		w.line(3, "type: %s", scalar(p.Type))
	}
	w.line(3, "packages:")
	for _, pkg := range p.Packages {
		w.line(4, "- {%s}", pkg.fields())
	}
	if len(p.Present) > 0 {
		w.line(3, "present:")
	}
	for _, pkg := range p.Present {
		w.line(4, "- {%s}", pkg.fields())
	}
}

// conffiles writes configuration files, a line for each package.
func (w *writer) conffiles(of map[string]string) {
	if len(of) == 0 {
		return
	}
	byPackage := map[string][]string{}
	for _, file := range slices.Sorted(maps.Keys(of)) {
		byPackage[of[file]] = append(byPackage[of[file]], file)
	}
	w.line(3, "conffiles:")
	for _, name := range slices.Sorted(maps.Keys(byPackage)) {
		w.line(4, "%s: %s", scalar(name), flow(byPackage[name]))
	}
}

// fields are a package's, in an order that puts what people read first.
func (p Package) fields() string {
	out := []string{
		"name: " + scalar(p.Name),
		"version: " + scalar(p.Version),
		"arch: " + scalar(p.Arch),
	}
	if p.Source != "" {
		out = append(out, "source: "+scalar(p.Source))
	}
	if p.Layer != 0 {
		out = append(out, "layer: "+strconv.Itoa(p.Layer))
	}
	if p.Beside != "" {
		out = append(out, "beside: "+scalar(p.Beside))
	}
	if p.From != "" {
		out = append(out, "from: "+scalar(p.From))
	}
	switch {
	case p.URL != "":
		out = append(out, "url: "+scalar(p.URL))
	case p.File != "":
		out = append(out, "file: "+scalar(p.File))
	default:
		out = append(out, "repository: "+scalar(p.Repository), "path: "+scalar(p.Path))
	}
	return strings.Join(append(out,
		"size: "+strconv.FormatInt(p.Size, 10),
		"sha256: "+scalar(p.SHA256)), ", ")
}

func flow(items []string) string {
	quoted := make([]string, len(items))
	for i, item := range items {
		quoted[i] = scalar(item)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// scalar is a string as YAML has it, in quotes unless it can't be anything else.
func scalar(s string) string {
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no", "on", "off", "null", "y", "n", "inf", "nan":
		return quote(s)
	}
	if isPlain(s) {
		return s
	}
	return quote(s)
}

// isPlain reports whether YAML reads the text as the string that it is, in a flow
// as well.
func isPlain(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789._/+~=@-", rune(c))) {
			return false
		}
	}
	return s != ""
}

// quote writes a double-quoted YAML scalar. JSON's escapes are YAML's.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0xfeff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
