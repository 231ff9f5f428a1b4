// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/plainfile"
)

// Options say how images are reached. The zero value works for everything but
// registries.
type Options struct {
	// Registries reaches registries; nil when none may be asked.
	Registries *registry.Client
	// Docker is the docker command, "docker" if empty.
	Docker string
	// Platform chooses among images of one name, each for another platform, that a layout
	// or an archive of docker's has without an index. nil for none.
	Platform *v1.Platform
	// Temp is the directory for what has to be unpacked, the system's if empty.
	Temp string
}

// docker is the command to run.
func (o Options) docker() string {
	if o.Docker == "" {
		return "docker"
	}
	return o.Docker
}

// Source reads an image, or an index of images. It is safe for concurrent use.
type Source struct {
	// Name is what was opened.
	Name Name
	// Root describes the manifest or index that the name stands for.
	Root v1.Descriptor
	// Plain says that the image is from docker's store, which keeps layers plain. Places
	// that images are fetched from get it by Compressed.
	Plain bool

	blobs blobs
	close func() error

	mu   sync.Mutex
	memo map[memoKey][]byte
	room int
}

// memoKey is what a manifest was read as: the same bytes may be something else, too, of
// which other things have to hold.
type memoKey struct {
	digest           v1.Hash
	isImage, isIndex bool
}

func memoKeyOf(d v1.Descriptor) memoKey {
	return memoKey{d.Digest, d.MediaType.IsImage(), d.MediaType.IsIndex()}
}

// blobs are where a source's bytes come from: a blob, from the byte at offset on.
// The content is not checked, the length may be wrong.
type blobs interface {
	open(ctx context.Context, d v1.Descriptor, offset int64) (io.ReadCloser, error)
}

// Open finds the image of a name. Close the source when nothing that came from
// it is in use any more.
func Open(ctx context.Context, n Name, o Options) (*Source, error) {
	s, err := open(ctx, n, o)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", n, err)
	}
	s.Name = n
	return s, nil
}

func open(ctx context.Context, n Name, o Options) (*Source, error) {
	switch n.Transport {
	case Registry:
		return openRegistry(ctx, n, o)
	case Layout:
		return openLayout(ctx, n, o)
	case LayoutArchive:
		return openLayoutArchive(ctx, n, o)
	case DockerArchive:
		return openDockerArchive(ctx, n, o)
	case DockerDaemon:
		return openDaemon(ctx, n, o)
	}
	return nil, fmt.Errorf("no image can be at %q", n.Transport)
}

// Close ends the use of the source, and removes what was unpacked for it.
func (s *Source) Close() error {
	if s.close == nil {
		return nil
	}
	return s.close()
}

// Blob streams a blob. Reading fails at the end, or earlier, when the bytes are
// not those that the descriptor names.
func (s *Source) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	if err := checkDescriptor(d); err != nil {
		return nil, err
	}
	rc, err := s.blobs.open(ctx, d, 0)
	if err != nil {
		return nil, s.unopened(d, err)
	}
	return verify(rc, d, s.Name.String()), nil
}

// Layer streams a layer that is going to be unpacked, as Blob does.
func (s *Source) Layer(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	if IsEncrypted(d) {
		return nil, fmt.Errorf("layer %s of %s is encrypted: decrypt the image first, as \"skopeo copy --decryption-key\" does", d.Digest, s.Name)
	}
	return s.Blob(ctx, d)
}

// IsEncrypted reports whether a layer can be read only with a key.
func IsEncrypted(d v1.Descriptor) bool { return strings.HasSuffix(string(d.MediaType), "+encrypted") }

// unopened says why a blob can't be read.
func (s *Source) unopened(d v1.Descriptor, err error) error {
	isMissing := errors.Is(err, registry.ErrNotFound) || errors.Is(err, fs.ErrNotExist)
	if isMissing && IsForeign(d) {
		return fmt.Errorf("open layer %s of %s: it is a foreign layer, which its licence keeps at %s: %w", d.Digest, s.Name, d.URLs[0], err)
	}
	return fmt.Errorf("open blob %s of %s: %w", d.Digest, s.Name, err)
}

// IsForeign reports whether a layer is not to be copied, but fetched from an address of
// its own, as Windows' are.
func IsForeign(d v1.Descriptor) bool { return !d.MediaType.IsDistributable() && len(d.URLs) > 0 }

// BlobAt streams a blob from the byte at offset on, and checks nothing: it is for
// giving the rest of a blob to who checks the whole.
func (s *Source) BlobAt(ctx context.Context, d v1.Descriptor, offset int64) (io.ReadCloser, error) {
	if err := checkDescriptor(d); err != nil {
		return nil, err
	}
	rc, err := s.blobs.open(ctx, d, offset)
	if err != nil {
		return nil, s.unopened(d, err)
	}
	return rc, nil
}

// manifestLimit is the most that a manifest, an index or a configuration may
// have, in bytes. Registries allow 4 MiB for a manifest.
const manifestLimit = 8 << 20

// memoLimit is how many bytes of manifests a source remembers.
const memoLimit = 8 << 20

// Manifest returns the bytes of a manifest, an index or a configuration, as
// they are and checked. They must not be changed.
func (s *Source) Manifest(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	if d.Size > manifestLimit {
		return nil, fmt.Errorf("read %s of %s: %d bytes are too many for a manifest", d.Digest, s.Name, d.Size)
	}
	s.mu.Lock()
	raw, ok := s.memo[memoKeyOf(d)]
	s.mu.Unlock()
	if ok && int64(len(raw)) == d.Size {
		return raw, nil
	}
	rc, err := s.Blob(ctx, d)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	if raw, err = plainfile.ReadAll(rc, d.Digest.String(), d.Size); err != nil {
		return nil, err
	}
	if err := checkForm(d, raw); err != nil {
		return nil, fmt.Errorf("%w: %s of %s %w", ErrDamaged, d.Digest, s.Name, err)
	}
	s.remember(memoKeyOf(d), raw)
	return raw, nil
}

// remember keeps a manifest while there is room.
func (s *Source) remember(key memoKey, raw []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.room += len(raw); s.room > memoLimit {
		return
	}
	if s.memo == nil {
		s.memo = map[memoKey][]byte{}
	}
	s.memo[key] = raw
}
