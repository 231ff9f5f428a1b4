// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/plainfile"
)

// dockerEntry is an image in the list of docker's archives.
type dockerEntry struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// LoadableByDocker makes of an OCI layout a directory that docker load takes, too,
// once it is in a tar: it adds docker's list of images, with the image that has
// one of the tags. Other images of the list stay in it, without these tags. An
// image without a tag is the layout's "latest".
func LoadableByDocker(ctx context.Context, dir string, tags []string) error {
	n := image.Name{Transport: image.Layout, Path: dir, Tag: "latest"}
	if len(tags) > 0 {
		n.Tag = tags[0]
	}
	s, err := image.Open(ctx, n, image.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	if !s.Root.MediaType.IsImage() {
		return fmt.Errorf("docker load takes one platform, and %s is an index", n)
	}
	raw, err := s.Manifest(ctx, s.Root)
	if err != nil {
		return err
	}
	entry, err := dockerEntryOf(raw, familiar(tags))
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "manifest.json")
	var entries []dockerEntry
	data, err := plainfile.Read(path, indexLimit)
	if err == nil {
		err = json.Unmarshal(data, &entries)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read docker's list of images: %w", err)
	}
	if data, err = json.Marshal(withEntry(entries, entry)); err != nil {
		return fmt.Errorf("encode docker's list of images: %w", err)
	}
	if err := atomicfile.Replace(path, data, 0o644); err != nil {
		return fmt.Errorf("write docker's list of images: %w", err)
	}
	return nil
}

// withEntry adds an image to the list, which takes its tags from others.
func withEntry(entries []dockerEntry, e dockerEntry) []dockerEntry {
	var out []dockerEntry
	for _, old := range entries {
		had := len(old.RepoTags)
		old.RepoTags = slices.DeleteFunc(old.RepoTags, func(tag string) bool { return slices.Contains(e.RepoTags, tag) })
		if old.Config == e.Config || had > 0 && len(old.RepoTags) == 0 {
			continue
		}
		out = append(out, old)
	}
	return append(out, e)
}

// familiar are names as docker shows them.
func familiar(tags []string) []string {
	var out []string
	for _, tag := range tags {
		if ref, err := reference.ParseNormalizedNamed(tag); err == nil {
			tag = reference.FamiliarString(reference.TagNameOnly(ref))
		}
		out = append(out, tag)
	}
	return out
}

// dockerEntryOf describes an image whose blobs lie as in an OCI layout.
func dockerEntryOf(rawManifest []byte, repoTags []string) (dockerEntry, error) {
	var m v1.Manifest
	if err := json.Unmarshal(rawManifest, &m); err != nil {
		return dockerEntry{}, fmt.Errorf("read manifest: %w", err)
	}
	e := dockerEntry{Config: blobName(m.Config.Digest), RepoTags: repoTags, Layers: []string{}}
	for _, l := range m.Layers {
		e.Layers = append(e.Layers, blobName(l.Digest))
	}
	return e, nil
}
