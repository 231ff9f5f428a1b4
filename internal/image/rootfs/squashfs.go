// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// squashfsOptions make the same image of the same archive: nothing of the
// machine, of the time or of what was there gets in.
func squashfsOptions(root *Inode, compression string) []string {
	return []string{
		"-tar", "-noappend", "-no-progress", "-quiet", "-no-recovery", "-no-exports",
		"-mkfs-time", "0", "-comp", compression, "-mem", "256M", "-root-mode", fmt.Sprintf("%o", root.Mode),
		"-noI", // see setSquashfsRootTime
	}
}

// WriteSquashfs writes the tree as a squashfs image into a file, by mksquashfs,
// compressed by what that calls gzip, zstd, xz, lz4 or lzo.
func (t *Tree) WriteSquashfs(ctx context.Context, path, compression string) (Lost, error) {
	program, err := exec.LookPath("mksquashfs")
	if err != nil {
		return Lost{}, fmt.Errorf("write squashfs image: %w: install mksquashfs 4.5 or later (Debian package squashfs-tools), or use type=erofs", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{"-", path}, squashfsOptions(t.root.inode, compression)...)...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "SOURCE_DATE_EPOCH=") })
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	in, err := cmd.StdinPipe()
	if err != nil {
		return Lost{}, fmt.Errorf("write squashfs image: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return Lost{}, fmt.Errorf("write squashfs image: %w", err)
	}
	lost, err := t.feed(ctx, in)
	if err != nil {
		cancel() // half an archive must not become an image
	}
	if failed := cmd.Wait(); failed != nil && (err == nil || errors.Is(err, errPipe)) {
		err = fmt.Errorf("mksquashfs: %w: %s", failed, lastLine(said.String()))
	}
	if err == nil {
		err = setSquashfsRootTime(path, squashfsSeconds(t.root.inode.ModTime))
	}
	if err != nil {
		return lost, fmt.Errorf("write squashfs image: %w", err)
	}
	return lost, nil
}

// squashfsSeconds is a time as squashfs has it: from 1970 to 2106.
func squashfsSeconds(t time.Time) uint32 {
	return uint32(min(max(t.Unix(), 0), math.MaxUint32))
}

// errPipe says that the program has stopped reading, so that its own words
// count.
var errPipe = errors.New("mksquashfs does not read any more")

// feed writes the archive that mksquashfs reads.
func (t *Tree) feed(ctx context.Context, in io.WriteCloser) (Lost, error) {
	// Of the root, mksquashfs takes nothing from an archive.
	lost := Lost{Xattrs: len(t.root.inode.Xattrs)}
	if t.root.inode.UID != 0 || t.root.inode.GID != 0 {
		lost.Owners++
	}
	p := &pipe{w: in}
	err := t.writeTar(ctx, p, func(h *tar.Header) {
		s := int64(squashfsSeconds(h.ModTime))
		if s != h.ModTime.Unix() && h.Typeflag != tar.TypeLink {
			lost.Times++
		}
		h.ModTime = time.Unix(s, 0)
	})
	if p.broken {
		err = errPipe
	}
	if closed := in.Close(); err == nil {
		err = closed
	}
	return lost, err
}

// pipe notes that writing failed.
type pipe struct {
	w      io.Writer
	broken bool
}

func (p *pipe) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.broken = p.broken || err != nil
	return n, err
}

// lastLine is what a program that failed said last.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
