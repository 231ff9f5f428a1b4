// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// ArtifactError says that a manifest is not an image's.
type ArtifactError struct {
	// Name is where it was found.
	Name string
	// Digest is the manifest's.
	Digest v1.Hash
	// Type is what it is by its own words, such as application/vnd.cncf.helm.config.v1+json.
	Type string
}

// Error says what it is.
func (e *ArtifactError) Error() string {
	return fmt.Sprintf("%s of %s is an artifact of type %s, not an image", e.Digest, e.Name, e.Type)
}

// ArtifactType is what a manifest holds if that is not an image: its artifactType, or
// the type of its configuration. It is empty for an image.
func ArtifactType(m *v1.Manifest) string {
	if !IsImageType(m.ArtifactType) {
		return m.ArtifactType
	}
	if t := string(m.Config.MediaType); !IsImageType(t) {
		return t
	}
	return ""
}

// IsImageType reports whether an artifact type, or the type of a configuration, is that
// of an image. Old versions of docker gave configurations no type of their own.
func IsImageType(t string) bool {
	switch types.MediaType(t) {
	case "", types.OCIConfigJSON, types.DockerConfigJSON, "application/octet-stream":
		return true
	}
	return false
}
