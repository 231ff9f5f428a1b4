// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package nar

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// A Reader takes an archive apart.
type Reader struct {
	r *bufio.Reader
	// names are, for each directory that is open, the name that was last in it.
	names []string
	// left is what is still to be read of a file, padding the zeros after it.
	left    int64
	padding int
	begun   bool
	err     error
}

// NewReader reads the archive that is all of r.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, 1<<17)}
}

// Next moves to the next entry. It skips what wasn't read of a file. After
// the last entry, and only if nothing follows it, the error is io.EOF.
func (r *Reader) Next() (Entry, error) {
	if r.err != nil {
		return Entry{}, r.err
	}
	e, err := r.next()
	if err != nil {
		r.err = err
		return Entry{}, err
	}
	return e, nil
}

func (r *Reader) next() (Entry, error) {
	if !r.begun {
		r.begun = true
		if err := r.want(magic); err != nil {
			return Entry{}, err
		}
		return r.node("")
	}
	if err := r.finishFile(); err != nil {
		return Entry{}, err
	}
	if len(r.names) == 0 {
		return Entry{}, r.end()
	}
	switch token, err := r.text(len("entry")); {
	case err != nil:
		return Entry{}, err
	case token == ")":
		r.names = r.names[:len(r.names)-1]
		return Entry{Type: Leave}, r.closeEntry()
	case token != "entry":
		return Entry{}, faultf("%q stands where a directory's next entry should", token)
	}
	if err := r.want("(", "name"); err != nil {
		return Entry{}, err
	}
	name, err := r.text(MaxName)
	if err != nil {
		return Entry{}, err
	}
	last := &r.names[len(r.names)-1]
	if err := checkName(name, *last); err != nil {
		return Entry{}, err
	}
	*last = name
	if err := r.want("node"); err != nil {
		return Entry{}, err
	}
	return r.node(name)
}

// node reads a node up to its contents.
func (r *Reader) node(name string) (Entry, error) {
	if err := r.want("(", "type"); err != nil {
		return Entry{}, err
	}
	kind, err := r.text(len(Directory))
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Type: Type(kind), Name: name}
	switch e.Type {
	case Regular:
		return r.file(e)
	case Directory:
		r.names = append(r.names, "")
		return e, checkDepth(len(r.names))
	case Symlink:
		if err := r.want("target"); err != nil {
			return Entry{}, err
		}
		if e.Target, err = r.text(MaxTarget); err != nil {
			return Entry{}, err
		}
		if err := checkTarget(e.Target); err != nil {
			return Entry{}, err
		}
		if err := r.want(")"); err != nil {
			return Entry{}, err
		}
		return e, r.closeEntry()
	}
	return Entry{}, faultf("%q is not a type of file", kind)
}

// file reads a file up to its contents.
func (r *Reader) file(e Entry) (Entry, error) {
	token, err := r.text(len("executable"))
	if err == nil && token == "executable" {
		e.Executable = true
		if err = r.want(""); err == nil {
			token, err = r.text(len("contents"))
		}
	}
	if err != nil {
		return Entry{}, err
	}
	if token != "contents" {
		return Entry{}, faultf("%q stands where a file's contents should", token)
	}
	size, err := r.number()
	if err != nil {
		return Entry{}, err
	}
	if size > math.MaxInt64-8 {
		return Entry{}, faultf("a file has %d bytes", size)
	}
	e.Size = int64(size)
	r.left, r.padding = e.Size, pad(e.Size)
	if r.left == 0 {
		r.left = atEnd
	}
	return e, nil
}

// atEnd is what is left of a file that has been read but not yet left.
const atEnd = -1

// Read reads the contents of a file.
func (r *Reader) Read(p []byte) (int, error) {
	switch {
	case r.err != nil && !errors.Is(r.err, io.EOF):
		return 0, r.err
	case r.left <= 0:
		return 0, io.EOF
	}
	if int64(len(p)) > r.left {
		p = p[:r.left]
	}
	n, err := r.r.Read(p)
	r.took(int64(n))
	if err != nil {
		r.err = early(err)
		return n, r.err
	}
	return n, nil
}

