// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// certificatesConf is the list of what is trusted, which ca-certificates makes when
// it is configured for the first time.
const certificatesConf = "/etc/ca-certificates.conf"

// askedInVain are the conditions of ca-certificates' script of questions that look
// each of a hundred and forty certificates up in what that list has, by three
// processes each. Without the list none is in there.
func askedInVain() []string {
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
	for _, text := range emptyLists() {
		if strings.Count(script, text) != 1 {
			return script
		}
	}
	for _, variable := range []string{"CERTSCONF=", "CERTS_DISABLED=", "CERTS_TRUST="} {
		if strings.Count(script, variable) != strings.Count(strings.Join(emptyLists(), ""), variable) {
			return script
		}
	}
	for _, condition := range askedInVain() {
		script = strings.ReplaceAll(script, condition, "false")
	}
	return script
}

// shortenQuestions puts the short script in the place of ca-certificates' own, until
// the function that it returns puts that back, as it was.
func (c *commands) shortenQuestions(packages []*Package) (restore func() error, err error) {
	nothing := func() error { return nil }
	if _, err := os.Lstat(filepath.Join(c.root, certificatesConf)); !errors.Is(err, fs.ErrNotExist) {
		return nothing, nil
	}
	for _, p := range packages {
		if p.Name() == "ca-certificates" {
			return shorten(filepath.Join(c.root, infoDir, p.Info+".config"))
		}
	}
	return nothing, nil
}

func shorten(file string) (restore func() error, err error) {
	info, err := os.Lstat(file)
	if err != nil || !info.Mode().IsRegular() {
		return func() error { return nil }, nil //nolint:nilerr // there are no questions
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read a maintainer script: %w", err)
	}
	short := shortQuestions(string(text))
	if short == string(text) {
		return func() error { return nil }, nil
	}
	write := func(text string) error {
		if err := errors.Join(os.WriteFile(file, []byte(text), info.Mode()), os.Chtimes(file, info.ModTime(), info.ModTime())); err != nil {
			return fmt.Errorf("write a maintainer script: %w", err)
		}
		return nil
	}
	if err := write(short); err != nil {
		return nil, err
	}
	return func() error { return write(string(text)) }, nil
}
