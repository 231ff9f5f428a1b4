// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"strings"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
)

// WithoutHelper takes the step helper out of a message of BuildKit that quotes a
// command, so that it quotes the command of the build file, or says what the step
// is for if the build file has none.
func WithoutHelper(message string) string {
	for _, verb := range []string{call.RunName, call.ExecName} {
		before, after, ok := strings.Cut(message, op.HelperPath+" "+verb+" ")
		if !ok {
			continue
		}
		if _, command, ok := strings.Cut(after, "-- "); ok {
			message = before + command
		}
	}
	for _, step := range steps() {
		before, after, ok := strings.Cut(message, `process "`+op.HelperPath+" "+step.verb)
		if !ok {
			continue
		}
		if _, status, ok := strings.Cut(after, `" did not complete successfully: `); ok {
			message = before + step.words + ": " + status + "; the step's last lines say why"
		}
	}
	return message
}

// steps are what the subcommands of the helper do that run no command of the build
// file. The names of those about packages end with the format.
func steps() []struct{ verb, words string } {
	return []struct{ verb, words string }{
		{call.AccountsName + " ", "enter users and groups"},
		{call.PlaceName + " ", "put the files on the image"},
		{"unpack-", "unpack packages"},
		{"check-", "look how packages get into the base"},
		{"register-", "install packages"},
		{"native-", "install packages"},
		{"install-", "install packages"},
		{"assemble-", "install packages without running anything"},
		{"mark-", "note which packages were asked for"},
	}
}

// IsFetchedStep reports whether a message of BuildKit is about a step that fetches what it
// unpacks.
func IsFetchedStep(message string) bool {
	return strings.Contains(message, op.HelperPath+" "+call.FetchedName+" ")
}

// IsStoreStep reports whether a message of BuildKit is about the step that unpacks
// these paths.
func IsStoreStep(message string, a *plan.Store) bool {
	_, args, ok := strings.Cut(message, op.HelperPath+" "+call.StoreName+" ")
	return ok && strings.Contains(args, " "+a.Items[0].Name+",")
}
