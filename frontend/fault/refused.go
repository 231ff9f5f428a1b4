// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"errors"
	"fmt"
	"strings"

	"github.com/distribution/reference"

	"github.com/strata-build/strata/llb/plan"
)

// ErrNoImage says that a registry has no image of that name.
var ErrNoImage = errors.New("no such image")

// Refused puts into words why a registry did not give an image. The daemon passes on
// what the registry said, which differs with the kind of login.
func Refused(t plan.Tree, err error) error {
	ref, parsed := reference.ParseNormalizedNamed(t.Name)
	if parsed != nil {
		return err
	}
	host, text := reference.Domain(ref), err.Error()
	says := func(part string) bool { return strings.Contains(text, part) }
	switch {
	case says("no match for platform"):
		text = host + " has it for other platforms, and not for " + t.Platform
	case says("401 Unauthorized"), says("no basic auth credentials"):
		text = host + " wants a login, and got none that it accepts (docker login " + host + ")"
	case says("insufficient_scope"), says("pull access denied"):
		text = host + " has no such repository, or wants a login that may pull from it (docker login " + host + ")"
	case says("403 Forbidden"):
		text = host + " does not allow it to the login that it got"
	case says("429 Too Many Requests"):
		text = host + " has had too many requests"
	case isUnknownTo(text, ref):
		text, err = host+" has no such image", fmt.Errorf("%w: %w", ErrNoImage, err)
	default:
		return err
	}
	return &reworded{text: text, err: err}
}

// isUnknownTo reports whether an error ends as a registry's answer that it has no
// image of that name. Something that a daemon has lost is not found as well, under
// its digest.
func isUnknownTo(text string, ref reference.Named) bool {
	text, ok := strings.CutSuffix(text, ": not found")
	if !ok {
		return false
	}
	name := text[strings.LastIndex(text, " ")+1:]
	rest, ok := strings.CutPrefix(name, ref.Name())
	return ok && (rest == "" || rest[0] == ':' || rest[0] == '@')
}
