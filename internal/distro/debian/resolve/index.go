// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// IndexOptions say where an index comes from; pins and "name/suite" look at it.
type IndexOptions struct {
	Repository   string // an id for messages and the lock, no address
	Suite        string // what Release calls Suite, such as stable
	Codename     string // such as bookworm
	Component    string
	Origin       string
	Label        string
	Version      string // of the release, such as 12.11
	Site         string // host name of the address, for pins by origin
	Architecture string // whose packages count, together with "all"

	// Priority of its versions: 0 is apt's default of 500. An archive that is
	// NotAutomatic has 1, one that is also ButAutomaticUpgrades 100.
	Priority int
	// MaxBytes bounds the text, 1 GiB when 0.
	MaxBytes int64
}

// An Index is the packages that one file of an archive lists. It is read-only
// and may be used by several resolutions at a time.
type Index struct {
	opts     IndexOptions
	text     string
	records  []record
	byName   map[string]int32 // the first record of the name
	provides map[string][]provision
	mentions map[string]uint32
}

// record is a paragraph of the text. The rest of it is read when it is needed.
type record struct {
	name, version string
	start, end    uint32
	next          int32 // the next record of the same name, or -1
	fresh         bool  // the version was not listed before
}

// provision is a record that provides a name, in some version or in none.
type provision struct {
	record  int32
	version string
}

// errTooLarge is an index beyond IndexOptions.MaxBytes.
var errTooLarge = errors.New("larger than allowed")

// ReadIndex reads the text of a Packages file, already decompressed.
func ReadIndex(r io.Reader, opts IndexOptions) (*Index, error) {
	if opts.Priority == 0 {
		opts.Priority = 500
	}
	text, err := readText(r, opts.MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("read the package index %s: %w", opts.Repository, err)
	}
	idx := newIndex(text, opts)
	if err := idx.scan(); err != nil {
		return nil, err
	}
	return idx, nil
}

// Len returns how many packages the index lists.
func (x *Index) Len() int { return len(x.records) }

// Options returns where the index comes from.
func (x *Index) Options() IndexOptions { return x.opts }

func newIndex(text string, opts IndexOptions) *Index {
	const typical = 700 // bytes of a paragraph
	n := len(text) / typical
	return &Index{
		opts:     opts,
		text:     text,
		records:  make([]record, 0, n),
		byName:   make(map[string]int32, n),
		provides: make(map[string][]provision, n/2),
		mentions: make(map[string]uint32, n),
	}
}

// readText reads everything up to a limit.
func readText(r io.Reader, limit int64) (string, error) {
	if limit <= 0 {
		limit = 1 << 30
	}
	limit = min(limit, math.MaxUint32-1)
	var b strings.Builder
	if sized, ok := r.(interface{ Len() int }); ok {
		b.Grow(int(min(int64(sized.Len()), limit)))
	}
	n, err := io.Copy(&b, io.LimitReader(r, limit+1))
	if err != nil {
		return "", err
	}
	if n > limit {
		return "", fmt.Errorf("%w: %d bytes", errTooLarge, limit)
	}
	return b.String(), nil
}

func (x *Index) scan() error {
	f := fields{text: x.text}
	for f.skipEmpty(); f.pos < len(f.text); f.skipEmpty() {
		start := f.pos
		var c control
		if ok, bad := c.read(&f); !ok {
			return x.fail(f.pos, "%q is no field: expected \"Name: value\"", excerpt(bad))
		}
		if err := x.add(&c, start, f.pos); err != nil {
			return err
		}
	}
	return nil
}

