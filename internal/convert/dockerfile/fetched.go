// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/strata-build/strata/internal/convert/draft"
)

// fetching is a file that a script fetches, while its commands are read.
type fetching struct {
	stage *stage
	all   []step
	// file is where the file is, and url where it comes from.
	file, url string
	sum       string
	// dirs are directories that were made for it.
	dirs []string
	out  draft.Entry
	gone bool
	arch byArchitecture
}

// fetched is the entry for a file that a script fetches and holds to a sha256, and perhaps
// unpacks, moves or makes executable; nil where it does anything else.
func (s *stage) fetched(b *draft.Build) *draft.Entry {
	if s.user != "" && !isRoot(s.user) || b.Run == "" || b.Network != "" || len(b.Mounts)+len(b.Cache)+len(b.Tmpfs)+len(b.Secrets)+len(b.SSH) > 0 {
		return nil
	}
	f := &fetching{stage: s, all: s.steps(b)}
	for _, st := range f.all {
		if !isSet(st) && !f.step(st) {
			return nil
		}
	}
	if f.url == "" || f.sum == "" || f.out.Extract != f.gone {
		return nil
	}
	if !f.out.Extract {
		f.out.Dest = f.file
	}
	if slices.ContainsFunc(f.dirs, func(dir string) bool { return f.out.Dest != dir && !strings.HasPrefix(f.out.Dest, dir+"/") }) {
		return nil
	}
	f.out.URL, f.out.Checksum = f.url, "sha256:"+f.sum
	f.arch.settle(s.c, &f.out)
	return &f.out
}

// known is what a variable means: one with a value for each architecture, or what it means
// elsewhere.
func (f *fetching) known(name string) (string, bool) {
	if text, ok := f.arch.place(name); ok {
		return text, true
	}
	return f.stage.known(f.all)(name)
}

// step reads a command, and reports whether it is one that an entry can do.
func (f *fetching) step(st step) bool {
	if f.url != "" && f.sum == "" && f.verify(st.stmt) {
		return true
	}
	if f.url == "" && f.stage.out.Platform == "" && (f.arch.ask(st.stmt) || f.arch.choose(st.stmt)) {
		return true
	}
	w, ok := words(st.stmt, f.known)
	if !ok {
		return false
	}
	switch tool, args := path.Base(w[0]), w[1:]; {
	case tool == "mkdir" && len(args) == 2 && args[0] == "-p" && f.at(args[1]) != "":
		f.dirs = append(f.dirs, f.at(args[1]))
		return true
	case f.url == "" && tool == "curl":
		return f.curl(args)
	case f.url == "" && tool == "wget":
		return f.wget(args)
	case f.sum == "" || f.gone:
		return false
	case tool == "rm" && f.out.Extract:
		f.gone = f.names(slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "-f" || a == "-rf" }), 0)
		return f.gone
	case f.out.Extract:
		return false
	case tool == "tar":
		return f.tar(args)
	case tool == "unzip":
		return f.unzip(args)
	case tool == "chmod" && len(args) == 2 && f.names(args[1:], 0):
		return f.chmod(args[0])
	case tool == "mv" && len(args) == 2 && f.names(args[:1], 0) && f.at(args[1]) != "" && !strings.HasSuffix(args[1], "/") && !slices.Contains(f.dirs, f.at(args[1])):
		f.file = f.at(args[1])
		return true
	}
	return false
}

// at is a path from the root; empty where it isn't known, or a pattern.
func (f *fetching) at(p string) string {
	switch {
	case p == "" || p == "-" || strings.ContainsAny(regexp.MustCompile(`\$\{\w+\}`).ReplaceAllString(p, ""), "*?[{~") || strings.HasPrefix(p, "/dev/"):
		return ""
	case path.IsAbs(p):
		return path.Clean(p)
	case f.stage.workdir == "" || strings.HasPrefix(p, "$"):
		return ""
	}
	return path.Join(f.stage.workdir, p)
}

// names reports whether words are the fetched file's path alone.
func (f *fetching) names(all []string, i int) bool {
	return len(all) == i+1 && f.at(all[i]) == f.file
}

// from takes what a tool fetches.
func (f *fetching) from(got flags, output string, named bool) bool {
	if got.unknown != "" || len(got.words) != 1 || !f.isAddress(got.words[0]) {
		return false
	}
	if output == "" && named && !strings.HasPrefix(got.words[0], "$") {
		output = path.Base(got.words[0])
	}
	if f.file = f.at(output); f.file == "" || strings.HasSuffix(output, "/") || slices.Contains(f.dirs, f.file) {
		return false
	}
	f.url = got.words[0]
	return true
}

