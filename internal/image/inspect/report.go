// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Report is what there is to say about an image.
type Report struct {
	// Name is the image as it was asked for.
	Name string `json:"name"`
	// Digest and MediaType are of what the name stands for, which may be an index.
	Digest    v1.Hash `json:"digest"`
	MediaType string  `json:"mediaType"`
	// Platforms are all that the name has an image for.
	Platforms []string `json:"platforms"`
	// Attestations are the kinds of those that the index has of this image.
	Attestations []string `json:"attestations,omitempty"`

	// Referrers are what is about the index and the image, if it was asked for.
	Referrers []Referrer `json:"referrers,omitempty"`

	// Platform is that of the image which the rest is about.
	Platform string `json:"platform"`
	// Manifest is the image's digest.
	Manifest v1.Hash `json:"manifest"`
	// ConfigDigest is docker's image ID.
	ConfigDigest v1.Hash       `json:"configDigest"`
	Config       v1.ConfigFile `json:"config"`
	Layers       []Layer       `json:"layers"`

	// Size is the sum of the layers as they are stored, in bytes.
	Size int64 `json:"size"`
	// Unpacked is the sum of their tars.
	Unpacked int64 `json:"unpacked"`
	// Files is how many files the image has in the end, Wasted how many bytes
	// are in its layers that are not visible.
	Files  int   `json:"files"`
	Wasted int64 `json:"wasted"`

	// All are the files of all layers, for a page of them.
	All []File `json:"-"`
}

// Layer is one layer.
type Layer struct {
	Digest    v1.Hash `json:"digest"`
	DiffID    v1.Hash `json:"diffID"`
	MediaType string  `json:"mediaType"`
	// BLAKE3 and DiffBLAKE3 are further digests of the layer as it is stored and
	// of its tar, in hexadecimal, if they were asked for.
	BLAKE3     string `json:"blake3,omitempty"`
	DiffBLAKE3 string `json:"diffBlake3,omitempty"`
	// Strategy is the first word of what made the layer: packages, files, build,
	// derivation, or an instruction of a Dockerfile. Made is all of it.
	Strategy string    `json:"strategy"`
	Made     string    `json:"made"`
	Created  time.Time `json:"created"`
	// Size and Unpacked are in bytes.
	Size     int64 `json:"size"`
	Unpacked int64 `json:"unpacked"`
	// Files, Directories, Links and Deletions are how many there are.
	Files       int `json:"files"`
	Directories int `json:"folders"` // the name of it since the first report
	Links       int `json:"links"`
	Deletions   int `json:"deletions"`
	// Wasted are the bytes of this layer's files that later layers replace or
	// delete.
	Wasted      int64 `json:"wasted"`
	WastedFiles int   `json:"wastedFiles"`
	// Packages are those that this layer installs or changes, as name and
	// version.
	Packages []string `json:"packages,omitempty"`
	// StorePaths are the names in /nix/store.
	StorePaths []string `json:"storePaths,omitempty"`
}

// File is a file of a layer.
type File struct {
	// Path has no slash in front.
	Path string
	// Layer is its number, counted from 0.
	Layer int
	// Size is in bytes.
	Size int64
	// Gone says that a later layer replaces or deletes it.
	Gone bool
}
