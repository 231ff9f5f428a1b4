// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/distribution/reference"
	"github.com/gofrs/flock"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// layoutFile is the content of a layout's file oci-layout.
const layoutFile = `{"imageLayoutVersion":"1.0.0"}`

// containerdName is the annotation with an image's whole name that docker and
// podman go by when they load an archive.
const containerdName = "io.containerd.image.name"

// namedForDocker is an archive's entry with the names that containerd, docker and
// podman look for.
func namedForDocker(d v1.Descriptor, tag string) v1.Descriptor {
	ref, err := reference.ParseNormalizedNamed(tag)
	if err != nil {
		return named(d, "")
	}
	out := named(d, "")
	if tagged, ok := reference.TagNameOnly(ref).(reference.NamedTagged); ok {
		out = named(d, tagged.Tag())
		out.Annotations[containerdName] = tagged.String()
	}
	return out
}

func readerOf(raw []byte) io.Reader { return bytes.NewReader(raw) }

// named is a layout's entry for a descriptor. It has nothing that depends on the
// place where the image was: the same image makes the same archive.
func named(d v1.Descriptor, tag string) v1.Descriptor {
	out := v1.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size, ArtifactType: d.ArtifactType}
	if tag != "" {
		out.Annotations = map[string]string{ocispecs.AnnotationRefName: tag}
	}
	return out
}

// addToIndex puts an entry into a layout's index, in the place of the one with
// its name. The lock is the one that BuildKit takes.
func addToIndex(dir string, d v1.Descriptor) error {
	path := filepath.Join(dir, ocispecs.ImageIndexFile)
	lock := flock.New(path + ".lock")
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock layout: %w", err)
	}
	defer func() {
		_ = lock.Unlock()             // it ends with the file
		_ = os.Remove(path + ".lock") // the next one makes it again
	}()
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &index)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read layout's index: %w", err)
	}
	index.Manifests = replaced(index.Manifests, d)
	if data, err = json.Marshal(index); err != nil {
		return fmt.Errorf("encode layout's index: %w", err)
	}
	if err := replaceFile(filepath.Join(dir, ocispecs.ImageLayoutFile), []byte(layoutFile)); err != nil {
		return err
	}
	return replaceFile(path, data)
}

// replaced puts an entry where the one with its name is, or at the end. An entry
// without a name replaces one of the same image.
func replaced(entries []v1.Descriptor, d v1.Descriptor) []v1.Descriptor {
	tag := d.Annotations[ocispecs.AnnotationRefName]
	i := slices.IndexFunc(entries, func(e v1.Descriptor) bool {
		return e.Annotations[ocispecs.AnnotationRefName] == tag && (tag != "" || e.Digest == d.Digest)
	})
	if i < 0 {
		return append(entries, d)
	}
	rest := slices.DeleteFunc(slices.Clone(entries[i+1:]), func(e v1.Descriptor) bool {
		return tag != "" && e.Annotations[ocispecs.AnnotationRefName] == tag
	})
	return append(append(slices.Clone(entries[:i]), d), rest...)
}

// replaceFile writes a file that is never seen half.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".strata-*")
	if err != nil {
		return fmt.Errorf("write layout: %w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write layout: %w", err), os.Remove(f.Name()))
	}
	return nil
}
