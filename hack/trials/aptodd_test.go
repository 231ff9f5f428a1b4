// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"bytes"
	"crypto"
	"strings"
	"testing"
)

// aptOdd are archives whose signed text is one thing to who checks the signature and
// another to who reads it, and lists that lie.
func aptOdd() []input {
	sign := func(tries, refused, taken string, change func(text []byte) []byte) input {
		return apt(tries, refused, taken, func(t *testing.T, a *aptArchive) {
			a.sign = func(text string) []byte { return change(clearSigned(t, text, crypto.SHA256, a.key)) }
		})
	}
	replace := func(old, new string) func(text []byte) []byte {
		return func(text []byte) []byte { return bytes.Replace(text, []byte(old), []byte(new), 1) }
	}
	release := func(tries, refused, taken, old, new string) input {
		return apt(tries, refused, taken, func(_ *testing.T, a *aptArchive) { a.release = strings.Replace(a.release, old, new, 1) })
	}
	list := func(tries, refused, taken, text string) input {
		return apt(tries, refused, taken, func(_ *testing.T, a *aptArchive) { a.list = text })
	}
	return []input{
		sign("a field among the headers of the signed part", "it has no clear-signed text", "", replace("Hash: SHA256\n", "Hash: SHA256\nOrigin: Evil\n")),
		sign("no header of a hash", "", "the signature itself says which", replace("Hash: SHA256\n", "")),
		sign("lines that end in CR LF", "", "a signature doesn't count how lines end", func(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")) }),
		sign("blanks at the end of a signed line", "", "a signature doesn't count them, and no field has them", replace("Origin: Example\n", "Origin: Example   \n")),
		sign("a signed line with a dash in front", "", "the dash isn't part of it, as the format has it", replace("Origin: Example\n", "- Origin: Example\n")),
		sign("an empty line in the signed part", "is bad", "", replace("Origin: Example\n", "\nOrigin: Example\n")),
		sign("a zero byte in the signed part", "is bad", "", replace("Origin: Example\n", "Origin: Exam\x00ple\n")),
		sign("two signatures behind each other in one part", "text stands outside", "", func(text []byte) []byte {
			_, s, _ := bytes.Cut(text, []byte("-----BEGIN PGP SIGNATURE-----"))
			return append(text, append([]byte("\n-----BEGIN PGP SIGNATURE-----"), s...)...)
		}),
		release("a Valid-Until that is none", "is not a date in UTC", "", "Suite:", "Valid-Until: never\nSuite:"),
		release("a Valid-Until before its date", "it expired on 2024-11-01", "", "Suite:", "Valid-Until: Fri, 01 Nov 2024 10:00:00 UTC\nSuite:"),
		release("lists by their hashes that aren't there", "", "the list is asked for by its name then", "Suite:", "Acquire-By-Hash: yes\nSuite:"),
		release("an empty line in the middle", "weaker hashes do not count", "", "Suite:", "\nSuite:"),
		release("components ../x", "", "the build file says which are read", "Components: main", "Components: ../x main"),
		release("100,000 architectures", "", "the image's is among them", "Architectures: amd64", "Architectures: amd64"+strings.Repeat(" x", 100_000)),
		list("a package's file of 5,000 letters", "", "the server knows what to make of it", aptPackage("evil", "Filename", "pool/"+strings.Repeat("a", 5000))),
		list("a package's file with a name of 300 letters", "", "it has another name in the step", aptPackage("evil", "Filename", "pool/"+strings.Repeat("a", 300))),
		list("a package's file with a backslash", "", "it is a letter of a path below the archive", aptPackage("evil", "Filename", `pool/..\..\x`)),
		list("a package's file with a percent sign", "", "it is a letter of a path below the archive", aptPackage("evil", "Filename", "pool/%2e%2e/%2e%2e/x")),
		list("the same package twice, with another hash", "", "the first one counts, as with apt", aptPackage("evil", "", "")+aptPackage("evil", "SHA256", strings.Repeat("b", 64))),
		list("a version that is none", "", "it has a place in the order, and its package is refused", aptPackage("evil", "Version", "abc")),
		list("a word that Multi-Arch doesn't have", "", "it is none of those that count, and its package is refused", strings.TrimSuffix(aptPackage("evil", "", ""), "\n")+"Multi-Arch: evil\n\n"),
		list("a package that provides itself, and conflicts with that", "", "no package is in conflict with itself", strings.TrimSuffix(aptPackage("evil", "", ""), "\n")+"Provides: evil\nConflicts: evil\nBreaks: evil\nReplaces: evil\n\n"),
		list("a package that provides all of 20,000", "", "it is one package", strings.TrimSuffix(aptPackage("evil", "", ""), "\n")+"Provides: "+strings.TrimSuffix(numbered(20_000, "x%d, "), ", ")+"\n\n"),
		list("an empty list", "no repository has it", "", ""),
		list("a hash in capital letters", "", "it is the same hash", aptPackage("evil", "SHA256", strings.Repeat("A", 64))),
		list("a size of 5 bytes and a blank", "has no file, size or sha256", "", aptPackage("evil", "Size", "100 5")),
	}
}
