// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"unicode/utf8"

	"github.com/strata-build/strata/llb/spec"
)

//go:embed templates
var templates embed.FS

// render fills the page's template.
func (p page) render() ([]byte, error) {
	t, err := template.New(p.file).Funcs(template.FuncMap{
		"list":   flowList,
		"argv":   argv,
		"map":    flowMap,
		"text":   scalar,
		"shell":  shell,
		"script": script,
		"schema": func() string { return spec.SchemaID },
	}).ParseFS(templates, "templates/*.yaml")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, p.file, p.data); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// isPlain reports whether a text is one that YAML takes for itself wherever it stands.
func isPlain(s string) bool {
	return regexp.MustCompile(`^(--?)?[A-Za-z_./][A-Za-z0-9_./@+=-]*(:[A-Za-z0-9_.][A-Za-z0-9_./@+-]*)*$`).MatchString(s) &&
		!regexp.MustCompile(`^(?i:true|false|yes|no|on|off|null|y|n|[.]nan|[.]inf|\.[0-9].*)$`).MatchString(s)
}

// scalar writes a text of the project as a value. Its dollars are no expansions.
func scalar(s string) (string, error) {
	return literal(strings.ReplaceAll(s, "$", "$$"))
}

// literal writes a text as a value in which dollars mean what the build file makes
// of them.
func literal(s string) (string, error) {
	if isPlain(s) {
		return s, nil
	}
	if !utf8.ValidString(s) {
		return "", fmt.Errorf("write %q: a build file is UTF-8 and can't hold it; rename it", s)
	}
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return "", fmt.Errorf("write %q: %w", s, err)
	}
	var escaped strings.Builder
	for _, r := range strings.TrimSuffix(out.String(), "\n") {
		if isRaw(r) {
			escaped.WriteRune(r)
		} else {
			fmt.Fprintf(&escaped, `\u%04x`, r)
		}
	}
	return escaped.String(), nil
}

// isRaw reports whether YAML takes a character as it is, and for no end of a line:
// c-printable of YAML 1.2 without the mark of an encoding, and without what ended lines
// in YAML 1.1.
func isRaw(r rune) bool {
	switch r {
	case '\ufeff', '\ufffe', '\uffff', '\u2028', '\u2029':
		return false
	}
	return r == '\t' || ' ' <= r && r <= '~' || r > '\u009f'
}

// flowList writes texts of the project as a list on one line.
func flowList(all []string) (string, error) { return flow(all, scalar) }

// argv writes a command where nothing is expanded.
func argv(words []string) (string, error) { return flow(words, literal) }

func flow(all []string, write func(string) (string, error)) (string, error) {
	written := make([]string, len(all))
	for i, s := range all {
		var err error
		if written[i], err = write(s); err != nil {
			return "", err
		}
	}
	return "[" + strings.Join(written, ", ") + "]", nil
}

// flowMap writes variables, in the order of their names.
func flowMap(all map[string]string) (string, error) {
	written := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		value, err := scalar(all[name])
		if err != nil {
			return "", err
		}
		written = append(written, name+": "+value)
	}
	return "{" + strings.Join(written, ", ") + "}", nil
}

// script writes the key run of a build with a script, on a line of its own that is
// indented by some blanks. Empty commands are left out.
func script(indent int, commands ...string) (string, error) {
	margin := strings.Repeat(" ", indent)
	var lines []string
	for _, command := range commands {
		if command != "" {
			lines = append(lines, strings.Split(command, "\n")...)
		}
	}
	text := strings.Join(lines, "\n")
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !isRaw(r) }) {
		quoted, err := literal(text)
		return "\n" + margin + "run: " + quoted, err
	}
	if len(lines) == 1 && !regexp.MustCompile(`^[\s?:,\[\]{}#&*!|>'"%@-]|: | #|:$`).MatchString(lines[0]) {
		return "\n" + margin + "run: " + lines[0], nil
	}
	return "\n" + margin + "run: |\n" + margin + "  " + strings.Join(lines, "\n"+margin+"  "), nil
}

// shell quotes a word of the project for a script.
func shell(word string) string {
	if regexp.MustCompile(`^[A-Za-z0-9_./@%+=:,-]+$`).MatchString(word) {
		return word
	}
	word = strings.ReplaceAll(word, "\n", " ")
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
