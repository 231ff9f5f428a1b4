// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import "github.com/strata-build/strata/llb/spec"

// Store puts paths into a store, independent of all other layers.
type Store struct {
	Range spec.Range `json:"-"`
	// Dir is the store's directory in the image.
	Dir   string      `json:"dir"`
	Items []StorePath `json:"paths"`
	// From is where the paths lie that have no URL; nil when all have one.
	From *StoreSource `json:"from,omitempty"`
	// Caches are the binary caches that are asked for an archive, the preferred one
	// first, and Keys those that they are trusted by, as name:base64.
	Caches []string `json:"caches,omitempty"`
	Keys   []string `json:"keys,omitempty"`
	// InStep says that the step that unpacks archives fetches those of which the digest
	// is known, instead of BuildKit.
	InStep bool `json:"in_step,omitempty"`
	// Size is the sum of the paths' sizes in bytes.
	Size int64 `json:"size"`
}

// StorePath is one path of a store.
type StorePath struct {
	// Name is the path within the store.
	Name string `json:"name"`
	// NarHash is the digest of the path's Nix archive (sha256:…), and NarSize its
	// length in bytes; empty and 0 for a path that is copied with its modes.
	NarHash string `json:"nar_hash,omitempty"`
	NarSize int64  `json:"nar_size,omitempty"`
	// Format is how the archive is packed: none, gzip, bzip2, xz or zstd; or tree
	// or modes, when there is the path itself.
	Format string `json:"format"`
	// URL is the archive's address, and Digest what is there (sha256:…), if that is
	// known.
	URL    string `json:"url,omitempty"`
	Digest string `json:"digest,omitempty"`
	// Attempt counts the addresses that were tried before. BuildKit takes a second
	// address of the same archive for the one that failed if nothing else differs.
	Attempt int `json:"attempt,omitempty"`
	// File is the archive, or the path itself, in the store's source.
	File string `json:"file,omitempty"`
}

// StoreSource is where an exported store lies: in a tree, or in what a build
// of Nix makes.
type StoreSource struct {
	From Tree `json:"from"`
	// Path is the absolute path of the exported store in the tree.
	Path string `json:"path"`
	// Build makes the tree; From and Path are empty then.
	Build *Exec `json:"build,omitempty"`
}

// Link puts symbolic links to what is in store paths where programs look for it.
type Link struct {
	// Into is a directory of the image, such as /usr/local.
	Into string `json:"into"`
	// Dir is the store, and Roots are the paths in the image whose directories are
	// linked, the preferred one first.
	Dir   string   `json:"dir"`
	Roots []string `json:"roots"`
	// Stores are the layers that hold the roots and what they refer to, and Image says
	// that the image has some of that already.
	Stores []*Store `json:"-"`
	Image  bool     `json:"image,omitempty"`
}
