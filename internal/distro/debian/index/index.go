// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// Options say where an index comes from; pins and "name/suite" look at it.
type Options struct {
	Repository   string // an id for messages and the lock, no address
	Suite        string // what Release calls Suite, such as stable
	Codename     string // such as bookworm
	Component    string
	Origin       string
	Label        string
	Version      string // of the release, such as 12.11
	Site         string // host name of the address, for pins by origin
	Architecture string // whose packages count, together with "all"
	// Foreign are further architectures whose packages count. Their packages are listed
	// as name:architecture, and so is what they need and provide.
	Foreign []string

	// Priority of its versions: 0 is apt's default of 500. An archive that is
	// NotAutomatic has 1, one that is also ButAutomaticUpgrades 100.
	Priority int
	// MaxBytes bounds the text, 1 GiB when 0.
	MaxBytes int64
}

// An Index is the packages that one file of an archive lists. It is read-only
// and may be used by several resolutions at a time.
type Index struct {
	opts     Options
	text     string
	records  []record
	byName   map[string]int32 // the first record of the name
	provides map[string][]Provision
	mentions map[string]uint32
	last     map[string]int32 // the last record of a name that has several
}

// record is a paragraph of the text. The rest of it is read when it is needed.
type record struct {
	name, version string
	start, end    uint32
	next          int32 // the next record of the same name, or -1
}

// A Provision is a record that provides a name, in some version or in none.
type Provision struct {
	Record  int32
	Version string
}

// The most packages and names of an index; Debian's own have 70,000 and 150,000.
const (
	maxRecords  = 1 << 20
	maxMentions = 1 << 22
)

// errTooLarge is an index beyond Options.MaxBytes.
var errTooLarge = errors.New("larger than allowed")

// ReadIndex reads the text of a Packages file, already decompressed.
func ReadIndex(r io.Reader, opts Options) (*Index, error) {
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
func (x *Index) Options() Options { return x.opts }

// Priority is that of the versions of the index, where no pin says otherwise.
func (x *Index) Priority() int { return x.opts.Priority }

// Names returns the names of the packages, in no order.
func (x *Index) Names() iter.Seq[string] { return maps.Keys(x.byName) }

// Named returns the records of a name, in the order of the index.
func (x *Index) Named(name string) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		n, ok := x.byName[name]
		for ok && n >= 0 && yield(n) {
			n = x.records[n].next
		}
	}
}

// Name is the name of a record's package.
func (x *Index) Name(n int32) string { return x.records[n].name }

// Version is the version of a record's package.
func (x *Index) Version(n int32) string { return x.records[n].version }

// Provisions returns what provides a name, real packages of that name aside.
func (x *Index) Provisions(name string) []Provision { return x.provides[name] }

// Mention returns the place of a name among those that come up in the index, be
// it in a relation, counted from 0.
func (x *Index) Mention(name string) (place uint32, ok bool) {
	place, ok = x.mentions[name]
	return place, ok
}

