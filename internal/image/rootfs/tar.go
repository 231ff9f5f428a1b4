// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"unicode/utf8"
)

// WriteTar writes the tree as a tar archive in the PAX format, sorted by path.
func (t *Tree) WriteTar(ctx context.Context, w io.Writer) error {
	return t.writeTar(ctx, w, func(*tar.Header) {})
}

// writeTar writes the archive with headers changed by a function.
func (t *Tree) writeTar(ctx context.Context, w io.Writer, change func(*tar.Header)) error {
	tw := tar.NewWriter(w)
	buf := make([]byte, copyBuffer)
	for e := range t.All() {
		if err := ctx.Err(); err != nil {
			return err
		}
		h := tarHeader(e)
		change(h)
		if err := tw.WriteHeader(h); err != nil {
			return fmt.Errorf("write %q to the archive: %w", e.Path, err)
		}
		if e.Hardlink != "" || e.Kind != File {
			continue
		}
		if err := t.copyBody(tw, e.Inode, buf); err != nil {
			return fmt.Errorf("write %q to the archive: %w", e.Path, err)
		}
	}
	if err := tw.Close(); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return nil
}

// copyBuffer is the size of the pieces that bodies are copied in, in bytes.
const copyBuffer = 128 << 10

// copyBody writes a file's body.
func (t *Tree) copyBody(w io.Writer, in *Inode, buf []byte) error {
	// The plain writer keeps io.CopyBuffer from using another buffer.
	n, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{t.Body(in)}, buf)
	if err == nil && n != in.Size {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// tarHeader describes an entry.
func tarHeader(e Entry) *tar.Header {
	h := &tar.Header{
		Format: tar.FormatPAX, Name: e.Path, Mode: int64(e.Mode),
		Uid: int(e.UID), Gid: int(e.GID), ModTime: e.ModTime,
	}
	switch {
	case e.Hardlink != "":
		h.Typeflag, h.Linkname = tar.TypeLink, e.Hardlink
		return withCharset(h)
	case e.Kind == Dir:
		h.Typeflag = tar.TypeDir
		h.Name = e.Path + "/"
		if e.Path == "" {
			h.Name = "./"
		}
	case e.Kind == Symlink:
		h.Typeflag, h.Linkname = tar.TypeSymlink, e.Target
	case e.Kind == CharDevice, e.Kind == BlockDevice:
		h.Typeflag = tar.TypeChar
		if e.Kind == BlockDevice {
			h.Typeflag = tar.TypeBlock
		}
		h.Devmajor, h.Devminor = int64(e.Major), int64(e.Minor)
	case e.Kind == Fifo:
		h.Typeflag = tar.TypeFifo
	default:
		h.Typeflag, h.Size = tar.TypeReg, e.Size
	}
	for name, value := range e.Xattrs {
		setRecord(h, xattrKey+name, value)
	}
	return withCharset(h)
}

// withCharset says of names that are no UTF-8 that they are bytes, as POSIX has
// it for the PAX format.
func withCharset(h *tar.Header) *tar.Header {
	if !utf8.ValidString(h.Name) || !utf8.ValidString(h.Linkname) {
		setRecord(h, "hdrcharset", "BINARY")
	}
	return h
}

func setRecord(h *tar.Header, key, value string) {
	if h.PAXRecords == nil {
		h.PAXRecords = map[string]string{}
	}
	h.PAXRecords[key] = value
}
