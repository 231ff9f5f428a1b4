// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"slices"
	"strings"
	"sync/atomic"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"lukechampine.com/blake3"

	"github.com/strata-build/strata/internal/image"
)

// scan is what one reading of a layer gives.
type scan struct {
	layer   Layer
	entries []entry
	// packages are by name, with their versions; nil without a database.
	packages map[string]string
	// files are the package databases themselves, if they are asked for.
	files dataFiles
	// room is how many bytes of them may still be kept, of all layers.
	room *atomic.Int64
}

// entry is a file of a layer, or a deletion.
type entry struct {
	path string
	kind byte
	size int64
}

// ReadLayer reads one layer to its end, which checks both digests, and says what is
// in it. What made it and what the other layers have to do with it stays empty.
func ReadLayer(ctx context.Context, s *image.Source, d v1.Descriptor, diffID v1.Hash) (Layer, error) {
	read, err := scanLayer(ctx, s, d, diffID, false)
	if err != nil {
		return Layer{}, err
	}
	l := read.layer
	l.Digest, l.DiffID, l.MediaType, l.Size = d.Digest, diffID, string(d.MediaType), d.Size
	return l, nil
}

// scanLayer reads a layer to its end, so that both its digests are checked.
func scanLayer(ctx context.Context, s *image.Source, d v1.Descriptor, diffID v1.Hash, withBLAKE3 bool) (*scan, error) {
	rc, err := s.Layer(ctx, d)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	stored, unpacked := newSums("", withBLAKE3), newSums(diffID.Algorithm, withBLAKE3)
	tape := io.TeeReader(rc, stored.blake3Only())
	plain, err := image.Decompress(tape)
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	counted := io.TeeReader(plain, unpacked)
	out := &scan{}
	if err := out.read(counted); err != nil {
		return nil, err
	}
	for _, rest := range []io.Reader{counted, tape} { // what follows the end of a tar counts, too
		if _, err := io.Copy(io.Discard, rest); err != nil {
			return nil, err
		}
	}
	if got := unpacked.hex(); got != diffID.Hex {
		return nil, fmt.Errorf("%w: its tar is %s:%s, the configuration says %s", image.ErrDamaged, diffID.Algorithm, got, diffID)
	}
	out.layer.Unpacked = unpacked.n
	out.layer.BLAKE3, out.layer.DiffBLAKE3 = stored.blake3(), unpacked.blake3()
	slices.Sort(out.layer.StorePaths)
	return out, nil
}

// maxPath is how many bytes of a path Linux allows.
const maxPath = 4095

// read goes through a tar.
func (s *scan) read(r io.Reader) error {
	store := map[string]bool{}
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read tar: %w", err)
		}
		name := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
		if len(name) > maxPath {
			return fmt.Errorf("read tar: the path %.40q… has %d bytes, more than the %d that Linux allows", name, len(name), maxPath)
		}
		s.count(name, h)
		if rest, ok := strings.CutPrefix(name, "nix/store/"); ok {
			p, _, _ := strings.Cut(rest, "/")
			if !store[p] && !strings.HasPrefix(p, ".") {
				store[p] = true
				s.layer.StorePaths = append(s.layer.StorePaths, p)
			}
		}
		if h.Typeflag == tar.TypeReg {
			kept, err := s.keep(name, t)
			if err == nil {
				err = s.readPackages(name, kept)
			}
			if err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
		}
	}
}

// The prefixes of files that stand for deletions, from the image specification.
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

// count notes an entry. Deletions get a kind of their own.
func (s *scan) count(name string, h *tar.Header) {
	if name == "" {
		return
	}
	e := entry{path: name, kind: h.Typeflag}
	base := path.Base(name)
	switch {
	case base == opaque:
		e.path, e.kind = path.Dir(name), 'o'
		s.layer.Deletions++
	case strings.HasPrefix(base, whiteout):
		e.path, e.kind = path.Join(path.Dir(name), strings.TrimPrefix(base, whiteout)), 'w'
		s.layer.Deletions++
	case h.Typeflag == tar.TypeDir:
		s.layer.Directories++
	case h.Typeflag == tar.TypeSymlink, h.Typeflag == tar.TypeLink:
		s.layer.Links++
	case h.Typeflag == tar.TypeXGlobalHeader:
		return
	default:
		s.layer.Files++
		e.size = h.Size
	}
	s.entries = append(s.entries, e)
}

// sums are the digests and the length of a stream.
type sums struct {
	n    int64
	sha  hash.Hash
	more hash.Hash
}

// newSums makes digests by an algorithm, SHA-256 if it is not SHA-512.
func newSums(algorithm string, withBLAKE3 bool) *sums {
	s := &sums{sha: sha256.New()}
	if algorithm == "sha512" {
		s.sha = sha512.New()
	}
	if withBLAKE3 {
		s.more = blake3.New(32, nil)
	}
	return s
}

// Write adds to the digests.
func (s *sums) Write(p []byte) (int, error) {
	s.n += int64(len(p))
	s.sha.Write(p)
	if s.more != nil {
		s.more.Write(p)
	}
	return len(p), nil
}

// blake3Only is for a stream whose other digest is checked already.
func (s *sums) blake3Only() io.Writer {
	if s.more == nil {
		return io.Discard
	}
	return s.more
}

func (s *sums) hex() string { return hex.EncodeToString(s.sha.Sum(nil)) }

func (s *sums) blake3() string {
	if s.more == nil {
		return ""
	}
	return hex.EncodeToString(s.more.Sum(nil))
}