func newIndex(text string, opts Options) *Index {
	const typical = 700 // bytes of a paragraph
	n := len(text) / typical
	return &Index{
		opts:     opts,
		text:     text,
		records:  make([]record, 0, n),
		byName:   make(map[string]int32, n),
		provides: make(map[string][]Provision, n/2),
		mentions: make(map[string]uint32, n),
		last:     map[string]int32{},
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
	f := control.Scanner{Text: x.text}
	for f.SkipEmpty(); f.Pos < len(f.Text); f.SkipEmpty() {
		start := f.Pos
		var c Entry
		if ok, bad := c.read(&f); !ok {
			return x.fail(f.Start, "%.60q is not a field: expected \"Name: value\"", bad)
		}
		if err := x.add(&c, start, f.Pos); err != nil {
			return err
		}
	}
	return nil
}

// add lists a paragraph, unless it is of a foreign architecture.
func (x *Index) add(c *Entry, start, end int) error {
	if c.Name == "" || c.Version == "" {
		return x.fail(start, "a paragraph without a Package or a Version")
	}
	if !plainWord(c.Name) || !plainWord(c.Version) {
		return x.fail(start, "%.60q %.60q is not a name and a version", c.Name, c.Version)
	}
	foreign := x.foreign(c)
	if foreign == "" && c.Architecture != "all" && x.opts.Architecture != "" && c.Architecture != x.opts.Architecture {
		return nil
	}
	plain := c.Name
	c.Name = Qualified(plain, foreign)
	if len(x.records) == maxRecords || len(x.mentions) > maxMentions {
		return x.fail(start, "it has more than %d packages, or %d names", maxRecords, maxMentions)
	}
	n := int32(len(x.records))                                                                        //nolint:gosec // a paragraph has more than one byte, and the text is bounded
	rec := record{name: c.Name, version: c.Version, start: uint32(start), end: uint32(end), next: -1} //nolint:gosec // bounded by readText
	if first, ok := x.byName[c.Name]; ok {
		last, several := x.last[c.Name]
		if !several {
			last = first
		}
		x.records[last].next = n
		x.last[c.Name] = n
	} else {
		x.byName[c.Name] = n
	}
	x.records = append(x.records, rec)
	x.mention(c.Name)
	for _, value := range c.Relations {
		x.mentionAll(value, foreign)
	}
	x.mentionAll(c.Provides, foreign)
	x.addProvides(c, plain, n)
	return nil
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

func (x *Index) addProvides(c *Entry, plain string, n int32) {
	for r, err := range control.Relations(c.Provides) {
		if err != nil {
			break // the package is there, and the rest of the field counts for nothing
		}
		if r.Op == control.Any || r.Op == control.Equal { // apt ignores the others
			x.addProvided(c, &r, n)
		}
	}
	switch c.MultiArch {
	case "allowed":
		x.addProvide(plain+control.AnyArchitecture, Provision{n, c.Version})
	case "foreign":
		for _, name := range x.everywhere(plain) {
			if name != c.Name {
				x.addProvide(name, Provision{n, c.Version})
			}
		}
	}
}

// addProvided notes what a package provides: for its own architecture, or for all if it
// is Multi-Arch: foreign.
func (x *Index) addProvided(c *Entry, r *control.Relation, n int32) {
	p := Provision{n, r.Version}
	if r.Qualifier != "" {
		x.addProvide(r.Target(x.opts.Architecture), p)
		return
	}
	switch c.MultiArch {
	case "foreign":
		for _, name := range x.everywhere(r.Name) {
			x.addProvide(name, p)
		}
		return
	case "allowed":
		x.addProvide(r.Name+control.AnyArchitecture, p)
	}
	x.addProvide(Qualified(r.Name, x.foreign(c)), p)
}

// foreign is the architecture of a package if it is a foreign one that counts.
func (x *Index) foreign(c *Entry) string {
	if slices.Contains(x.opts.Foreign, c.Architecture) {
		return c.Architecture
	}
	return ""
}

// everywhere is a name as each architecture has it.
func (x *Index) everywhere(name string) []string {
	names := []string{name}
	for _, arch := range x.opts.Foreign {
		names = append(names, Qualified(name, arch))
	}
	return names
}

// Qualified is the name of a package of a foreign architecture; without one, the name
// as it is.
func Qualified(name, foreign string) string {
	if foreign == "" {
		return name
	}
	return name + ":" + foreign
}

func (x *Index) addProvide(name string, p Provision) {
	x.provides[name] = append(x.provides[name], p)
}

// mention numbers a name when it comes up for the first time.
func (x *Index) mention(name string) {
	if _, ok := x.mentions[name]; !ok {
		x.mentions[name] = uint32(len(x.mentions)) //nolint:gosec // fewer names than bytes
	}
}

// mentionAll numbers the names in the value of a field, without parsing it all. Those of
// a foreign architecture's package are about that one.
func (x *Index) mentionAll(value, foreign string) {
	for rest := strings.TrimLeft(value, blanks); rest != ""; {
		n := 0
		for n < len(rest) && !endsName(rest[n]) {
			n++
		}
		if name := rest[:n]; name != "" {
			if foreign != "" && !strings.Contains(name, ":") {
				name = Qualified(name, foreign)
			}
			x.mention(name)
		}
		i := strings.IndexAny(rest[n:], ",|")
		if i < 0 {
			return
		}
		rest = strings.TrimLeft(rest[n+i+1:], blanks)
	}
}

// blanks are what may stand between relations.
const blanks = " \t\r\n"

func endsName(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', '(', ')', '[', ']', '<', '>', ',', '|':
		return true
	}
	return false
}

// Unqualified takes the foreign architecture off a package's name, if there is one.
func Unqualified(name string) (plain, foreign string) {
	if i := strings.IndexByte(name, ':'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return name, ""
}

// Entry reads the whole paragraph of a record. The name is as the index lists it.
func (x *Index) Entry(n int32) Entry {
	var c Entry
	f := control.Scanner{Text: x.Paragraph(n)}
	c.read(&f)
	c.Name = x.records[n].name
	return c
}

// Paragraph returns the paragraph of a record as it stands in the index.
func (x *Index) Paragraph(n int32) string {
	return x.text[x.records[n].start:x.records[n].end]
}

func (x *Index) fail(pos int, format string, args ...any) error {
	file := x.opts.Repository
	if file == "" {
		file = "Packages"
	}
	line := 1 + strings.Count(x.text[:pos], "\n")
	return &control.SyntaxError{File: file, Line: line, Reason: fmt.Errorf(format, args...).Error()}
}

// Text returns the index as it was read.
func (x *Index) Text() string { return x.text }
