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

	"github.com/opencontainers/go-digest"
)

// FetchedUsage is the subcommand fetched and what it takes.
const FetchedUsage = FetchedName + " [--file NAME,DIGEST,SIZE,LIMIT,URL[ URL]...]... DIR SUBCOMMAND [ARGUMENT]..."

// FetchedName is what the subcommand that fetches before another one is called.
const FetchedName = "fetched"

// Fetched runs a subcommand with files that are fetched for it, each checked against its
// digest before the subcommand sees any.
type Fetched struct {
	Files []FetchedFile
	// Dir is the directory that the files are in while the subcommand runs.
	Dir string
	// Then is the subcommand with its arguments.
	Then []string
}

// FetchedFile is a file that a subcommand works with.
type FetchedFile struct {
	// Name is the file's in the directory.
	Name   string
	Digest digest.Digest
	// Size is the file's, in bytes; 0 where it isn't known. Limit is the most that is
	// taken then.
	Size, Limit int64
	// URLs are its addresses, the preferred one first.
	URLs []string
}

// Args are the helper's arguments.
func (c Fetched) Args() []string {
	var files []string
	for _, f := range c.Files {
		files = append(files, strings.Join([]string{
			f.Name, f.Digest.String(), strconv.FormatInt(f.Size, 10), strconv.FormatInt(f.Limit, 10), strings.Join(f.URLs, " "),
		}, ","))
	}
	return slices.Concat([]string{FetchedName}, Each("file", files), []string{c.Dir}, c.Then)
}

// ParseFetched reads the arguments after the name.
func ParseFetched(args []string) (Fetched, error) {
	var c Fetched
	var files List
	set := Flags(FetchedName)
	set.Var(&files, "file", "")
	if err := Parse(set, args, 2, math.MaxInt); err != nil {
		return c, err
	}
	for _, text := range files {
		f, err := parseFetchedFile(text)
		if err != nil {
			return c, &ArgumentsError{FetchedName, err}
		}
		c.Files = append(c.Files, f)
	}
	c.Dir, c.Then = set.Arg(0), set.Args()[1:]
	return c, nil
}

func parseFetchedFile(text string) (FetchedFile, error) {
	bad := func(err error) (FetchedFile, error) { return FetchedFile{}, fmt.Errorf("%q: %w", text, err) }
	part := strings.SplitN(text, ",", 5)
	if len(part) != 5 {
		return bad(errors.New("it isn't NAME,DIGEST,SIZE,LIMIT,URL"))
	}
	f := FetchedFile{Name: part[0], Digest: digest.Digest(part[1]), URLs: strings.Fields(part[4])}
	if f.Name == "" || f.Name == "." || f.Name == ".." || strings.Contains(f.Name, "/") {
		return bad(errors.New("its name can't be that of a file in a directory"))
	}
	if err := f.Digest.Validate(); err != nil {
		return bad(err)
	}
	for i, n := range []*int64{&f.Size, &f.Limit} {
		var err error
		if *n, err = strconv.ParseInt(part[2+i], 10, 64); err != nil {
			return bad(err)
		}
		if *n < 0 {
			return bad(fmt.Errorf("a size or limit of %d bytes", *n))
		}
	}
	if len(f.URLs) == 0 {
		return bad(errors.New("it has no address"))
	}
	return f, nil
}
