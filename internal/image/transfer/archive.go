// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/image"
)

// archive writes a tar: an OCI layout, and for docker the list of images beside
// it. In a file the blobs are written side by side, each where it belongs. A
// pipe gets one after the other: a blob waits for its turn.
type archive struct {
	name   image.Name
	docker bool
	stage  atomicfile.Stage
	file   *atomicfile.File
	tags   []string

	out    io.WriteCloser
	at     io.WriterAt
	layout *tarPlan

	mu      sync.Mutex
	turn    *sync.Cond
	next    int
	stopped error
}

func openArchive(n image.Name) (place, error) {
	a := &archive{name: n, docker: n.Transport == image.DockerArchive}
	if a.docker && n.Tag != "" {
		a.tags = []string{n.Tag}
	}
	var err error
	a.file, err = a.stage.File(n.Path)
	return a, err
}

func (a *archive) has(context.Context, v1.Descriptor) (bool, error) { return false, nil }

func (a *archive) hasRoot(context.Context, v1.Descriptor) (bool, error) { return false, nil }

func (a *archive) begin(_ context.Context, p *plan) error {
	if err := a.check(p); err != nil {
		return err
	}
	entry := named(p.root, a.name.Tag)
	if a.docker {
		entry = namedForDocker(p.root, strings.Join(a.tags, ""))
	}
	var err error
	if a.layout, err = planTar(p, entry, a.docker, a.tags); err != nil {
		return err
	}
	if a.out == nil {
		if a.out, err = a.file.Open(); err != nil {
			return err
		}
	}
	a.turn = sync.NewCond(&a.mu)
	if f, ok := a.out.(*os.File); ok && isSeekable(f) {
		a.at = f
		return a.prepare(f)
	}
	return a.streamSmall()
}

// check refuses what docker can't load.
func (a *archive) check(p *plan) error {
	if a.docker && len(p.foreign) > 0 {
		return fmt.Errorf("layer %s is a foreign one, which its licence keeps at %s: docker load can't take the image from an archive",
			p.foreign[0].Digest, p.foreign[0].URLs[0])
	}
	if i := slices.IndexFunc(p.blobs, image.IsEncrypted); a.docker && i >= 0 {
		return fmt.Errorf("layer %s is encrypted, which docker can't read", p.blobs[i].Digest)
	}
	return nil
}

// isSeekable reports whether a file can be written in any order.
func isSeekable(f *os.File) bool {
	fi, err := f.Stat()
	if err != nil || !fi.Mode().IsRegular() {
		return false
	}
	_, err = f.WriteAt(nil, 0) // it fails for a file that is only appended to
	return err == nil
}

// prepare writes everything but the blobs.
func (a *archive) prepare(f *os.File) error {
	if err := f.Truncate(a.layout.size); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	for _, m := range a.layout.members {
		if _, err := f.WriteAt(m.header, m.offset-int64(len(m.header))); err != nil {
			return fmt.Errorf("write archive: %w", err)
		}
		if _, err := f.WriteAt(m.data, m.offset); err != nil {
			return fmt.Errorf("write archive: %w", err)
		}
	}
	return nil
}

func (a *archive) blob(ctx context.Context, d v1.Descriptor, from *reading) (How, error) {
	i, ok := a.layout.index[d.Digest]
	if !ok {
		return "", fmt.Errorf("blob %s has no place in the archive", d.Digest)
	}
	if a.at == nil {
		return Sent, a.inTurn(ctx, i, from)
	}
	rc, err := from.open(ctx)
	if err != nil {
		return "", err
	}
	defer rc.Close()
	w := io.NewOffsetWriter(a.at, a.layout.members[i].offset)
	if _, err := io.CopyBuffer(plainWriter{w}, rc, make([]byte, bufferSize)); err != nil {
		return "", fmt.Errorf("write archive: %w", err)
	}
	return Sent, nil
}

func (a *archive) manifest(context.Context, v1.Descriptor, []byte) error {
	return nil // it was written at the beginning
}

func (a *archive) finish(context.Context, *plan) error {
	if a.at == nil {
		if err := a.streamEnd(); err != nil {
			return err
		}
	}
	out := a.out
	a.out = nil
	if err := out.Close(); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return a.stage.Commit()
}

func (a *archive) close() error {
	var err error
	if a.out != nil {
		err = a.out.Close()
	}
	return errors.Join(err, a.stage.Discard())
}
