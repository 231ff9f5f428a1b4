// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"path/filepath"
	"regexp"
	"strings"
)

// lost is how BuildKit and containerd say that something they keep isn't there.
// What a registry doesn't have is called by its name or its address instead.
var lost = regexp.MustCompile(`(?:blob|content|snapshot|digest|descriptor|lease) \S*[0-9a-z]{12,}\S*.*: (?:blob )?not found|blob not found|snapshot .* does not exist`)

// Damage returns what to do about an error, if it comes from a state directory that
// lacks something or has something that can't be read; otherwise it is empty.
func Damage(o Options, err error) string {
	o, bad := o.resolve()
	if err == nil || bad != nil {
		return ""
	}
	text := err.Error()
	says := func(part string) bool { return strings.Contains(text, part) }
	inside := strings.Contains(" "+text, " "+o.Root+"/")
	wrong := func(part string) bool { return inside && says(part) }
	switch {
	case says("no space left on device"), says("permission denied"), says("read-only file system"):
		return ""
	case says("invalid database"), says("input/output error"), says("structure needs cleaning"):
	case wrong("no such file or directory"), wrong("not a directory"), wrong("is a directory"), wrong("file exists"):
	case wrong("checksum error"), wrong("version mismatch"), wrong("unexpected EOF"), wrong("not a plain file"):
	case says("it died without a word") && (says(crashAddress) || says("panic: ") || says("fatal error: ")):
	case !says("://") && lost.MatchString(text):
	default:
		return ""
	}
	return "the engine's directory is damaged: when nothing builds, remove " + o.Root + "; what is in it is made again"
}

// Ended returns what to do when the engine has ended while it was needed.
func Ended(o Options) string {
	const hint = "the engine has ended: run the command again"
	o, bad := o.resolve()
	if bad != nil {
		return hint
	}
	return hint + " (its log is " + filepath.Join(o.Root, LogName) + ")"
}
