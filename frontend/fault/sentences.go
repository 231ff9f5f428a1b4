// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
)

// NotExist makes a missing file known to errors.Is as fs.ErrNotExist; across the
// gateway only its words or its code are left.
func NotExist(err error) error {
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if cerrdefs.IsNotFound(err) || strings.Contains(err.Error(), "no such file or directory") {
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return err
}

// LacksFrontend reports whether a daemon has no frontend of that name.
func LacksFrontend(err error, name string) bool {
	return strings.Contains(err.Error(), "invalid frontend: "+name)
}

// missingPath finds the path in BuildKit's message about something that is not
// in a tree.
func missingPath(err error) (string, bool) {
	_, text, ok := strings.Cut(err.Error(), "failed to calculate checksum of ref ")
	if !ok {
		return "", false
	}
	text, ok = strings.CutSuffix(text, `": not found`)
	if !ok {
		return "", false
	}
	_, path, ok := strings.Cut(text, `: "`)
	return path, ok
}

// lacks reports whether an error is BuildKit's about a path, or a pattern, that is not in
// a tree.
func lacks(err error, path string) bool {
	missing, ok := missingPath(err)
	text := ": " + err.Error()
	return ok && missing == path || strings.HasSuffix(text, ": "+path+" not found") ||
		strings.HasSuffix(text, ": lstat "+path+": no such file or directory")
}

// circles reports whether an error is BuildKit's about links that lead in a circle.
func circles(err error) bool { return strings.HasSuffix(err.Error(), ": too many links") }

// IsNotFound reports whether an error is BuildKit's about a file it didn't find.
func IsNotFound(err error) bool {
	return strings.Contains(err.Error(), "no such file or directory") || strings.HasSuffix(err.Error(), " not found")
}

// withoutCommand leaves the command out of what BuildKit says about one that failed:
// the excerpt shows it.
func withoutCommand(text string) string {
	before, rest, ok := strings.Cut(text, `process "`)
	if !ok {
		return text
	}
	_, status, ok := strings.Cut(rest, `" did not complete successfully: `)
	if !ok {
		return text
	}
	return before + "the command did not complete successfully: " + status
}
