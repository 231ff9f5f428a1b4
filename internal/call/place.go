// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package call

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// What [Skeleton] and [Place] take.
const (
	SkeletonUsage = skeletonName + " SRC DST"
	PlaceUsage    = PlaceName + ` [--skeleton DIR] [--from SUBPATH] [--keep PATH]... [--users DIR] [--base DIR --report FILE]
                    [--directory MODE:UID:GID:PATH]... [--likely MODE:UID:GID:PATH]... [--link PATH//TARGET]...
                    [--owner USER[:GROUP] | --preserve-owner] [--chown PATH=USER[:GROUP]]... [(--output PATH//DEST[/] | --match PATTERN//DEST[/]) [--include PATTERN]... [--exclude PATTERN]...]... SRC DST`

	skeletonName = "skeleton"
	// PlaceName is what the subcommand of [Place] is called.
	PlaceName = "place"
)

// Exit statuses of [Place], of the first of its outputs; that for the next one is one more.
// MostOutputs is how many there may be. No signal and no runtime has these numbers.
const (
	// MissingOutput says that the source doesn't have it.
	MissingOutput = 64
	// DanglingOutput says that something which its pattern matches is a link to nothing.
	DanglingOutput = 94
	// SeveralOutputs says that its pattern matches several files, and it is one.
	SeveralOutputs = 193
	MostOutputs    = 30
)

// Skeleton writes what a layer must respect of a base: its links to directories, and
// its directories that aren't like others.
type Skeleton struct {
	// Source is the base's root, and Out an empty directory.
	Source, Out string
}

// Args are the helper's arguments.
func (c Skeleton) Args() []string {
	return append([]string{skeletonName}, Operands(c.Source, c.Out)...)
}

// ParseSkeleton reads the arguments after the name.
func ParseSkeleton(args []string) (Skeleton, error) {
	set := Flags(skeletonName)
	err := Parse(set, args, 2, 2)
	return Skeleton{Source: set.Arg(0), Out: set.Arg(1)}, err
}

// Place makes a tree fit for its base. With none of its options everything belongs to
// root and no directory is special but the standard ones.
type Place struct {
	// Skeleton is where that of the base is; empty for none.
	Skeleton string
	// Users is the directory whose etc/passwd and etc/group know the names.
	Users string
	// From is the directory of the source that is the root of the tree.
	From string
	// PreserveOwner leaves the owners as they are in the source.
	PreserveOwner bool
	// Owner is the USER[:GROUP] of all that the skeleton doesn't have.
	Owner string
	// Keep lists directories whose mode and owner come from the source although the
	// skeleton has them.
	Keep []string
	// Chown has the USER[:GROUP] of paths, and of all below them; the longest path wins.
	Chown map[string]string
	// Directories have the attributes of directories that are above the skeleton, by their
	// clean, absolute paths; Likely of those that are if the skeleton doesn't have them.
	Directories, Likely map[string]Attributes
	// Links have the targets of links that are above the skeleton, by their paths.
	Links map[string]string
	// Base is the base's root, and Report the file that then gets the paths of what is
	// replaced there, as a JSON list; both are empty where that isn't wanted.
	Base, Report string
	// Outputs are the paths of the source that are the tree; none for all of it.
	Outputs []Output
	// Source is the tree, and Out an empty directory.
	Source, Out string
}

// Output is a path of a source, and what it becomes.
type Output struct {
	// Path is clean and absolute. It may lead through links. Pattern says that it is a
	// pattern of path.Match: all that match go into Dest by their own names, or the only
	// one becomes Dest.
	Path    string
	Pattern bool
	// Include and Exclude are patterns of what of a directory is taken, as in a
	// .dockerignore, relative to it.
	Include, Exclude []string
	// Dest is clean and absolute. Into says that it is a directory, which the contents of
	// a directory or a file of its own name go into.
	Dest string
	Into bool
}

