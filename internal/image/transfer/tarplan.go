// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// blockSize is the unit of a tar, in bytes.
const blockSize = 512

// tarPlan is an archive before it is written: every member with its place.
type tarPlan struct {
	members []tarMember
	// index has the members that are blobs.
	index map[v1.Hash]int
	// size is the whole archive's, in bytes.
	size int64
}

// tarMember is a file of the archive.
type tarMember struct {
	header []byte
	// offset is where the content begins.
	offset int64
	size   int64
	// data is the content, but for a blob.
	data   []byte
	isBlob bool
}

// planTar lays out an archive. The small files come first, in the order in which
// readers want them, then the blobs in the order of the plan. Its bytes depend
// on nothing but the image and its name.
func planTar(p *plan, entry v1.Descriptor, docker bool, repoTags []string) (*tarPlan, error) {
	files, err := smallFiles(p, entry, docker, repoTags)
	if err != nil {
		return nil, err
	}
	t := &tarPlan{index: map[v1.Hash]int{}}
	for _, f := range files {
		if err := t.add(f.name, int64(len(f.data)), f.data, false); err != nil {
			return nil, err
		}
	}
	for _, d := range p.blobs {
		t.index[d.Digest] = len(t.members)
		if err := t.add(blobName(d.Digest), d.Size, nil, true); err != nil {
			return nil, err
		}
	}
	t.size += 2 * blockSize
	return t, nil
}

// smallFile is a file of the archive whose content is known.
type smallFile struct {
	name string
	data []byte
}

// smallFiles are all but the blobs.
func smallFiles(p *plan, entry v1.Descriptor, docker bool, repoTags []string) ([]smallFile, error) {
	lists, err := listings(p.attached, func(string) ([]byte, error) { return nil, nil })
	if err != nil {
		return nil, err
	}
	index, err := json.Marshal(v1.IndexManifest{
		SchemaVersion: 2, MediaType: types.OCIImageIndex,
		Manifests: layoutEntries(entry, p, lists),
	})
	if err != nil {
		return nil, fmt.Errorf("encode index: %w", err)
	}
	files := []smallFile{{ocispecs.ImageLayoutFile, []byte(layoutFile)}, {ocispecs.ImageIndexFile, index}}
	if docker {
		entry, err := dockerEntryOf(p.rootRaw, repoTags)
		if err != nil {
			return nil, err
		}
		list, err := json.Marshal([]dockerEntry{entry})
		if err != nil {
			return nil, fmt.Errorf("encode docker's list of images: %w", err)
		}
		files = append(files, smallFile{"manifest.json", list})
	}
	for _, m := range append(p.manifests, manifest{p.root, p.rootRaw}) {
		files = append(files, smallFile{blobName(m.Digest), m.raw})
	}
	for _, l := range lists {
		files = append(files, smallFile{blobName(l.Digest), l.raw})
	}
	return files, nil
}

func blobName(h v1.Hash) string { return path.Join(ocispecs.ImageBlobsDir, h.Algorithm, h.Hex) }

// add gives a file its place.
func (t *tarPlan) add(name string, size int64, data []byte, isBlob bool) error {
	var header bytes.Buffer
	err := tar.NewWriter(&header).WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: time.Unix(0, 0),
	})
	if err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	offset := t.size + int64(header.Len())
	t.members = append(t.members, tarMember{header: header.Bytes(), offset: offset, size: size, data: data, isBlob: isBlob})
	t.size = offset + size + int64(len(padding(size)))
	return nil
}

// padding fills a file's last block.
func padding(size int64) []byte {
	return make([]byte, (blockSize-size%blockSize)%blockSize)
}
