// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/strata-build/strata/internal/distro/rootdir"
)

// certificatesConf is the list of what is trusted, which ca-certificates makes when
// it is configured for the first time.
const certificatesConf = "/etc/ca-certificates.conf"

// vainConditions are the conditions of ca-certificates' script of questions that look
// each of a hundred and forty certificates up in what that list has, by three
// processes each. Without the list none is in there.
func vainConditions() []string {
	return []string{
		`(echo "$CERTS_DISABLED" | grep -F -q -x "$crt") > /dev/null 2>&1`,
		`(echo "$CERTS_TRUST" | grep -F -q -x "$crt") > /dev/null 2>&1`,
	}
}

// emptyLists is how the script makes the variables in these conditions.
func emptyLists() []string {
	return []string{
		"\nif test -f " + certificatesConf + "; then\n  CERTSCONF=" + certificatesConf + "\nelse\n  CERTSCONF=/dev/null\nfi\n",
		"\nCERTS_DISABLED=$(sed -ne 's/^!\\(.*\\)/\\1/p' $CERTSCONF)\n",
		"\nCERTS_TRUST=$(sed -e '/^#/d' -e '/^!/d' $CERTSCONF)\n",
	}
}

// shortQuestions is the script of questions that has these conditions' answer in
// their place, for an image without the list. Other scripts stay as they are.
func shortQuestions(script string) string {
	if !of("ca-certificates", "config").Matches(Package{Name: "ca-certificates"}, script) {
		return script
	}
	lists := strings.Join(emptyLists(), "")
	for _, variable := range []string{"CERTSCONF=", "CERTS_DISABLED=", "CERTS_TRUST="} {
		if strings.Count(script, variable) != strings.Count(lists, variable) {
			return script // something else sets them
		}
	}
	for _, condition := range vainConditions() {
		script = strings.ReplaceAll(script, condition, "false")
	}
	return script
}

// ShortenQuestions puts the short script in the place of ca-certificates' own, which
// is file, until the function that it returns puts that back, as it was.
func ShortenQuestions(root rootdir.Root, file string) (restore func() error, err error) {
	nothing := func() error { return nil }
	if _, err := os.Lstat(root.At(certificatesConf)); !errors.Is(err, fs.ErrNotExist) {
		return nothing, nil
	}
	info, err := os.Lstat(root.At(file))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nothing, nil // there are no questions
	}
	if err != nil {
		return nil, fmt.Errorf("look at a maintainer script: %w", err)
	}
	text, err := os.ReadFile(root.At(file))
	if err != nil {
		return nil, fmt.Errorf("read a maintainer script: %w", err)
	}
	short := shortQuestions(string(text))
	if short == string(text) {
		return nothing, nil
	}
	write := func(text string) error {
		at := root.At(file)
		if err := errors.Join(os.WriteFile(at, []byte(text), info.Mode()), os.Chtimes(at, info.ModTime(), info.ModTime())); err != nil {
			return fmt.Errorf("write a maintainer script: %w", err)
		}
		return nil
	}
	if err := write(short); err != nil {
		return nil, err
	}
	return func() error { return write(string(text)) }, nil
}
