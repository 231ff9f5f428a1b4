// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
)

// Busybox is a layer that runs commands by the programs of an image of busybox, so that
// it works in images without a shell. Nothing of those ships.
func Busybox(commands []string) draft.Layer {
	return draft.Layer{Build: &draft.Build{
		Mounts: []draft.Mount{{Target: "/.busybox", From: "busybox:1.37-musl", Source: "/bin"}},
		Shell:  []string{"/.busybox/sh", "-e", "-c"}, User: "0:0", Workdir: "/",
		Run: "PATH=/.busybox\n" + strings.Join(commands, "\n") + "\n",
	}}
}

// Quoted is a word of a script.
func Quoted(word string) string {
	if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._@,:=+%-") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
