// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/plainfile"
)

// containerdName is the annotation with an image's whole name that containerd
// and BuildKit put beside the specification's, which has the tag.
const containerdName = "io.containerd.image.name"

// directory is an OCI layout in a directory.
type directory string

func (f directory) open(_ context.Context, d v1.Descriptor, offset int64) (io.ReadCloser, error) {
	file, err := plainfile.Open(filepath.Join(string(f), filepath.FromSlash(blobPath(d.Digest))))
	if err != nil || offset == 0 {
		return file, err
	}
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// index is the layout's own index.
func (f directory) index() ([]byte, error) {
	return plainfile.Read(filepath.Join(string(f), ocispecs.ImageIndexFile), manifestLimit)
}

// blobPath is where a layout has a blob.
func blobPath(h v1.Hash) string { return path.Join(ocispecs.ImageBlobsDir, h.Algorithm, h.Hex) }

func openLayout(ctx context.Context, n Name, o Options) (*Source, error) {
	data, err := directory(n.Path).index()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no OCI layout: %w", n.Path, err)
	}
	if err != nil {
		return nil, err
	}
	s := &Source{blobs: directory(n.Path)}
	s.Root, err = s.findRoot(ctx, data, n, o)
	return s, err
}

// findRoot finds the image of a name in a layout's index.
func (s *Source) findRoot(ctx context.Context, data []byte, n Name, o Options) (v1.Descriptor, error) {
	var index v1.IndexManifest
	if err := json.Unmarshal(data, &index); err != nil {
		return v1.Descriptor{}, fmt.Errorf("read %s: %w", ocispecs.ImageIndexFile, err)
	}
	var found []v1.Descriptor
	seen := map[v1.Hash]bool{}
	for _, d := range index.Manifests {
		if !seen[d.Digest] && isNamed(d, n) {
			seen[d.Digest] = true
			found = append(found, d)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0:
		return v1.Descriptor{}, fmt.Errorf("it has no such image; there %s", namesIn(index))
	case sameNames(found) && o.Platform != nil:
		return s.rootFor(ctx, found, o.Platform)
	case sameNames(found):
		return v1.Descriptor{}, fmt.Errorf("it has %d images of that name, so say which by --platform or @DIGEST", len(found))
	}
	return v1.Descriptor{}, fmt.Errorf("it has %d images, so say which by :TAG or @DIGEST; there %s", len(found), namesIn(index))
}

// sameNames reports whether entries of a layout have one name.
func sameNames(all []v1.Descriptor) bool {
	return !slices.ContainsFunc(all, func(d v1.Descriptor) bool {
		return d.Annotations[ocispecs.AnnotationRefName] != all[0].Annotations[ocispecs.AnnotationRefName]
	})
}

// rootFor is the entry, of several with one name, that is or has the image for a
// platform.
func (s *Source) rootFor(ctx context.Context, found []v1.Descriptor, p *v1.Platform) (v1.Descriptor, error) {
	var failed error
	var all []v1.Descriptor
	for _, d := range found {
		at := &Source{Name: s.Name, Root: d, blobs: s.blobs}
		_, err := at.Select(ctx, p)
		if err == nil {
			return d, nil
		}
		if !errors.Is(err, ErrNoPlatform) {
			failed = err
		}
		images, _ := at.Images(ctx) // what can't be read has been said
		all = append(all, images...)
	}
	if failed != nil {
		return v1.Descriptor{}, failed
	}
	return v1.Descriptor{}, fmt.Errorf("%w %s: there is %s", ErrNoPlatform, platforms.FormatAll(platforms.Normalize(specPlatform(p))), listPlatforms(all))
}

// isNamed reports whether a layout's entry is what the name asks for. What is about an
// image has to be asked for.
func isNamed(d v1.Descriptor, n Name) bool {
	if n.Tag == "" && n.Digest == "" && IsReferrersTag(d.Annotations[ocispecs.AnnotationRefName]) {
		return false
	}
	if n.Digest != "" && d.Digest.String() != n.Digest {
		return false
	}
	return n.Tag == "" || d.Annotations[ocispecs.AnnotationRefName] == n.Tag || d.Annotations[containerdName] == n.Tag ||
		isFamiliar(d.Annotations[containerdName], n.Tag)
}

// isFamiliar reports whether a word is an image's whole name as docker shows it.
func isFamiliar(name, word string) bool {
	ref, err := reference.ParseNormalizedNamed(name)
	return err == nil && reference.FamiliarString(ref) == word
}

// namesIn lists what is in a layout.
func namesIn(index v1.IndexManifest) string {
	var words []string
	for _, d := range index.Manifests {
		word := d.Annotations[ocispecs.AnnotationRefName]
		if word == "" {
			word = "@" + d.Digest.String()
		}
		words = append(words, word)
	}
	if len(words) == 0 {
		return "is none at all"
	}
	return "are " + listed(words)
}

// listed are words, the first of them if there are more than anyone reads.
func listed(words []string) string {
	const most = 50
	if more := len(words) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), more)
	}
	return strings.Join(words, ", ")
}
