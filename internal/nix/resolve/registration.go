// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ErrRegistration says that a text is not a registration of store paths.
var ErrRegistration = errors.New("no valid registration")

// maxReferences is more than any path has.
const maxReferences = 1 << 20

// ParseRegistration reads what "nix-store --dump-db" prints and "nix-store
// --load-db" takes: for each path its name, the hash and size of its archive,
// its deriver, the number of its references and these, a line each.
func ParseRegistration(text []byte) ([]*Info, error) {
	var all []*Info
	lines := lineReader{r: bufio.NewReader(bytes.NewReader(text))}
	for lines.more() {
		info, err := lines.path()
		if err == nil {
			err = info.check()
		}
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrRegistration, lines.number, err)
		}
		all = append(all, info)
	}
	return all, nil
}

type lineReader struct {
	r      *bufio.Reader
	number int
}

func (l *lineReader) more() bool {
	_, err := l.r.Peek(1)
	return err == nil
}

func (l *lineReader) next() (string, error) {
	l.number++
	line, err := l.r.ReadString('\n')
	if err != nil {
		return "", errors.New("it is cut short")
	}
	return line[:len(line)-1], nil
}

// path reads the lines of one path.
func (l *lineReader) path() (*Info, error) {
	var head [5]string
	for i := range head {
		line, err := l.next()
		if err != nil {
			return nil, err
		}
		head[i] = line
	}
	hash, err := parseHash("sha256:" + strings.TrimPrefix(head[1], "sha256:"))
	if err != nil {
		return nil, err
	}
	size, err := parseSize(head[2])
	if err != nil {
		return nil, err
	}
	count, err := strconv.Atoi(head[4])
	if err != nil || count < 0 || count > maxReferences {
		return nil, fmt.Errorf("%q is not a number of references", head[4])
	}
	info := &Info{Path: head[0], NarHash: hash, NarSize: size, Deriver: head[3]}
	for range count {
		ref, err := l.next()
		if err != nil {
			return nil, err
		}
		info.References = append(info.References, ref)
	}
	info.References = sortedSet(info.References)
	return info, nil
}

// WriteRegistration writes what "nix-store --load-db" takes.
func WriteRegistration(w io.Writer, paths []*Info) error {
	b := bufio.NewWriter(w)
	for _, p := range paths {
		fmt.Fprintf(b, "%s\n%s\n%d\n%s\n%d\n", p.Path, p.NarHash.Encoded(), p.NarSize, p.Deriver, len(p.References))
		for _, ref := range p.References {
			fmt.Fprintln(b, ref)
		}
	}
	return b.Flush()
}
