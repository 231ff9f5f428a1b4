// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command quirktable shows what is known of single packages of Debian, and holds it
// against packages that hack/quirks has unpacked:
//
//	go run ./hack/quirktable                the table
//	go run ./hack/quirktable packages       the names of the packages
//	go run ./hack/quirktable check DIR      each package of DIR, as DIR/NAME/control and DIR/NAME/data
//
// It exits with 3 when an entry no longer matches.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/debian/quirks"
)

func main() {
	stale, err := run(os.Args[1:])
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "quirktable:", err)
		os.Exit(1)
	case stale > 0:
		os.Exit(3)
	}
}

func run(args []string) (stale int, err error) {
	switch {
	case len(args) == 0:
		show()
		return 0, nil
	case len(args) == 1 && args[0] == "packages":
		var names []string
		for _, q := range quirks.Table() {
			names = append(names, q.Package)
		}
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			fmt.Println(name)
		}
		return 0, nil
	case len(args) == 2 && args[0] == "check":
		return check(args[1])
	}
	return 0, errors.New("usage: quirktable [packages | check DIR]")
}

func show() {
	for _, q := range quirks.Table() {
		fmt.Printf("%s %s, since Debian %d\n  known:     %s\n  saves:     %s\n  otherwise: %s\n", q.Package, q.File, q.Since, q.Known, q.Saves, q.Otherwise)
		for _, v := range q.Seen {
			fmt.Printf("  seen in:   %s: %s\n", v.Releases, v.SHA256)
		}
		for _, text := range q.Texts {
			fmt.Printf("  has:       %q\n", text)
		}
	}
}

// check holds every entry against the package it is of.
func check(dir string) (stale int, err error) {
	for _, q := range quirks.Table() {
		found, err := filepath.Glob(filepath.Join(dir, strings.ReplaceAll(q.Package, "3.N", "3.[0-9]*")))
		if err != nil {
			return 0, err
		}
		found = slices.DeleteFunc(found, func(p string) bool {
			return strings.Contains(q.Package, "-") != strings.Contains(filepath.Base(p), "-")
		})
		if len(found) != 1 {
			return 0, fmt.Errorf("want one package for %s, found %q", q.Package, found)
		}
		ok, version, err := matches(q, found[0])
		if err != nil {
			return 0, err
		}
		word := "matches"
		if !ok {
			word = "NO LONGER MATCHES"
			stale++
		}
		fmt.Printf("%s: %s %s, %s\n", word, filepath.Base(found[0]), version, q.File)
		if !ok {
			fmt.Printf("  known:     %s\n  saved:     %s\n  otherwise: %s\n", q.Known, q.Saves, q.Otherwise)
		}
	}
	return stale, nil
}

// matches holds an entry against an unpacked package.
func matches(q quirks.Quirk, dir string) (ok bool, version string, err error) {
	text, err := os.ReadFile(filepath.Join(dir, "control/control"))
	if err != nil {
		return false, "", err
	}
	field := func(name string) string { return control.Value(string(text), name) }
	p := quirks.Package{Name: field("Package"), Version: field("Version"), Architecture: field("Architecture")}
	file := filepath.Join(dir, "control", q.File)
	if filepath.IsAbs(q.File) {
		file = filepath.Join(dir, "data", q.File)
	}
	content, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, "", err
	}
	return err == nil && q.Matches(p, string(content)), p.Version, nil
}
