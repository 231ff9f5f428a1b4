// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/strata-build/strata/internal/call"
)

// scanStore describes every path of an on-disk store in the file "registration": the
// format of "nix-store --dump-db". A path refers to another one if the hash in the
// other's name is anywhere in its archive.
func scanStore(c call.Scan) error {
	names, err := storeNames(c.Source)
	if err != nil {
		return err
	}
	texts := make([][]byte, len(names))
	errs := make([]error, len(names))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				texts[i], errs[i] = describe(path.Join(c.Source, names[i], c.Content), c.Store, names[i], names)
			}
		})
	}
	for i := range names {
		next <- i
	}
	close(next)
	workers.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.Out, "registration"), bytes.Join(texts, nil), 0o644)
}

// storeNames are the names in a store that begin with a hash.
func storeNames(src string) ([]string, error) {
	d, err := openRoot(src)
	if err != nil {
		return nil, err
	}
	defer d.close()
	all, err := d.names(make([]byte, 1<<16))
	return slices.DeleteFunc(all, func(name string) bool { return hashOf(name) == "" }), err
}

const (
	nixDigits = "0123456789abcdfghijklmnpqrsvwxyz"
	hexDigits = "0123456789abcdef"
)

// hashOf is the hash that a name begins with: 32 of Nix's digits and a dash, or
// 64 hexadecimal digits and nothing else. It is empty for other names.
func hashOf(name string) string {
	if len(name) == 64 && strings.Trim(name, hexDigits) == "" {
		return name
	}
	if len(name) > 33 && name[32] == '-' && strings.Trim(name[:32], nixDigits) == "" {
		return name[:32]
	}
	return ""
}

// describe is the registration of the path at p.
func describe(p, store, name string, names []string) ([]byte, error) {
	sum := &checked{hash: sha256.New(), limit: -1}
	archive := packed(p)
	defer archive.Close()
	sum.from = archive
	refs := newRefs(names)
	if _, err := io.CopyBuffer(refs, sum, make([]byte, 1<<17)); err != nil {
		return nil, fmt.Errorf("scan %s: %w", show(name), err)
	}
	var b bytes.Buffer
	found := refs.found()
	fmt.Fprintf(&b, "%s\n%x\n%d\n\n%d\n", path.Join(store, name), sum.hash.Sum(nil), sum.read, len(found))
	for _, ref := range found {
		fmt.Fprintln(&b, path.Join(store, ref))
	}
	return b.Bytes(), nil
}

// refs looks for the hashes of names in what is written to it.
type refs struct {
	// wanted are the names by their hashes, seen those that were found.
	wanted map[string]string
	seen   map[string]bool
	// lengths are those of the hashes.
	lengths []int
	tail    []byte
}

func newRefs(names []string) *refs {
	r := &refs{wanted: map[string]string{}, seen: map[string]bool{}}
	for _, name := range names {
		hash := hashOf(name)
		r.wanted[hash] = name
		if !slices.Contains(r.lengths, len(hash)) {
			r.lengths = append(r.lengths, len(hash))
		}
	}
	return r
}

// longestHash is the length of the longest hash.
const longestHash = 64

func (r *refs) Write(data []byte) (int, error) {
	// What begins near the end of the last piece may go on in this one.
	joint := append(r.tail, data[:min(len(data), longestHash)]...)
	r.look(joint)
	r.look(data)
	if len(data) >= longestHash {
		r.tail = append(r.tail[:0], data[len(data)-longestHash:]...)
	} else {
		r.tail = append(r.tail[:0], joint[max(0, len(joint)-longestHash):]...)
	}
	return len(data), nil
}

// look finds hashes in one piece. It looks at every n-th byte only, from there
// back and forth, as long as these could be digits.
func (r *refs) look(data []byte) {
	for _, n := range r.lengths {
		digits := nixDigits
		if n == longestHash {
			digits = hexDigits
		}
		var isDigit [256]bool
		for i := range len(digits) {
			isDigit[digits[i]] = true
		}
		for at := 0; at+n <= len(data); {
			// The last byte that isn't a digit decides where to go on.
			last := at + n - 1
			for last >= at && isDigit[data[last]] {
				last--
			}
			if last >= at {
				at = last + 1
				continue
			}
			if name, ok := r.wanted[string(data[at:at+n])]; ok {
				r.seen[name] = true
			}
			at++
		}
	}
}

// found are the names that were found, in order.
func (r *refs) found() []string {
	var all []string
	for name := range r.seen {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
