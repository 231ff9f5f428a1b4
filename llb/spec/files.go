// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/printable"
)

func filesKind() kind[Files] {
	entries := list(fileObject().kind())
	return kind[Files]{schema: entries.schema, read: func(c cursor) (Files, bool) {
		all, ok := entries.read(c)
		return Files{Entries: all}, ok
	}}
}

func fileObject() object[File] {
	return object[File]{
		instead: asFile,
		span:    func(f *File) *Range { return &f.Range },
		one:     []string{"content", "source", "url", "git", "symlink", "directory"},
		needs:   fileNeeds(),
		check:   checkFile,
		keys: slices.Concat([]key[File]{
			bind("dest", "The path in the image; a trailing slash means into this directory.", absolute(),
				func(f *File) *String { return &f.Dest }).must(),
			bind("content", "The file's text, as it stands.", text(),
				func(f *File) *String { return &f.Content }),
			bind("expand", "Expand the names of arguments in content.", boolean(),
				func(f *File) *bool { return &f.Expand }),
			fileSourceKey(),
			bind("optional", "Take nothing where source is a pattern that matches nothing.", boolean(),
				func(f *File) *bool { return &f.Optional }),
			bind("from", "Where source is: target:NAME, context:NAME, dockerfile:PATH#STAGE or a reference.", text(checkFrom),
				func(f *File) *String { return &f.From }),
			bind("platform", "The platform that from is taken for; the image's if left out.", platform(),
				func(f *File) *String { return &f.Platform }),
			bind("changed", "Take only what the layers of the target that from names put on its own from.", boolean(),
				func(f *File) *bool { return &f.Changed }),
			bind("include", "Patterns of what to copy, or of what to unpack.", list(text(checkLine)),
				func(f *File) *[]String { return &f.Include }),
			bind("exclude", "Patterns of what not to copy, or not to unpack.", list(text(checkLine)),
				func(f *File) *[]String { return &f.Exclude }),
			bind("url", "An address to fetch from by HTTP.", address(),
				func(f *File) *String { return &f.URL }),
			bind("checksum", "The digest of what url gives, as sha256:HEX.", digest(),
				func(f *File) *String { return &f.Checksum }),
			bind("extract", "Unpack the archive (tar or zip), or the packed file, that url or source gives.", boolean(),
				func(f *File) *bool { return &f.Extract }),
			bind("strip", "How many of the first directories of its paths to leave out when an archive is unpacked.", number(1, maxStrip),
				func(f *File) *int { return &f.Strip }),
			bind("git", "A repository, as URL#REF:DIR.", text(checkLine),
				func(f *File) *String { return &f.Git }),
			bind("symlink", "What a symbolic link at dest points to.", text(checkPath),
				func(f *File) *String { return &f.Symlink }),
			bind("directory", "Make an empty directory.", boolean(),
				func(f *File) *bool { return &f.Directory }),
			bind("mode", "The file mode, octal, or a change of it such as u+x,go-w.", modeOrChange(),
				func(f *File) *String { return &f.Mode }),
			bind("owner", "The owner: user, user:group or :group; keep leaves what source has as it is.", ownership(),
				func(f *File) *String { return &f.Owner }),
			bind("signature", "The key that what url gives, or the tag or commit of git, must be signed by.", pointer(signatureObject().kind()),
				func(f *File) **Signature { return &f.Signature }),
		}, aboutKeys(func(f *File) *About { return &f.About })),
	}
}

// fileNeeds are the keys that go with others alone.
func fileNeeds() []needs {
	return []needs{
		{"from", []string{"source"}},
		{"platform", []string{"from"}},
		{"changed", []string{"from"}},
		{"extract", []string{"url", "source"}},
		{"checksum", []string{"url"}},
		{"include", []string{"source", "git", "extract"}},
		{"exclude", []string{"source", "git", "extract"}},
		{"strip", []string{"extract"}},
		{"expand", []string{"content"}},
		{"optional", []string{"source"}},
		{"mode", []string{"content", "source", "url", "git", "directory"}},
		{"signature", []string{"url", "git"}},
		{"purl", []string{"url", "git"}},
		{"license", []string{"url", "git"}},
		{"version", []string{"url", "git"}},
		{"supplier", []string{"url", "git"}},
		{"contains", []string{"url", "git"}},
	}
}

