// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"strings"

	"github.com/distribution/reference"
)

// Transport says what kind of place an image is in.
type Transport string

// The places that images are in.
const (
	// Registry is a repository of a registry: registry/name:tag[@digest].
	Registry Transport = "registry"
	// Layout is an OCI layout in a directory: oci:DIR[:TAG][@DIGEST].
	Layout Transport = "oci"
	// LayoutArchive is an OCI layout in a tar: oci-archive:FILE[:TAG][@DIGEST].
	LayoutArchive Transport = "oci-archive"
	// DockerArchive is what docker save writes: docker-archive:FILE[:REF].
	DockerArchive Transport = "docker-archive"
	// DockerDaemon is the store of a docker engine: docker-daemon:NAME.
	DockerDaemon Transport = "docker-daemon"
	// Store is a content store of BuildKit's. It has no notation: only a name for
	// messages is in the Path.
	Store Transport = "buildkit"
)

// Name says where an image is, or is to go.
type Name struct {
	// Transport is the kind of place.
	Transport Transport
	// Path is the directory of a layout, or the file of an archive.
	Path string
	// Tag names an image in a layout. In an archive of docker's it is a
	// reference with its tag, or @N for the image number N, counted from 0.
	Tag string
	// Digest is the manifest's in a layout, or the image ID in a docker engine.
	Digest string
	// Ref is the reference in a registry or a docker engine. It always has a
	// tag or a digest.
	Ref reference.Named
}

// String is the notation of the name; Parse reads it.
func (n Name) String() string {
	switch n.Transport {
	case Registry:
		return n.Ref.String()
	case DockerDaemon:
		if n.Ref == nil {
			return string(n.Transport) + ":" + n.Digest
		}
		return string(n.Transport) + ":" + reference.FamiliarString(n.Ref)
	}
	var b strings.Builder
	b.WriteString(string(n.Transport) + ":" + n.Path)
	switch {
	case strings.HasPrefix(n.Tag, "@"):
		b.WriteString(":" + n.Tag)
	case n.Tag != "":
		b.WriteString(":" + n.Tag)
	}
	if n.Digest != "" {
		b.WriteString("@" + n.Digest)
	}
	return b.String()
}
