// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// packed is the layer of a tar archive that lies compressed beside it, with its
// digests: compressing a distribution takes seconds, in each package that tests
// with it.
type packed struct {
	file string
	note packedNote
}

// packedNote is what is known of a compressed archive.
type packedNote struct {
	// Of is the size in bytes and the time of the archive that was compressed.
	Of string
	// Compressed and Plain are the digests, Size is the compressed size in bytes.
	Compressed, Plain v1.Hash
	Size              int64
}

// packedLayer compresses an archive, unless that is done. Tests of other packages
// may want it at the same time.
func packedLayer(file string) (v1.Layer, error) {
	lock, err := os.OpenFile(file+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	p := &packed{file: file}
	of := fmt.Sprintf("%d bytes of %s", info.Size(), info.ModTime().UTC().Format(time.RFC3339Nano))
	data, err := os.ReadFile(p.notes())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil && json.Unmarshal(data, &p.note) == nil && p.note.Of == of {
		return p, nil
	}
	p.note = packedNote{Of: of}
	return p, p.pack()
}

func (p *packed) archive() string { return p.file + ".gz" }
func (p *packed) notes() string   { return p.file + ".json" }

// pack compresses the archive; the note comes last, so that it's of a whole one.
func (p *packed) pack() error {
	in, err := os.Open(p.file)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(p.archive() + ".new")
	if err != nil {
		return err
	}
	defer out.Close()
	plain, compressed := sha256.New(), sha256.New()
	z, err := gzip.NewWriterLevel(io.MultiWriter(out, compressed), gzip.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.MultiWriter(z, plain), in); err != nil {
		return fmt.Errorf("compress %s: %w", p.file, err)
	}
	if err := errors.Join(z.Close(), out.Close()); err != nil {
		return fmt.Errorf("compress %s: %w", p.file, err)
	}
	info, err := os.Stat(out.Name())
	if err != nil {
		return err
	}
	p.note.Plain, p.note.Compressed, p.note.Size = hashOf(plain), hashOf(compressed), info.Size()
	data, err := json.Marshal(p.note)
	if err != nil {
		return err
	}
	if err := os.Rename(out.Name(), p.archive()); err != nil {
		return err
	}
	return os.WriteFile(p.notes(), data, 0o644)
}

func hashOf(sum hash.Hash) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum.Sum(nil))}
}

// Digest is that of the compressed archive.
func (p *packed) Digest() (v1.Hash, error) { return p.note.Compressed, nil }

// DiffID is the digest of the archive.
func (p *packed) DiffID() (v1.Hash, error) { return p.note.Plain, nil }

// Compressed opens the compressed archive.
func (p *packed) Compressed() (io.ReadCloser, error) { return os.Open(p.archive()) }

// Uncompressed opens the archive.
func (p *packed) Uncompressed() (io.ReadCloser, error) { return os.Open(p.file) }

// Size is the compressed size in bytes.
func (p *packed) Size() (int64, error) { return p.note.Size, nil }

// MediaType is what the tests' other layers have.
func (p *packed) MediaType() (types.MediaType, error) { return types.DockerLayer, nil }
