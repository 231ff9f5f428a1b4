// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// reworded is an error of the daemon in words for the user.
type reworded struct {
	text string
	err  error
}

func (r *reworded) Error() string { return r.text }
func (r *reworded) Unwrap() error { return r.err }

// pushed makes a line, as "strata copy" has it, of a push that the daemon says has
// failed; all that is left of its error is the text. Other errors stay what they are.
func (l *logins) pushed(err error) error {
	if _, own, ok := strings.Cut(err.Error(), "failed to solve: push "); ok { // FetchToken's words
		return &reworded{text: "push " + own, err: err}
	}
	_, rest, ok := strings.Cut(err.Error(), "failed to push ")
	if !ok {
		return err
	}
	name, reason, ok := strings.Cut(rest, ": ")
	host, path, isName := strings.Cut(name, "/")
	if !ok || !isName {
		return err
	}
	reason = strings.TrimSpace(reason)
	return &reworded{text: fmt.Sprintf("push %s: %s", name, l.because(host, path, reason)), err: err}
}

// because puts the daemon's reason into words. Registries say the same thing in
// more than one way.
func (l *logins) because(host, path, reason string) string {
	says := func(words ...string) bool {
		for _, word := range words {
			if strings.Contains(reason, word) {
				return true
			}
		}
		return false
	}
	switch {
	case says("401 Unauthorized", "missing username or secret"):
		return l.refused(host)
	case says("insufficient_scope") && l.with(host) == "":
		return l.refused(host)
	case says("insufficient_scope"):
		return fmt.Sprintf("%s does not allow it to the user of %s", host, l.config.Filename)
	case says("repository name not known", "404 Not Found"):
		repository, _, _ := strings.Cut(path, "@")
		repository, _, _ = strings.Cut(repository, ":")
		return fmt.Sprintf("%s has no repository %s, and makes none", host, repository)
	case says("no space left on device", "507 Insufficient Storage"):
		return fmt.Sprintf("the disk of %s is full", host)
	case says("429 Too Many Requests"):
		return host + " has had too many requests"
	case strings.HasPrefix(reason, "denied"), says("403 Forbidden"):
		return fmt.Sprintf("%s does not allow it: %s", host, reason)
	}
	return reason
}