// add lists a paragraph, unless it is of a foreign architecture.
func (x *Index) add(c *control, start, end int) error {
	if c.name == "" || c.version == "" {
		return x.fail(start, "a paragraph without a Package or a Version")
	}
	if !plainWord(c.name) || !plainWord(c.version) {
		return x.fail(start, "%q %q is no name and version", excerpt(c.name), excerpt(c.version))
	}
	if c.architecture != "all" && x.opts.Architecture != "" && c.architecture != x.opts.Architecture {
		return nil
	}
	n := int32(len(x.records))                                                                                     //nolint:gosec // a paragraph has more than one byte, and the text is bounded
	rec := record{name: c.name, version: c.version, start: uint32(start), end: uint32(end), next: -1, fresh: true} //nolint:gosec // bounded by readText
	if first, ok := x.byName[c.name]; ok {
		last := first
		for {
			rec.fresh = rec.fresh && x.records[last].version != c.version
			if x.records[last].next < 0 {
				break
			}
			last = x.records[last].next
		}
		x.records[last].next = n
	} else {
		x.byName[c.name] = n
	}
	x.records = append(x.records, rec)
	x.mention(c.name)
	for _, value := range c.relations {
		x.mentionAll(value)
	}
	x.mentionAll(c.provides)
	return x.addProvides(c, n)
}

// plainWord reports whether a name or a version can stand in a line and in a
// path without harm.
func plainWord(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '/' {
			return false
		}
	}
	return true
}

func (x *Index) addProvides(c *control, n int32) error {
	for rest := trimLeft(c.provides); rest != ""; {
		r, after, err := parseRelation(rest)
		if err != nil {
			return x.fail(int(x.records[n].start), "parse the field Provides of %s: %w", c.name, err)
		}
		if r.Op == Any || r.Op == Equal { // apt ignores the others
			x.addProvide(r.target(x.opts.Architecture), provision{n, r.Version})
			if c.multiArch == "allowed" && r.Qualifier == "" {
				x.addProvide(r.Name+anyArchitecture, provision{n, r.Version})
			}
		}
		if rest = after; rest != "" {
			rest = trimLeft(rest[1:])
		}
	}
	if c.multiArch == "allowed" {
		x.addProvide(c.name+anyArchitecture, provision{n, c.version})
	}
	return nil
}

func (x *Index) addProvide(name string, p provision) {
	x.provides[name] = append(x.provides[name], p)
}

// mention numbers a name when it comes up for the first time.
func (x *Index) mention(name string) {
	if _, ok := x.mentions[name]; !ok {
		x.mentions[name] = uint32(len(x.mentions)) //nolint:gosec // fewer names than bytes
	}
}

// mentionAll numbers the names in the value of a field, without parsing it all.
func (x *Index) mentionAll(value string) {
	for rest := trimLeft(value); rest != ""; {
		n := 0
		for n < len(rest) && !endsName(rest[n]) {
			n++
		}
		if name := rest[:n]; name != "" {
			x.mention(name)
		}
		i := strings.IndexAny(rest[n:], ",|")
		if i < 0 {
			return
		}
		rest = trimLeft(rest[n+i+1:])
	}
}

func endsName(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', '(', ')', '[', ']', '<', '>', ',', '|':
		return true
	}
	return false
}

// control reads the whole paragraph of a record.
func (x *Index) control(n int32) control {
	var c control
	f := fields{text: x.raw(n)}
	c.read(&f)
	return c
}

// raw returns the paragraph of a record as it stands in the index.
func (x *Index) raw(n int32) string {
	return x.text[x.records[n].start:x.records[n].end]
}

func (x *Index) fail(pos int, format string, args ...any) error {
	file := x.opts.Repository
	if file == "" {
		file = "Packages"
	}
	line := 1 + strings.Count(x.text[:pos], "\n")
	return &SyntaxError{File: file, Line: line, Reason: fmt.Errorf(format, args...).Error()}
}

// anyArchitecture ends the name that stands for a package of whatever
// architecture, as long as it is Multi-Arch: allowed.
const anyArchitecture = ":any"

// target is the name under which a relation looks for packages on a system of
// one architecture. "any" stands for packages that are Multi-Arch: allowed; a
// foreign architecture is a name that no package of the system has.
func (r *Relation) target(architecture string) string {
	switch r.Qualifier {
	case "", "native", architecture:
		return r.Name
	}
	return r.Name + ":" + r.Qualifier
}

// Text returns the index as it was read.
func (x *Index) Text() string { return x.text }
