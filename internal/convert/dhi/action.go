// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dhi

import (
	"strings"

	"github.com/strata-build/strata/internal/convert/definition"
	"github.com/strata-build/strata/internal/convert/report"
)

// action is what an action does as a script, if its description tells. Else it is one
// that fails under a comment that says what stood here: an image without what the action
// did would be another one.
func (p *pipeline) action(uses string, m *definition.Map) (script string, comments []string) {
	name, _, _ := strings.Cut(uses, "@")
	if write, ok := known()[name]; ok {
		with := m.Map("with")
		if with == nil {
			with = &definition.Map{}
		}
		lines := write(with)
		complete := len(with.Unread()) == 0 && len(lines) > 0
		with.Ignore()
		if complete {
			m.Doubt("uses", "the script is what the description of %s says it does; look whether it is all of that", uses)
			return p.c.vars.script(strings.Join(append([]string{"set -eu"}, lines...), "\n")), []string{uses}
		}
	}
	p.c.uses = append(p.c.uses, uses)
	comments = append([]string{"This was the action " + uses + ". Write what it did as a script. It had:"}, m.Raw("with")...)
	p.c.doc.Add(m.Line("uses"), report.Lost, "contents.builds.pipeline.uses: %s is an action that a build file has not; what it had is a comment, and the layer fails until it is a script", uses)
	return "echo " + definition.Quoted(uses+" is to be written as a script") + " >&2; exit 1", comments
}

// known are the actions that are a program's own command, by their names.
func known() map[string]func(*definition.Map) []string {
	return map[string]func(*definition.Map) []string{
		"go/build": goBuild, "go/hermetic": goDownload, "go/bump": goBump, "git/patch": gitPatch, "patch": patch, "git/checkout": gitCheckout,
		"gpg/verify": gpgVerify,
	}
}

// word is a word of a script in which the shell expands variables.
func word(text string) string {
	if !strings.Contains(text, "$") {
		return definition.Quoted(text)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`").Replace(text) + `"`
}

func words(all []string) string {
	var out []string
	for _, w := range all {
		out = append(out, word(w))
	}
	return strings.Join(out, " ")
}

func goBuild(m *definition.Map) []string {
	command := "go build -trimpath"
	if enabled := m.Text("cgo_enabled"); enabled != "" {
		value := map[string]string{"true": "1", "false": "0"}[enabled]
		command = "CGO_ENABLED=" + or(value, enabled) + " " + command
	} else {
		command = "CGO_ENABLED=0 " + command
	}
	if tags := m.List("tags"); len(tags) > 0 {
		command += " -tags=" + word(strings.Join(tags, ","))
	}
	if flags := m.List("ldflags"); len(flags) > 0 {
		command += " -ldflags=" + word(strings.Join(flags, " "))
	}
	if extra := m.List("extra-args"); len(extra) > 0 {
		command += " " + strings.Join(extra, " ")
	}
	if output := m.Text("output"); output != "" {
		command += " -o " + word(output)
	}
	if packages := m.List("packages"); len(packages) > 0 {
		command += " " + words(packages)
	}
	if m.Flag("tidy") {
		return []string{"go mod tidy", command}
	}
	return []string{command}
}

func goDownload(*definition.Map) []string { return []string{"go mod download"} }

func goBump(m *definition.Map) []string {
	var lines []string
	for _, r := range m.List("replaces") {
		lines = append(lines, "go mod edit -replace "+word(r))
	}
	if deps := m.List("deps"); len(deps) > 0 {
		lines = append(lines, "go get "+words(deps))
	}
	if m.Flag("tidy") {
		lines = append(lines, "go mod tidy")
	}
	if m.Flag("download") {
		lines = append(lines, "go mod download")
	}
	if len(lines) == 0 {
		return []string{":"}
	}
	return lines
}

func gitPatch(m *definition.Map) []string {
	var lines []string
	for _, p := range append(m.List("patch"), m.List("patches")...) {
		lines = append(lines, "git apply "+word(p))
	}
	return lines
}

func patch(m *definition.Map) []string {
	options := m.Text("options")
	var lines []string
	if dir := m.Text("dir"); dir != "" {
		lines = append(lines, "cd "+word(dir))
	}
	for _, p := range append(m.List("patch"), m.List("patches")...) {
		lines = append(lines, strings.TrimSpace("patch "+options)+" < "+word(p))
	}
	return lines
}

// gitCheckout holds what is checked out to a commit.
func gitCheckout(m *definition.Map) []string {
	commit := m.Text("expected-commit")
	if commit == "" {
		return nil
	}
	return []string{"test \"$(git -C " + word(or(m.Text("dir"), ".")) + " rev-parse HEAD)\" = " + word(commit)}
}

func gpgVerify(m *definition.Map) []string {
	file, signature, keys := m.Text("file"), m.Text("signature"), m.List("keys")
	if file == "" || signature == "" || len(keys) == 0 {
		return nil
	}
	return []string{
		"GNUPGHOME=$(mktemp -d)", "export GNUPGHOME", "gpg --batch --import " + words(keys), "gpg --batch --verify " + word(signature) + " " + word(file),
	}
}
