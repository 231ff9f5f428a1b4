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

	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/plainfile"
)

// indexLimit is the most bytes that an index of a directory may have.
const indexLimit = 8 << 20

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

// lockSuffix makes the name of the file that locks an index.
const lockSuffix = ".lock"

// changeIndex replaces a layout's index, which is empty in a new one. What change reads
// of the layout holds until it is done: the lock is the one that BuildKit takes.
func changeIndex(dir string, change func(index []byte) ([]byte, error)) error {
	path := filepath.Join(dir, ocispecs.ImageIndexFile)
	unlock, err := lockFile(path + lockSuffix)
	if err != nil {
		return fmt.Errorf("lock layout: %w", err)
	}
	defer unlock()
	data, err := plainfile.Read(path, indexLimit)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read layout's index: %w", err)
	}
	if data, err = change(data); err != nil {
		return err
	}
	if err := atomicfile.Replace(filepath.Join(dir, ocispecs.ImageLayoutFile), []byte(layoutFile), 0o644); err != nil {
		return fmt.Errorf("write layout: %w", err)
	}
	if err := atomicfile.Replace(path, data, 0o644); err != nil {
		return fmt.Errorf("write layout: %w", err)
	}
	return nil
}

// layoutEntry is an entry of a layout's index with the bytes that it was read from.
type layoutEntry struct {
	v1.Descriptor
	raw json.RawMessage
}

// withEntries puts entries into a layout's index, which may be empty, each in the place
// of the one with its name, and keeps all else that is there.
func withEntries(data []byte, ds []v1.Descriptor) ([]byte, error) {
	index := layoutIndex{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &index); err != nil {
			return nil, fmt.Errorf("read layout's index: %w", err)
		}
	}
	var entries []layoutEntry
	for _, raw := range index.Manifests {
		e := layoutEntry{raw: raw}
		if err := json.Unmarshal(raw, &e.Descriptor); err != nil {
			return nil, fmt.Errorf("read layout's index: %w", err)
		}
		entries = append(entries, e)
	}
	for _, d := range ds {
		entries = replaced(entries, d)
	}
	index.Manifests = nil
	for _, e := range entries {
		raw, err := image.KeepUnknown(e.Descriptor, e.raw)
		if err != nil {
			return nil, fmt.Errorf("encode layout's index: %w", err)
		}
		index.Manifests = append(index.Manifests, raw)
	}
	data, err := image.KeepUnknown(index, data)
	if err != nil {
		return nil, fmt.Errorf("encode layout's index: %w", err)
	}
	return data, nil
}

// layoutIndex are the members of a layout's index that are written. Others are kept.
type layoutIndex struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     types.MediaType   `json:"mediaType"`
	Manifests     []json.RawMessage `json:"manifests"`
}

// lockFile takes a lock that others take, too, and that is removed when it is given
// back. Whoever waited for the removed file waits for the next one.
func lockFile(path string) (unlock func(), err error) {
	for {
		lock := flock.New(path)
		if err := lock.Lock(); err != nil {
			return nil, err
		}
		mine, err := lock.Stat()
		if err != nil {
			return nil, errors.Join(err, lock.Unlock())
		}
		if there, err := os.Stat(path); err == nil && os.SameFile(mine, there) {
			return func() {
				_ = os.Remove(path)
				_ = lock.Unlock()
			}, nil
		}
		_ = lock.Unlock()
	}
}

// replaced puts an entry where the one with its name is, or at the end. An entry
// without a name replaces one of the same image.
func replaced(entries []layoutEntry, d v1.Descriptor) []layoutEntry {
	tag := d.Annotations[ocispecs.AnnotationRefName]
	i := slices.IndexFunc(entries, func(e layoutEntry) bool {
		return e.Annotations[ocispecs.AnnotationRefName] == tag && (tag != "" || e.Digest == d.Digest)
	})
	if i < 0 {
		return append(entries, layoutEntry{Descriptor: d})
	}
	rest := slices.DeleteFunc(slices.Clone(entries[i+1:]), func(e layoutEntry) bool {
		return tag != "" && e.Annotations[ocispecs.AnnotationRefName] == tag
	})
	return append(append(slices.Clone(entries[:i]), layoutEntry{Descriptor: d}), rest...)
}