// WriteTo writes the rest of a file's contents to w.
func (r *Reader) WriteTo(w io.Writer) (int64, error) {
	var written int64
	for r.left > 0 {
		if r.r.Buffered() == 0 {
			if _, err := r.r.Peek(1); err != nil {
				r.err = early(err)
				return written, r.err
			}
		}
		chunk, _ := r.r.Peek(int(min(int64(r.r.Buffered()), r.left)))
		n, err := w.Write(chunk)
		_, _ = r.r.Discard(n)
		r.took(int64(n))
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

func (r *Reader) took(n int64) {
	if r.left -= n; r.left == 0 && n > 0 {
		r.left = atEnd
	}
}

// finishFile skips the rest of a file and closes it, if one is open.
func (r *Reader) finishFile() error {
	if r.left == 0 {
		return nil
	}
	if _, err := r.WriteTo(io.Discard); err != nil {
		return err
	}
	r.left = 0
	if err := r.zeros(r.padding); err != nil {
		return err
	}
	if err := r.want(")"); err != nil {
		return err
	}
	return r.closeEntry()
}

// closeEntry reads the end of an entry, unless the node was the root.
func (r *Reader) closeEntry() error {
	if len(r.names) == 0 {
		return nil
	}
	return r.want(")")
}

// end makes sure that nothing follows.
func (r *Reader) end() error {
	switch _, err := r.r.Peek(1); {
	case err == nil:
		return faultf("bytes follow its end")
	case errors.Is(err, io.EOF):
		return io.EOF
	default:
		return err
	}
}

// want reads exactly these strings.
func (r *Reader) want(tokens ...string) error {
	for _, token := range tokens {
		got, err := r.bytes(len(token))
		if err != nil {
			return err
		}
		if string(got) != token {
			return faultf("%q stands where %q should", got, token)
		}
		if err := r.skip(len(got)); err != nil {
			return err
		}
	}
	return nil
}

// text reads a string of at most that many bytes.
func (r *Reader) text(limit int) (string, error) {
	got, err := r.bytes(limit)
	if err != nil {
		return "", err
	}
	text := string(got)
	return text, r.skip(len(text))
}

// bytes reads a string's length and looks at its bytes, for skip to skip.
func (r *Reader) bytes(limit int) ([]byte, error) {
	size, err := r.number()
	if err != nil {
		return nil, err
	}
	if size > uint64(limit) {
		return nil, faultf("a string has %d bytes, and here can be %d", size, limit)
	}
	got, err := r.r.Peek(int(size))
	if err != nil {
		return nil, early(err)
	}
	return got, nil
}

// skip skips a string that bytes looked at.
func (r *Reader) skip(n int) error {
	if _, err := r.r.Discard(n); err != nil {
		return early(err)
	}
	return r.zeros(pad(int64(n)))
}

func (r *Reader) number() (uint64, error) {
	got, err := r.r.Peek(8)
	if err != nil {
		return 0, early(err)
	}
	n := binary.LittleEndian.Uint64(got)
	_, err = r.r.Discard(8)
	return n, err
}

// zeros reads padding.
func (r *Reader) zeros(n int) error {
	got, err := r.r.Peek(n)
	if err != nil {
		return early(err)
	}
	for _, b := range got {
		if b != 0 {
			return faultf("padding isn't zero")
		}
	}
	_, err = r.r.Discard(n)
	return err
}

// pad is the number of zeros after n bytes.
func pad(n int64) int { return int(-n & 7) }

func early(err error) error {
	if errors.Is(err, io.EOF) {
		return faultf("it is cut short: %w", io.ErrUnexpectedEOF)
	}
	return err
}
