// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"fmt"
	"strings"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
)

// pushFailure says why a push failed, as "strata copy" does. The daemon's error
// arrives as a text only, so this is where that text is read. Other errors stay as
// they are.
func (l *logins) pushFailure(err error) error {
	if _, own, ok := strings.Cut(err.Error(), "failed to solve: push "); ok { // FetchToken's words
		return cli.Reword(err, "push "+own)
	}
	_, rest, ok := strings.Cut(err.Error(), "failed to push ")
	if !ok || strings.Contains(err.Error(), "did not complete successfully") { // a command that speaks of pushes
		return err
	}
	name, reason, ok := strings.Cut(rest, ": ")
	host, path, isName := strings.Cut(name, "/")
	if !ok || !isName {
		return err
	}
	reason = strings.TrimSpace(reason)
	return cli.Reword(err, fmt.Sprintf("push %s: %s", name, l.reason(host, path, reason)))
}

// reason explains the daemon's text. Registries say the same thing in more than
// one way.
func (l *logins) reason(host, path, text string) string {
	says := func(words ...string) bool {
		for _, word := range words {
			if strings.Contains(text, word) {
				return true
			}
		}
		return false
	}
	switch {
	case says("401 Unauthorized", "missing username or secret"):
		return l.refused(host)
	case says("insufficient_scope") && l.kind(host) == "":
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
	case strings.HasPrefix(text, "denied"), says("403 Forbidden"):
		return fmt.Sprintf("%s does not allow it: %s", host, text)
	}
	return text
}
