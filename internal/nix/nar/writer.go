// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package nar

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A Writer puts an archive together.
type Writer struct {
	w *bufio.Writer
	// names are, for each directory that is open, the name that was last in it.
	names       []string
	begun, done bool
	err         error
}

// NewWriter writes an archive to w.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: bufio.NewWriterSize(w, 1<<17)}
}

// Write adds an entry. A file's contents come from content, which must have
// exactly its size; they are read for files alone. After an error the archive
// is void.
func (w *Writer) Write(e Entry, content io.Reader) error {
	if w.err == nil {
		w.err = w.write(e, content)
	}
	return w.err
}

func (w *Writer) write(e Entry, content io.Reader) error {
	if e.Type == Leave {
		return w.leave()
	}
	if err := w.open(e.Name); err != nil {
		return err
	}
	w.texts("(", "type", string(e.Type))
	switch e.Type {
	case Directory:
		w.names = append(w.names, "")
		return checkDepth(len(w.names))
	case Symlink:
		if err := checkTarget(e.Target); err != nil {
			return err
		}
		w.texts("target", e.Target, ")")
	case Regular:
		if e.Executable {
			w.texts("executable", "")
		}
		if err := w.contents(e, content); err != nil {
			return err
		}
		w.texts(")")
	default:
		return faultf("%q is not a type of file", e.Type)
	}
	w.close()
	return nil
}

// open begins an entry.
func (w *Writer) open(name string) error {
	switch n := len(w.names); {
	case w.done:
		return faultf("an entry follows its end")
	case n > 0:
		if err := checkName(name, w.names[n-1]); err != nil {
			return err
		}
		w.names[n-1] = name
		w.texts("entry", "(", "name", name, "node")
	case name != "":
		return faultf("its root can't have a name, and has %q", name)
	default:
		w.begun = true
		w.texts(magic)
	}
	return nil
}

// close ends an entry.
func (w *Writer) close() {
	if len(w.names) > 0 {
		w.texts(")")
	} else {
		w.done = true
	}
}

func (w *Writer) leave() error {
	if len(w.names) == 0 {
		return faultf("a directory ends that never began")
	}
	w.names = w.names[:len(w.names)-1]
	w.texts(")")
	w.close()
	return nil
}

func (w *Writer) contents(e Entry, content io.Reader) error {
	if e.Size < 0 {
		return faultf("a file has %d bytes", e.Size)
	}
	w.texts("contents")
	w.number(uint64(e.Size))
	n, err := io.Copy(w.w, io.LimitReader(content, e.Size))
	if err != nil {
		return fmt.Errorf("read contents of %q: %w", e.Name, err)
	}
	if n < e.Size {
		return fmt.Errorf("read contents of %q: it has %d bytes, and %d were announced: %w", e.Name, n, e.Size, io.ErrUnexpectedEOF)
	}
	w.pad(e.Size)
	return nil
}

// Close ends the archive; w stays open.
func (w *Writer) Close() error {
	if w.err == nil && !w.done {
		w.err = faultf("it ends before its root does")
	}
	if w.err != nil {
		return w.err
	}
	w.err = errors.New("the archive is closed")
	return w.w.Flush()
}

// texts writes strings. What fails here fails again in Flush.
func (w *Writer) texts(all ...string) {
	for _, text := range all {
		w.number(uint64(len(text)))
		_, _ = w.w.WriteString(text)
		w.pad(int64(len(text)))
	}
}

func (w *Writer) number(n uint64) {
	_, _ = w.w.Write(binary.LittleEndian.AppendUint64(w.w.AvailableBuffer(), n))
}

func (w *Writer) pad(n int64) {
	_, _ = w.w.WriteString("\x00\x00\x00\x00\x00\x00\x00"[:pad(n)])
}
