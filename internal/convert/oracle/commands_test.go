// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"mvdan.cc/sh/v3/syntax"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/llb/spec"
)

// withoutPackages drops the layers of packages, which the recorder's base can't have.
func withoutPackages(f *draft.File) {
	f.Main.Users, f.Main.Groups = nil, nil // the base has those that the Dockerfile names
	f.Main.Layers = slices.DeleteFunc(f.Main.Layers, func(l draft.Layer) bool { return l.Packages != nil })
	for i := range f.Targets {
		t := &f.Targets[i]
		t.Users, t.Groups = nil, nil
		t.Layers = slices.DeleteFunc(t.Layers, func(l draft.Layer) bool { return l.Packages != nil })
	}
}

// commands are an image's configuration, its files, and each single command that ran,
// with its directory, its user, its mounts, and the variables that it names. What a
// conversion is told to change isn't among them: calls of tools for packages and for
// accounts, directories that need no command, whose they are, and where one script ends
// and another begins. With theirs, an image has the directories that entries make otherwise.
func commands(t *testing.T, img v1.Image, directories map[string]bool, theirs bool) []string {
	t.Helper()
	out := slices.DeleteFunc(configuration(t, img), func(line string) bool {
		return strings.Contains(line, `"PATH=/usr/local/sbin:`) || strings.Contains(line, `"Env": [`) || strings.Contains(line, `"WorkingDir": "/"`)
	})
	for i := range out {
		out[i] = strings.TrimSuffix(out[i], ",") // which line is the last one
	}
	files, records := contents(t, img)
	told := map[string]bool{} // files that nothing made but what is told to be gone
	for _, r := range records {
		if _, seen := told[r.name]; !seen || told[r.name] {
			told[r.name] = len(single(r, directories)) == 0
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if files[name][0] == '5' || !theirs && directories[name] || told[name] {
			continue
		}
		out = append(out, name+": "+files[name])
	}
	n := map[string]int{}
	for _, r := range records {
		for _, one := range single(r, directories) {
			if !strings.HasPrefix(r.name, ".records/") {
				one = r.name + " by " + one
			}
			n[one]++
			out = append(out, fmt.Sprintf("%s (%d)", one, n[one]))
		}
	}
	return out
}

// single are the commands of a record.
func single(r record, directories map[string]bool) []string {
	script := r.Argv[len(r.Argv)-1]
	texts := []string{fmt.Sprintf("%q", r.Argv)}
	if len(r.Argv) > 2 && strings.HasSuffix(r.Argv[len(r.Argv)-2], "c") {
		if f, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), ""); err == nil {
			texts = nil
			for _, st := range f.Stmts {
				texts = append(texts, flat(st)...)
			}
		}
	}
	if r.Script != "" { // which a Dockerfile's shell calls, and a build file's step itself
		texts = []string{"a script"}
	}
	var out []string
	for _, text := range texts {
		text = trimmed(text)
		if text == "" || ofDirectories(text, directories) {
			continue
		}
		var env []string
		for _, kv := range r.Env {
			name, _, _ := strings.Cut(kv, "=")
			if !isBuildKits(kv) && regexp.MustCompile(`\$\{?`+regexp.QuoteMeta(name)+`\b`).MatchString(text) {
				env = append(env, kv)
			}
		}
		mounts := slices.DeleteFunc(slices.Clone(r.Mounts), func(m string) bool {
			where, _, _ := strings.Cut(m, " ")
			return isToolCache(where) || where == r.Cwd || strings.HasPrefix(where, r.Cwd+"/")
		})
		out = append(out, fmt.Sprintf("%s env %q cwd %q with %q user %d:%d script %q mounts %q", text, env, r.Cwd, r.Here, r.UID, r.GID, r.Script, mounts))
	}
	return out
}

