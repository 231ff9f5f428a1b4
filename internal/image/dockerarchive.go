// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// dockerManifest is the file of docker's archives that lists the images.
const dockerManifest = "manifest.json"

// dockerImage is an image of docker's archive.
type dockerImage struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// dockerArchive gives the files of docker's archive under their digests.
type dockerArchive struct {
	*tarFile
	// made are blobs that the archive does not have.
	made map[v1.Hash][]byte
	// files are members by digest.
	files map[v1.Hash]string
}

func (a *dockerArchive) open(_ context.Context, d v1.Descriptor, offset int64) (io.ReadCloser, error) {
	if data, ok := a.made[d.Digest]; ok {
		return io.NopCloser(bytes.NewReader(data[min(offset, int64(len(data))):])), nil
	}
	name, ok := a.files[d.Digest]
	if !ok {
		name = blobPath(d.Digest)
	}
	return a.from(name, offset)
}

func openDockerArchive(ctx context.Context, n Name, o Options) (*Source, error) {
	t, err := openTar(n.Path, o.Temp)
	if err != nil {
		return nil, err
	}
	s, err := t.docker(ctx, n, o)
	if err != nil {
		return nil, errors.Join(err, t.close())
	}
	return s, nil
}

// docker finds an image of docker's archive. When the archive is a layout, too,
// and has a manifest with the same configuration, that manifest is the image's, or one
// beside it for the platform that is asked for: docker lists one image of an index.
func (t *tarFile) docker(ctx context.Context, n Name, o Options) (*Source, error) {
	image, err := t.dockerImage(n, o.Platform)
	if err != nil {
		return nil, err
	}
	config, err := t.read(image.Config)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	a := &dockerArchive{tarFile: t, made: map[v1.Hash][]byte{}, files: map[v1.Hash]string{}}
	root, ok := a.layoutRoot(ctx, config, o.Platform)
	if !ok {
		if root, err = a.synthesize(image, config); err != nil {
			return nil, err
		}
	}
	s := &Source{Root: root, blobs: a, close: t.close}
	s.Plain, err = s.hasPlain(ctx)
	return s, err
}

// hasPlain reports whether the image has layers that are not compressed.
func (s *Source) hasPlain(ctx context.Context) (bool, error) {
	raw, err := s.Manifest(ctx, s.Root)
	if err != nil {
		return false, err
	}
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return false, fmt.Errorf("read manifest: %w", err)
	}
	return toGzip().applies(m), nil
}

// dockerImage finds the image of a name in the archive's list.
func (t *tarFile) dockerImage(n Name, p *v1.Platform) (dockerImage, error) {
	data, err := t.read(dockerManifest)
	if err != nil {
		if _, layout := t.find("index.json"); layout == nil {
			return dockerImage{}, fmt.Errorf("it is not an archive of docker's; did you mean oci-archive:%s?", n.Path)
		}
		return dockerImage{}, fmt.Errorf("it is not an archive of docker's: %w", err)
	}
	var images []dockerImage
	if err := json.Unmarshal(data, &images); err != nil {
		return dockerImage{}, fmt.Errorf("read %s: %w", dockerManifest, err)
	}
	if number, ok := strings.CutPrefix(n.Tag, "@"); ok {
		if i, err := strconv.Atoi(number); err == nil && i < len(images) {
			return images[i], nil
		}
		return dockerImage{}, fmt.Errorf("it has %d images, so no %s", len(images), n.Tag)
	}
	if n.Tag != "" {
		found := slices.DeleteFunc(slices.Clone(images), func(image dockerImage) bool { return !image.hasTag(n.Tag) })
		if len(found) == 0 {
			return dockerImage{}, fmt.Errorf("it has no image %s; there %s", n.Tag, dockerTags(images))
		}
		return t.dockerImageFor(found, n.Tag, p)
	}
	if len(images) > 1 && p != nil && sameTags(images) {
		return t.dockerImageFor(images, n.Path, p)
	}
	if len(images) != 1 {
		return dockerImage{}, fmt.Errorf("it has %d images, so say which by :REF or :@NUMBER; there %s", len(images), dockerTags(images))
	}
	return images[0], nil
}

// sameTags reports whether images of docker's archive have the same names.
func sameTags(images []dockerImage) bool {
	return !slices.ContainsFunc(images, func(i dockerImage) bool { return !slices.Equal(i.RepoTags, images[0].RepoTags) })
}

// dockerImageFor is the image for a platform, of several with one name.
func (t *tarFile) dockerImageFor(found []dockerImage, name string, p *v1.Platform) (dockerImage, error) {
	if len(found) == 1 {
		return found[0], nil
	}
	if p == nil {
		return dockerImage{}, fmt.Errorf("it has %d images %s, so say which by --platform, or by :@NUMBER", len(found), name)
	}
	var described []v1.Descriptor
	for _, image := range found {
		config, err := t.read(image.Config)
		if err != nil {
			return dockerImage{}, fmt.Errorf("read configuration: %w", err)
		}
		var has v1.Platform
		if err := json.Unmarshal(config, &has); err != nil {
			return dockerImage{}, fmt.Errorf("read configuration: %w", err)
		}
		described = append(described, v1.Descriptor{Platform: &has})
	}
	want := platforms.Normalize(specPlatform(p))
	i := bestFor(want, described)
	if i < 0 {
		return dockerImage{}, fmt.Errorf("%w %s: there is %s", ErrNoPlatform, platforms.FormatAll(want), listPlatforms(described))
	}
	return found[i], nil
}

// hasTag compares references as docker does.
func (i dockerImage) hasTag(tag string) bool {
	return slices.ContainsFunc(i.RepoTags, func(text string) bool {
		ref, err := reference.ParseNormalizedNamed(text)
		return err == nil && reference.FamiliarString(reference.TagNameOnly(ref)) == tag
	})
}

func dockerTags(images []dockerImage) string {
	var words []string
	for i, image := range images {
		if len(image.RepoTags) == 0 {
			words = append(words, "@"+strconv.Itoa(i))
		}
		words = append(words, image.RepoTags...)
	}
	if len(words) == 0 {
		return "is none at all"
	}
	return "are " + listed(words)
}
