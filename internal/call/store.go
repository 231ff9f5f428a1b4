// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package call

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// What [Store], [Scan] and [Link] take.
const (
	StoreUsage = StoreName + " [--dir DIR] [--report FILE] NAME,HASH,SIZE,FORMAT,INPUT... DST"
	ScanUsage  = scanName + " [--store DIR] [--content NAME] SRC DST"
	LinkUsage  = linkName + " [--store DIR] [--mount DIR]... [--root PATH]... --into DIR DST"

	// StoreName is what the subcommand that unpacks store paths is called.
	StoreName = "store"
	scanName  = "scan"
	linkName  = "link"

	// nixStore is where a store is unless it is said.
	nixStore = "/nix/store"
)

// Store unpacks paths into a store, each checked against its hash.
type Store struct {
	// Dir is the store's path in the image.
	Dir string
	// Report is the file below Out that says what is wrong with the items, for a step
	// that then succeeds; empty for none.
	Report string
	Items  []Item
	// Out is an empty directory.
	Out string
}

// Args are the helper's arguments.
func (c Store) Args() []string {
	args := slices.Concat([]string{StoreName, "--dir", c.Dir}, Value("report", c.Report))
	var operands []string
	for _, item := range c.Items {
		operands = append(operands, item.String())
	}
	return append(args, Operands(append(operands, c.Out)...)...)
}

// ParseStore reads the arguments after the name.
func ParseStore(args []string) (Store, error) {
	var c Store
	set := Flags(StoreName)
	set.StringVar(&c.Dir, "dir", nixStore, "")
	set.StringVar(&c.Report, "report", "", "")
	if err := Parse(set, args, 2, math.MaxInt); err != nil {
		return c, err
	}
	last := set.NArg() - 1
	for _, word := range set.Args()[:last] {
		item, err := ParseItem(word)
		if err != nil {
			return c, &ArgumentsError{StoreName, err}
		}
		c.Items = append(c.Items, item)
	}
	c.Out = set.Arg(last)
	return c, nil
}

// Item is a path to be put into a store.
type Item struct {
	// Name is the path within the store.
	Name string
	// Hash is the SHA-256 of the path's Nix archive in hex, and Size its length in
	// bytes. Only an item of [FormatModes] may have none: an empty hash.
	Hash string
	Size int64
	// Format is the compression of the archive at Input, or one of the formats that
	// aren't archives.
	Format string
	// Input is an archive, or the tree itself.
	Input string
}

// The formats of an item that isn't an archive.
const (
	// FormatTree is a path as it is in a store.
	FormatTree = "tree"
	// FormatModes is a tree whose permission bits are kept.
	FormatModes = "modes"
)

// String is NAME,HASH,SIZE,FORMAT,INPUT; a dash stands for no hash and no size.
func (i Item) String() string {
	hash, size := "-", "-"
	if i.Hash != "" {
		hash, size = i.Hash, strconv.FormatInt(i.Size, 10)
	}
	return strings.Join([]string{i.Name, hash, size, i.Format, i.Input}, ",")
}

// ParseItem reads what String wrote.
func ParseItem(text string) (Item, error) {
	f := strings.SplitN(text, ",", 5)
	if len(f) != 5 {
		return Item{}, fmt.Errorf("%q isn't NAME,HASH,SIZE,FORMAT,INPUT", text)
	}
	item := Item{Name: f[0], Hash: f[1], Format: f[3], Input: f[4]}
	for part := range strings.SplitSeq(item.Name, "/") {
		if part == "" || part == "." || part == ".." {
			return Item{}, fmt.Errorf("%q can't be a name in a store", item.Name)
		}
	}
	if item.Hash == "-" && f[2] == "-" && item.Format == FormatModes {
		item.Hash = ""
		return item, nil
	}
	var err error
	if item.Size, err = strconv.ParseInt(f[2], 10, 64); err != nil || item.Size <= 0 || len(item.Hash) != 64 {
		return Item{}, fmt.Errorf("%q has no valid hash or size", text)
	}
	return item, nil
}

// Scan writes, as the file "registration", which paths of a store there are and what
// they refer to.
type Scan struct {
	// Store is the store's path in an image.
	Store string
	// Content is the name, below each path, of what is scanned; empty for all of it.
	Content string
	// Source is the store, and Out an empty directory.
	Source, Out string
}

// Args are the helper's arguments.
func (c Scan) Args() []string {
	return slices.Concat([]string{scanName, "--store", c.Store}, Value("content", c.Content), Operands(c.Source, c.Out))
}

// ParseScan reads the arguments after the name.
func ParseScan(args []string) (Scan, error) {
	var c Scan
	set := Flags(scanName)
	set.StringVar(&c.Store, "store", nixStore, "")
	set.StringVar(&c.Content, "content", "", "")
	err := Parse(set, args, 2, 2)
	c.Source, c.Out = set.Arg(0), set.Arg(1)
	return c, err
}

// Link makes a symbolic link to every file in the directories of store paths.
type Link struct {
	// Store is the directory of the image that has the store paths.
	Store string
	// Into is the directory of the image that gets the links.
	Into string
	// Mounts are trees that have the store; together they hold all paths.
	Mounts []string
	// Roots are directories of the image, below the store; the first one wins.
	Roots []string
	// Out is an empty directory.
	Out string
}

// Args are the helper's arguments.
func (c Link) Args() []string {
	return slices.Concat([]string{linkName, "--store", c.Store, "--into", c.Into},
		Each("mount", c.Mounts), Each("root", c.Roots), Operands(c.Out))
}

// ParseLink reads the arguments after the name.
func ParseLink(args []string) (Link, error) {
	var c Link
	set := Flags(linkName)
	set.StringVar(&c.Store, "store", nixStore, "")
	set.StringVar(&c.Into, "into", "", "")
	set.Var((*List)(&c.Mounts), "mount", "")
	set.Var((*List)(&c.Roots), "root", "")
	err := Parse(set, args, 1, 1)
	c.Out = set.Arg(0)
	if err == nil && c.Into == "" {
		err = &ArgumentsError{linkName, errors.New("want --into and DST")}
	}
	return c, err
}
