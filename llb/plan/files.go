// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"net/url"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/strata-build/strata/llb/spec"
)

// Deletion is what names begin with that stand for deleted files in an image's layer.
const Deletion = ".wh."

// Files puts files on top of the layers before it. It runs no command.
type Files struct {
	Entries []Entry `json:"entries"`
}

// Entry is one thing that a files layer puts somewhere. Exactly one of Content,
// Symlink, Directory, HTTP, Git and Copy says what.
type Entry struct {
	Range spec.Range `json:"-"`
	// Dest is the clean, absolute path in the image.
	Dest string `json:"dest"`
	// Into says that Dest is a directory that the file goes into.
	Into bool `json:"into,omitempty"`
	// OwnName says that Copy has its own name in Dest, unless it is a pattern.
	OwnName bool `json:"own_name,omitempty"`
	// Mode is the permission bits with setuid, setgid and sticky; nil keeps the
	// source's, and is 0644 for content and 0755 for a directory.
	Mode *Mode `json:"mode,omitempty"`
	// ModeChange is a change of the source's modes, as chmod takes it; Mode is nil then.
	ModeChange string `json:"mode_change,omitempty"`
	// Owner is nil for root:root, unless KeepOwners leaves the source's owners.
	Owner      *Owner `json:"owner,omitempty"`
	KeepOwners bool   `json:"keep_owners,omitempty"`
	// Optional says that Copy's pattern need not match anything.
	Optional bool `json:"optional,omitempty"`

	Content   *string `json:"content,omitempty"`
	Symlink   string  `json:"symlink,omitempty"`
	Directory bool    `json:"directory,omitempty"`
	HTTP      *HTTP   `json:"http,omitempty"`
	Git       *Git    `json:"git,omitempty"`
	Copy      *Copy   `json:"copy,omitempty"`
	// Part says that a layer of its own would begin with the entry, were there no
	// limit: names of owners are looked up in what the entries before it make, too.
	Part bool `json:"part,omitempty"`
	// Extract unpacks the archive that HTTP or Copy gives.
	Extract bool `json:"extract,omitempty"`
	// Members are what of it is taken; nil for all.
	Members *Members `json:"members,omitempty"`
	// About is what HTTP or Git gives; nil where the build file doesn't say.
	About *About `json:"about,omitempty"`
}

// IsOpaque reports whether what the entry makes is known only once it is made.
func (e *Entry) IsOpaque() bool {
	return e.Extract || e.Git != nil || e.Copy != nil && (len(e.Copy.Include)+len(e.Copy.Exclude) > 0 || e.Copy.From.MustBeBuilt())
}

// Members are a part of an archive.
type Members struct {
	// Include and Exclude are .dockerignore patterns of paths in the archive.
	Include []string `json:"include,omitempty"`
	Exclude []string `json:"exclude,omitempty"`
	// Strip is how many of the first components of the paths are left out.
	Strip int `json:"strip,omitempty"`
}

// Destination is where an entry ends up, when its last component is its own: a file
// that is fetched into a directory has the name of its URL's path there.
func (e *Entry) Destination() string {
	if !e.Into || e.HTTP == nil || e.Extract {
		return e.Dest
	}
	return path.Join(e.Dest, e.HTTP.Name())
}

// Puts is how much of a path an entry is known to put: all of it, the length of the
// directory above it that it may put files into, or nothing.
func (e *Entry) Puts(at string) int {
	dir := strings.TrimSuffix(e.Dest, "/") + "/"
	rest, below := strings.CutPrefix(at, dir)
	first, _, _ := strings.Cut(rest, "/")
	switch {
	case !e.Directory && e.Destination() == at && !e.Into, e.Into && e.Destination() == at && e.HTTP != nil:
		return len(at)
	case !below || e.Copy == nil && e.Git == nil && !e.Extract:
		return 0
	case !e.Into || e.Copy == nil || e.Extract:
		return len(dir)
	case first == path.Base(e.Copy.Path):
		return len(dir) + len(first)
	}
	if matches, err := path.Match(path.Base(e.Copy.Path), first); IsPattern(e.Copy.Path) && (err != nil || !matches) {
		return 0
	}
	return len(dir)
}

// HTTP is a file that is fetched.
type HTTP struct {
	URL string `json:"url"`
	// Checksum is the expected digest (sha256:…), or empty.
	Checksum string `json:"checksum,omitempty"`
	// Lock is the name of the lock that the checksum is from; empty when it is the build
	// file's.
	Lock string `json:"lock,omitempty"`
	// Signature is what the file is held to; nil for nothing.
	Signature *Signature `json:"signature,omitempty"`
	// Attempt counts the attempts before, which BuildKit has to tell from this one.
	Attempt int `json:"attempt,omitempty"`
	// Afresh is in the name that the file has for BuildKit where it isn't to go on with what
	// it was sent before; empty where it may.
	Afresh string `json:"-"`
	// Pos and ChecksumPos are where the build file has the two.
	Pos         spec.Pos `json:"-"`
	ChecksumPos spec.Pos `json:"-"`
}

// Unchecked are the file and that of its signature, as far as nothing says which they are.
func (h *HTTP) Unchecked() []*HTTP {
	var out []*HTTP
	if h.Checksum == "" {
		out = append(out, h)
	}
	if s := h.Signature; s != nil && s.HTTP != nil {
		out = append(out, s.HTTP.Unchecked()...)
	}
	return out
}

// Name is the last component of the address's path. An address escapes characters that names
// may well have, as in libc%2B%2B.
func (h *HTTP) Name() string {
	address := h.URL
	if i := strings.IndexAny(address, "?#"); i >= 0 {
		address = address[:i]
	}
	name := path.Base(address)
	if plain, err := url.PathUnescape(name); err == nil && utf8.ValidString(plain) && !strings.ContainsFunc(plain, unicode.IsControl) {
		if plain = path.Base(plain); plain != "." && plain != ".." && plain != "/" {
			return plain
		}
	}
	return name
}

// Git is a checkout.
type Git struct {
	// URL is the repository, with #ref:subdir.
	URL string `json:"url"`
	// Commit is the commit that the lock has for the reference, in hex, and Ref the full
	// name of that (refs/heads/main); empty without a lock.
	Commit string `json:"commit,omitempty"`
	Ref    string `json:"ref,omitempty"`
	// Tag is the tag's own object in hex, where the lock has it: its signature is there.
	Tag string `json:"tag,omitempty"`
	// Signature is what the tag, or else the commit, is held to; nil for nothing.
	Signature *Signature `json:"signature,omitempty"`
	Include   []string   `json:"include,omitempty"`
	Exclude   []string   `json:"exclude,omitempty"`
}

// Copy is a part of a tree.
type Copy struct {
	From Tree `json:"from"`
	// Path is absolute within the tree; it may be a glob.
	Path string `json:"path"`
	// Pos is where the build file names the path; zero where it doesn't.
	Pos spec.Pos `json:"-"`
	// Include and Exclude are .dockerignore patterns relative to Path.
	Include []string `json:"include,omitempty"`
	Exclude []string `json:"exclude,omitempty"`
	// Checkout says that the files come from a user's checkout, where modes depend
	// on the umask that they were made with.
	Checkout bool `json:"checkout,omitempty"`
	// Optional is that of the entry, for those who have the copy alone.
	Optional bool `json:"-"`
}
