// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Command recorder stands in an image for its shell and its programs: it does none of
// their work, but writes down how it was called into a file below /.records, and makes
// the paths that /.wanted lists, as a command would have.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// record is one call.
type record struct {
	Argv   []string
	Env    []string
	Cwd    string
	Here   []string // the names in Cwd, without empty directories: mounts leave some
	UID    int
	GID    int
	Script string   `json:",omitempty"` // the text of the file that a program was asked to run
	Mounts []string `json:",omitempty"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "recorder:", err)
		os.Exit(1)
	}
}

func run() error {
	r := record{Argv: os.Args, Env: os.Environ(), UID: os.Getuid(), GID: os.Getgid()}
	slices.Sort(r.Env)
	r.Cwd, _ = os.Getwd()
	if r.Cwd != "/" {
		entries, _ := os.ReadDir(".")
		for _, e := range entries {
			if below, err := os.ReadDir(e.Name()); err != nil || len(below) > 0 {
				r.Here = append(r.Here, e.Name())
			}
		}
	}
	for _, arg := range os.Args[1:] {
		if data, err := os.ReadFile(arg); err == nil && strings.HasPrefix(string(data), "#!") {
			r.Script = string(data)
		}
	}
	r.Mounts = mounts()
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	before, err := os.ReadDir("/.records")
	if err != nil {
		return err
	}
	if err := os.WriteFile(fmt.Sprintf("/.records/%04d", len(before)+1), data, 0o644); err != nil {
		return err
	}
	return wanted()
}

// made is how a file begins that the recorder has made.
const made = "made by\n"

// wanted makes the paths that later lines want. One that ends in a slash is a directory.
// What a command made before is written again.
func wanted() error {
	data, err := os.ReadFile("/.wanted")
	if err != nil {
		return err
	}
	records, err := all()
	if err != nil {
		return err
	}
	for p := range strings.FieldsSeq(string(data)) {
		file := p
		if strings.HasSuffix(p, "/") {
			file = p + "file"
		}
		_, err := os.Stat(strings.TrimSuffix(p, "/"))
		if was, readErr := os.ReadFile(file); err == nil && (readErr != nil || !strings.HasPrefix(string(was), made)) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			continue // a file is in the way
		}
		if err := os.WriteFile(file, append([]byte(made), records...), 0o755); err != nil {
			continue
		}
	}
	return nil
}

// all are the records so far.
func all() ([]byte, error) {
	entries, err := os.ReadDir("/.records")
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, e := range entries {
		data, err := os.ReadFile("/.records/" + e.Name())
		if err != nil {
			return nil, err
		}
		out = append(append(out, data...), '\n')
	}
	return out, nil
}

// mounts are what is mounted beside what every step has: where, whether it can be written
// to, and what is in it.
func mounts() []string {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) < 6 || ordinary(f[4]) {
			continue
		}
		access := "rw"
		if slices.Contains(strings.Split(f[5], ","), "ro") {
			access = "ro"
		}
		out = append(out, f[4]+" "+access+" "+strings.Join(list(f[4]), ", "))
	}
	slices.Sort(out)
	return out
}

func ordinary(p string) bool {
	for _, dir := range []string{"/dev", "/proc", "/sys"} {
		if p == dir || strings.HasPrefix(p, dir+"/") {
			return true
		}
	}
	return p == "/" || p == "/etc/hosts" || p == "/etc/resolv.conf" || p == "/etc/hostname"
}

// list is a mounted file, or the first level of a directory.
func list(p string) []string {
	info, err := os.Lstat(p)
	if err != nil {
		return nil
	}
	out := []string{describe("", p, info)}
	entries, _ := os.ReadDir(p)
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			out = append(out, describe(e.Name(), filepath.Join(p, e.Name()), info))
		}
	}
	return out
}

// describe is a file in a line. The size of what the recorder has made says nothing.
func describe(name, p string, info os.FileInfo) string {
	size := int64(0)
	if data, err := os.ReadFile(p); info.Mode().IsRegular() && (err != nil || !strings.HasPrefix(string(data), made)) {
		size = info.Size()
	}
	return fmt.Sprintf("%s %s %d %s", name, info.Mode(), size, owner(info))
}
