// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"strings"
	"testing"
)

// buildFiles are build files, and locks, that no one wrote to build an image.
func (s *site) buildFiles() []input {
	const plain = "from: scratch\nlayers:\n  - files: [{dest: /x, content: x}]\n"
	of := func(tries, refused, taken, text string) input {
		return input{tries, refused, taken, func(t *testing.T, b *box) error {
			return s.build(t, b, project(t, map[string]string{"strata.yaml": text}))
		}}
	}
	locked := func(tries, refused, taken, text string) input {
		return input{tries, refused, taken, func(t *testing.T, b *box) error {
			return s.build(t, b, project(t, map[string]string{"strata.yaml": plain, "strata.lock": text}))
		}}
	}
	bomb := "x-a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	arguments := "args:\n  A: xxxxxxxxxx\n"
	for i := range 8 {
		of := string(rune('a' + i))
		next := string(rune('b' + i))
		bomb += "x-" + next + ": &" + next + " [" + strings.Repeat("*"+of+", ", 10) + "]\n"
		arguments += "  " + strings.ToUpper(next) + ": " + strings.Repeat("$"+strings.ToUpper(of), 10) + "\n"
	}
	return []input{
		of("aliases that become a billion values", "too many values", "", bomb+plain),
		of("an alias in the value that it names", "stands inside the value that it names", "", "x-a: &a [*a]\n"+plain),
		of("arguments that become a gigabyte", "the text is too long", "", arguments+plain),
		of("9,000 lists in each other", "nested too deeply", "", "x-a: "+strings.Repeat("[", 9000)+strings.Repeat("]", 9000)+"\n"+plain),
		of("60,000 anchors on one line", "", "they are what they name", "x-a: ["+strings.TrimSuffix(numbered(60_000, "&a%d x, "), ", ")+"]\n"+plain),
		of("5,000 defaults in each other", "", "it is the innermost", strings.Replace(plain, "content: x", `content: "`+strings.Repeat("${A:-", 5000)+"x"+strings.Repeat("}", 5000)+`"`, 1)),
		of("targets in a circle", "targets need each other", "", "from: target:a\nlayers: []\ntargets: {a: {from: target:b}, b: {from: target:a}}\n"),
		of("all keys twice", "duplicate key", "", plain+plain),
		of("a merge of what is no map", "wants a map", "", "<<: x\n"+plain),
		of("a tag that makes an object", "has no meaning", "", "x-a: !!python/object/apply:os.system [id]\n"+plain),
		of("1,000 documents", "a second document", "", plain+strings.Repeat("---\n", 1000)),
		of("lines that end in CR alone", "has the line separator U+000D", "", strings.ReplaceAll(plain, "\n", "\r")),
		of("UTF-16", "a NUL byte", "", "f\x00r\x00o\x00m\x00:\x00"),
		of("a mark of the order of bytes", "", "YAML takes it for none of its own", "\ufeff"+plain),
		of("marks that turn the direction of a text", "", "they are in the file, and no message has them", strings.Replace(plain, "content: x", "content: \"\u202ex\u2066\"", 1)),
		of("a path of marks that turn the direction of a text", "", "it is a name in the image, and no message has it", strings.Replace(plain, "/x", "\"/\u202ex\"", 1)),
		of("a login in the address of a file", "fetch http://…@127.0.0.1:1/x", "", strings.Replace(plain, "content: x", `url: "http://ann:secret@127.0.0.1:1/x"`, 1)),
		of("a login in the address of a repository", "fetch https://…@127.0.0.1:1/x.git", "", strings.Replace(plain, "content: x", `git: "https://ann:secret@127.0.0.1:1/x.git"`, 1)),
		of("2 MB", "at most 1048576 bytes", "", plain+strings.Repeat("# a comment\n", 200_000)),
		locked("a lock of 20 MB", "more than 16777216 bytes", "", strings.Repeat("# a comment\n", 1_800_000)),
		locked("a lock with aliases that become a billion values", "strata.lock", "", bomb),
		locked("a lock that is none", "strata.lock", "", "\x1b[2J"),
	}
}