// Args are the helper's arguments.
func (c Place) Args() []string {
	args := slices.Concat([]string{PlaceName},
		Value("skeleton", c.Skeleton), Value("users", c.Users), Value("from", c.From),
		Switch("preserve-owner", c.PreserveOwner), Value("owner", c.Owner), Each("keep", c.Keep))
	for _, p := range slices.Sorted(maps.Keys(c.Chown)) {
		args = append(args, "--chown", p+"="+c.Chown[p])
	}
	args = slices.Concat(args, eachDirectory("directory", c.Directories), eachDirectory("likely", c.Likely), eachLink("link", c.Links))
	for _, o := range c.Outputs {
		flag := "--output"
		if o.Pattern {
			flag = "--match"
		}
		args = slices.Concat(args, []string{flag, o.word()}, Each("include", o.Include), Each("exclude", o.Exclude))
	}
	return slices.Concat(args, Value("base", c.Base), Value("report", c.Report), Operands(c.Source, c.Out))
}

// ParsePlace reads the arguments after the name.
func ParsePlace(args []string) (Place, error) {
	var c Place
	set := Flags(PlaceName)
	set.StringVar(&c.Skeleton, "skeleton", "", "")
	set.StringVar(&c.From, "from", "", "")
	set.StringVar(&c.Users, "users", "", "")
	set.StringVar(&c.Owner, "owner", "", "")
	set.BoolVar(&c.PreserveOwner, "preserve-owner", false, "")
	set.StringVar(&c.Base, "base", "", "")
	set.StringVar(&c.Report, "report", "", "")
	set.Var((*List)(&c.Keep), "keep", "")
	set.Func("chown", "", func(word string) error {
		cut := strings.LastIndexByte(word, '=')
		if cut <= 0 {
			return errors.New("want PATH=USER[:GROUP]")
		}
		if c.Chown == nil {
			c.Chown = map[string]string{}
		}
		c.Chown[word[:cut]] = word[cut+1:]
		return nil
	})
	set.Func("directory", "", directories(&c.Directories))
	set.Func("likely", "", directories(&c.Likely))
	set.Func("link", "", links(&c.Links))
	for flag, pattern := range map[string]bool{"output": false, "match": true} {
		set.Func(flag, "", func(word string) error {
			o, err := readOutput(word)
			o.Pattern = pattern
			c.Outputs = append(c.Outputs, o)
			return err
		})
	}
	for flag, patterns := range map[string]func(o *Output) *[]string{
		"include": func(o *Output) *[]string { return &o.Include }, "exclude": func(o *Output) *[]string { return &o.Exclude },
	} {
		set.Func(flag, "", func(pattern string) error {
			if len(c.Outputs) == 0 {
				return errors.New("give the output that it is about first")
			}
			of := patterns(&c.Outputs[len(c.Outputs)-1])
			*of = append(*of, pattern)
			return nil
		})
	}
	err := Parse(set, args, 2, 2)
	c.Source, c.Out = set.Arg(0), set.Arg(1)
	if err == nil && len(c.Outputs) > MostOutputs {
		err = &ArgumentsError{PlaceName, fmt.Errorf("%d outputs; want at most %d", len(c.Outputs), MostOutputs)}
	}
	if err == nil && (c.Base == "") != (c.Report == "") {
		err = &ArgumentsError{PlaceName, errors.New("--base and --report go together; give both")}
	}
	if err == nil && c.PreserveOwner && c.Owner != "" {
		err = &ArgumentsError{PlaceName, errors.New("--owner and --preserve-owner exclude each other; give one")}
	}
	return c, err
}

// word is an output as an argument: two slashes are in neither of its paths.
func (o Output) word() string {
	if o.Into {
		return o.Path + "/" + strings.TrimSuffix(o.Dest, "/") + "/"
	}
	return o.Path + "/" + o.Dest
}

func readOutput(word string) (Output, error) {
	from, dest, ok := strings.Cut(word, "//")
	o := Output{Path: from, Dest: path.Join("/", dest), Into: strings.HasSuffix(word, "/")}
	if !ok || o.word() != word || path.Clean(from) != from || !path.IsAbs(from) || from == "/" {
		return o, fmt.Errorf("%q is no output; want PATH//DEST", word)
	}
	return o, nil
}