// isToolCache reports whether a directory is one of the caches of tools, which are told,
// as sources are in the place of mounts in the working directory.
func isToolCache(dir string) bool {
	dir = strings.Replace(dir, "/usr/local/cargo/", "/root/.cargo/", 1) // where cargo's own image has it
	dir = regexp.MustCompile(`(/\.cargo/\w+)/\w+$`).ReplaceAllString(dir, "$1")
	for _, tool := range spec.Tools() {
		for _, d := range tool.Dirs {
			d = regexp.MustCompile(`\$\{\w+:-`).ReplaceAllString(d, "")
			d = strings.ReplaceAll(strings.ReplaceAll(d, "}", ""), "$HOME", "")
			if strings.HasSuffix(dir, d) {
				return true
			}
		}
	}
	return false
}

// flat takes chains of && apart, and what a shell reads from a here-document.
func flat(st *syntax.Stmt) []string {
	if call, ok := st.Cmd.(*syntax.CallExpr); ok && len(call.Args) == 1 && len(call.Assigns) == 0 && len(st.Redirs) == 1 && st.Redirs[0].Hdoc != nil {
		if text, name := st.Redirs[0].Hdoc.Lit(), call.Args[0].Lit(); strings.HasSuffix(name, "sh") && text != "" {
			if f, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), ""); err == nil {
				return ofShell(name, f.Stmts)
			}
		}
	}
	if b, ok := st.Cmd.(*syntax.BinaryCmd); ok && b.Op == syntax.AndStmt && len(st.Redirs) == 0 && !st.Negated {
		return append(flat(b.X), flat(b.Y)...)
	}
	st.Comments = nil
	var out bytes.Buffer
	if err := syntax.NewPrinter(syntax.SingleLine(true)).Print(&out, st); err != nil {
		return []string{err.Error()}
	}
	return []string{strings.Join(strings.Fields(out.String()), " ")}
}

// ofShell are the commands that a shell of that name reads.
func ofShell(name string, stmts []*syntax.Stmt) []string {
	var out []string
	for _, st := range stmts {
		for _, text := range flat(st) {
			if text = trimmed(text); text != "" {
				out = append(out, name+" reads "+text)
			}
		}
	}
	return out
}

// ofDirectories reports whether a command only says whose directories are, or their modes,
// that entries make.
func ofDirectories(text string, directories map[string]bool) bool {
	words := strings.Fields(text)
	if words[0] != "chown" && words[0] != "chmod" {
		return false
	}
	words = slices.DeleteFunc(words[1:], func(w string) bool { return strings.HasPrefix(w, "-") })
	return len(words) > 1 && !slices.ContainsFunc(words[1:], func(w string) bool { return !directories[strings.Trim(w, "/")] })
}

// trimmed is a command without what is told to be otherwise; empty if nothing is left.
func trimmed(text string) string {
	tool := regexp.MustCompile(`^([A-Z_]+=\S+ )*(sudo )?(apt-get|apt|apk|dnf|microdnf|yum)( -\S+)* (update|install|add|clean|autoclean|makecache|cache|dist-clean)\b`)
	if regexp.MustCompile(`^(go mod download( -x)?|cargo fetch|mvn .*dependency:(go-offline|resolve).*|(npm|yarn) cache clean.*)$`).MatchString(text) || regexp.MustCompile(`^(useradd|groupadd|adduser|addgroup) `).MatchString(text) || tool.MatchString(text) || strings.HasPrefix(text, "mkdir ") || regexp.MustCompile(`^set -[a-z]+$`).MatchString(text) {
		return ""
	}
	if strings.HasPrefix(text, "rm ") {
		text = regexp.MustCompile(` (/var/lib/apt/lists|/var/cache/(apt|apk|dnf|yum)|/etc/apk/cache|/var/cache/debconf)\S*`).ReplaceAllString(text, "")
		if regexp.MustCompile(`^rm( -\S+)*$`).MatchString(text) {
			return ""
		}
	}
	return text
}