// isAddress reports whether a word is the address of a file, for each architecture.
func (f *fetching) isAddress(text string) bool {
	address := regexp.MustCompile(`^https?://[^ ?#*\[]+[^/ ?#*\[]$`)
	for _, name := range f.arch.names {
		if place, _ := f.arch.place(name); place == text {
			return !slices.ContainsFunc(f.arch.values[name], func(v draft.Pair) bool { return !address.MatchString(v.Value) })
		}
	}
	return address.MatchString(text)
}

func (f *fetching) curl(args []string) bool {
	got := readFlags(args, []string{"-o --output", "--retry", "--retry-delay", "--connect-timeout", "--max-time -m", "--proto", "--proto-redir"},
		[]string{"-f --fail", "-s --silent", "-S --show-error", "-L --location", "-O --remote-name", "-# --progress-bar", "--tlsv1.2", "--tlsv1.3", "--retry-connrefused", "--retry-all-errors", "-4 --ipv4", "-v --verbose"})
	return f.from(got, got.values["-o"], got.has("-O"))
}

func (f *fetching) wget(args []string) bool {
	got := readFlags(args, []string{"-O --output-document", "-t --tries", "-T --timeout", "--progress", "--waitretry"},
		[]string{"-q --quiet", "--no-verbose", "--show-progress", "--https-only", "--retry-connrefused"})
	return f.from(got, got.values["-O"], true)
}

// verify reads echo "SUM  FILE" | sha256sum -c.
func (f *fetching) verify(st *syntax.Stmt) bool {
	pipe, ok := st.Cmd.(*syntax.BinaryCmd)
	if !ok || pipe.Op != syntax.Pipe || st.Negated || len(st.Redirs) > 0 {
		return false
	}
	say, ok := words(pipe.X, f.known)
	check, checks := words(pipe.Y, f.known)
	if !ok || !checks || say[0] != "echo" || path.Base(check[0]) != "sha256sum" {
		return false
	}
	got := readFlags(check[1:], nil, []string{"-c --check", "--strict", "--quiet", "--status -s", "-w --warn", "-"})
	if !got.has("-c") || got.unknown != "" || len(got.words) > 0 {
		return false
	}
	m := regexp.MustCompile(`^([0-9a-f]{64}|\$\{\w+\}|\$\w+)\s+\*?(\S+)$`).FindStringSubmatch(strings.Join(say[1:], " "))
	if m == nil || f.at(m[2]) != f.file {
		return false
	}
	f.sum = m[1]
	return true
}

func (f *fetching) tar(args []string) bool {
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		args = append([]string{"-" + args[0]}, args[1:]...)
	}
	got := readFlags(args, []string{"-f --file", "-C --directory", "--strip-components --strip"},
		[]string{"-x --extract --get", "-z --gzip --gunzip", "-j --bzip2", "-J --xz", "--zstd", "-v --verbose", "-p --preserve-permissions", "-a --auto-compress"})
	strip := 0
	if text := got.values["--strip-components"]; text != "" {
		var err error
		if strip, err = strconv.Atoi(text); err != nil || strip < 0 || strip > 100 {
			return false
		}
	}
	return got.has("-x") && len(got.words) == 0 && f.extract(got, got.values["-f"], got.values["-C"], strip)
}

func (f *fetching) unzip(args []string) bool {
	got := readFlags(args, []string{"-d"}, []string{"-q", "-o"})
	return len(got.words) == 1 && f.extract(got, got.words[0], got.values["-d"], 0)
}

// extract unpacks the file to a directory.
func (f *fetching) extract(got flags, file, dir string, strip int) bool {
	if dir == "" {
		dir = f.stage.workdir
	}
	if got.unknown != "" || f.at(file) != f.file || f.at(dir) == "" || f.out.Mode != "" {
		return false
	}
	f.out.Extract, f.out.Strip, f.out.Dest = true, strip, f.at(dir)
	return true
}

func (f *fetching) chmod(mode string) bool {
	switch {
	case slices.Contains([]string{"+x", "a+x", "ugo+x"}, mode):
		f.out.Mode = "0755"
	case regexp.MustCompile(`^0?[0-7]{3}$`).MatchString(mode):
		f.out.Mode = "0" + strings.TrimPrefix(mode, "0")
		if len(mode) == 3 {
			f.out.Mode = "0" + mode
		}
	default:
		return false
	}
	return true
}