// maxStrip is how many components of an archive's paths can be left out.
const maxStrip = 100

// fileSourceKey is a path, or a list of paths.
func fileSourceKey() key[File] {
	return oneOrList("source", "A path or a pattern in the context, or in from; a list of them puts each into dest under its own name.", inTree(),
		func(f *File) *String { return &f.Source }, func(f *File) *[]String { return &f.Sources })
}

// oneOrList is a key with a value, or a list of them, each of which has its place.
func oneOrList[T any](name, doc string, one kind[String], value func(*T) *String, values func(*T) *[]String) key[T] {
	all := filled(one)
	return key[T]{
		name:   name,
		doc:    doc,
		schema: when(likeList().schema, all.schema, one.schema),
		read: func(c cursor, t *T) {
			if c.isList() {
				*values(t), _ = all.read(c)
				return
			}
			*value(t), _ = one.read(c)
		},
	}
}

// HasSource reports whether the entry is of files of a tree.
func (f *File) HasSource() bool { return f.Source.IsSet() || len(f.Sources) > 0 }

// checkFile looks for a dest that does not fit what it is the place of.
func checkFile(c cursor, f *File) {
	checkSignature(c, f)
	if key, _ := c.lookup("directory"); key != nil && !f.Directory {
		c.faultAt(key, "", "directory can only be true")
	}
	for _, name := range []string{"strip", "include", "exclude"} {
		if key, _ := c.lookup(name); key != nil && !f.Extract && (name == "strip" || f.URL.IsSet()) {
			c.faultAt(key, "", "%s needs extract: true", name)
		}
	}
	if isChange := func(text string) bool { _, change, _ := ParseModeChange(text); return change != "" }; f.Directory && f.Mode.anyOf(isChange) {
		_, where := c.lookup("mode")
		c.faultAt(where, "", "the mode of a directory that is made is octal, such as 0755")
	}
	if f.Owner.anyOf(func(text string) bool { return text == KeepOwner }) && !f.HasSource() {
		_, where := c.lookup("owner")
		c.faultAt(where, "", "owner: keep goes with source, which has owners")
	}
	if !f.Dest.literal() {
		return
	}
	for _, dest := range f.Dest.choices() {
		directory := namesDir(dest.Value)
		_, where := c.lookup("dest")
		switch {
		case directory && f.Content.IsSet():
			c.faultAt(where, "", "content needs the name of a file, but dest %.80q is a directory", dest.Value)
			return
		case directory && f.Symlink.IsSet():
			c.faultAt(where, "", "symlink needs the name of the link, but dest %.80q is a directory", dest.Value)
			return
		case !directory && len(f.Sources) > 0:
			c.faultAt(where, fmt.Sprintf("write %q", dest.Value+"/"), "a list of sources needs a directory as dest")
			return
		case !directory && f.Optional && f.Source.literal() && f.Source.anyOf(HasGlob):
			c.faultAt(where, fmt.Sprintf("write %q", dest.Value+"/"), "a pattern that may match nothing needs a directory as dest")
			return
		}
	}
}

func checkModeChange(text string) error {
	_, _, err := ParseModeChange(text)
	return err
}

// literal reports whether expansion leaves all of the string as it is.
func (s String) literal() bool {
	return !s.anyOf(func(text string) bool { return !Literal(text) })
}

func (s String) anyOf(is func(string) bool) bool {
	for _, choice := range s.choices() {
		if is(choice.Value) {
			return true
		}
	}
	return false
}

func checkURL(text string) error {
	rest, ok := strings.CutPrefix(text, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(text, "http://")
	}
	if !ok || rest == "" || strings.HasPrefix(rest, "/") || strings.ContainsAny(rest, " \t\n\r\x00") {
		return fmt.Errorf("%.80q is not an http or https address", printable.Address(text))
	}
	return nil
}

func checkDigest(text string) error {
	hex, ok := strings.CutPrefix(text, "sha256:")
	if !ok || len(hex) != 64 || !isHex(hex) {
		return errors.New("want sha256: and 64 hexadecimal digits in lower case")
	}
	return nil
}
