// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package draft is a build file that a program writes, printed as a person would
// write it.
//
// A [File] has the keys of a build file as plain values, with comments where they
// belong. What is empty isn't printed, so whoever fills a File leaves out what says a
// default. [File.Bytes] chooses the short forms and the layout: a map that fits on a
// line stands on one, a script is a block, a comment stands above what it is about.
package draft

// File is a build file.
type File struct {
	// Head are the comment lines above all else, without the "# ": directives among
	// them.
	Head []string
	// Args are the arguments, in their order.
	Args []Arg
	// Main is the target that the top level describes; its name and its comments don't
	// count.
	Main Target
	// Targets are the others.
	Targets []Target
	// Foot are comment lines at the end.
	Foot []string
}

// Arg is a build argument.
type Arg struct {
	Comments []string
	Name     string
	// Default is the value when none is given, for an argument that has one.
	Default string
	// Platforms are the values by platform, for an argument that has them in the place of
	// Default.
	Platforms []Pair
	// Required says that one must be given, and Optional that without one there is no
	// such variable. Both leave Default out.
	Required, Optional bool
}

// Target is an image.
type Target struct {
	Comments []string
	Name     string
	// FromComments stand above from, which Main has no other place for.
	FromComments    []string
	From            string
	Platform        string
	Tags, Platforms []string
	Layers          []Layer
	Users           []User
	Groups          []Group
	Config          Config
	Annotations     []Pair
	// MaxLayers is 0 for as many as there are.
	MaxLayers int
	Tests     []Test
}

// Test is a command that is tried in the image. What Stdout names must be in its output.
type Test struct {
	Name, Run, Stdout string
	Exit              int
}

// Layer is one entry of layers. Exactly one of Files, Build and Packages is there.
type Layer struct {
	Comments []string
	Name     string
	Files    []Entry
	Build    *Build
	Packages *Packages
}

// Entry is an entry of files.
type Entry struct {
	Comments []string
	Dest     string
	// Content is the file's text; nil for none.
	Content *string
	// Expand says that arguments are expanded in Content.
	Expand   bool
	Sources  []string
	From     string
	Platform string
	// Changed takes only what the layers of the target From made.
	Changed          bool
	Include, Exclude []string
	URL, Checksum    string
	Git              string
	Extract          bool
	// Optional says that a pattern need not match anything.
	Optional bool
	// Strip counts leading directories of an archive's paths.
	Strip     int
	Symlink   string
	Directory bool
	// Mode is octal, such as 0755, or a change of a mode.
	Mode  string
	Owner string
	About About
}

// About is what something that is fetched or built is, for the list of contents.
type About struct {
	PURL, License, Version string
	// Contains are further packages in it; they contain none.
	Contains []About
}

// Build is a command.
type Build struct {
	From, Platform, Workdir, User, Owner string
	Sources                              []Source
	Env                                  []Pair
	// Args are the arguments that the command gets, and no others; nil for those that it
	// mentions.
	Args []string
	// Shell is the shell of Run; nil for the usual one.
	Shell []string
	// NoErrexit says that the script goes on after a command that fails.
	NoErrexit bool
	// Run is the script, and Argv the command where there is none.
	Run  string
	Argv []string
	// NoOut says that $out in the script is a variable of its own.
	NoOut    bool
	Outputs  []Output
	Mounts   []Mount
	Cache    []Cache
	Tmpfs    []Tmpfs
	Secrets  []Secret
	SSH      []SSH
	Devices  []Device
	Network  string
	Security string
	About    About
}

// Source is an entry of a build's source.
type Source struct {
	Path, From, Dest string
	Include, Exclude []string
}

// Output is a path of a step that ships.
type Output struct {
	Source, Dest, Owner, Mode string
	Include, Exclude          []string
}

// Mount is an input at a path of its own.
type Mount struct {
	Target, From, Source string
	Writable             bool
}

// Cache is a directory that survives. One with nothing but a Target is written as that.
type Cache struct {
	Target, ID, Sharing, From, Source, Owner, Mode string
	ReadOnly                                       bool
}

// Tmpfs is a directory in memory; Size is in bytes or has a unit.
type Tmpfs struct{ Target, Size string }

// Secret is a secret that a command sees.
type Secret struct {
	ID, Target, Env, Owner, Mode string
	Required                     bool
}

// SSH is an agent that a command may use.
type SSH struct {
	ID, Target, Owner, Mode string
	Required                bool
}

// Device is a device of the builder.
type Device struct {
	Name     string
	Required bool
}

// Packages are packages of a distribution.
type Packages struct {
	Names []string
	// Repositories are archives of apk, and addresses alone.
	Repositories []string
	// Like is the image whose archives count.
	Like string
	// PURLs are package URLs by the names of packages.
	PURLs      []Pair
	Recommends bool
	Upgrade    string
}

// User and Group are accounts. Numbers are text, so that an empty one is none.
type User struct {
	Name, UID, Group, Home, Shell, Comment string
	Groups                                 []string
	System                                 bool
}

// Group is a group of users.
type Group struct {
	Name, GID string
	Members   []string
	System    bool
}

// Pair is a name with a value.
type Pair struct {
	Comments    []string
	Name, Value string
}

// Config is the image's configuration. A nil list is left out, an empty one is written.
type Config struct {
	// Comments are those of each key, such as "cmd".
	Comments                  map[string][]string
	Entrypoint, Cmd           []string
	Env                       []Pair
	Workdir, User, StopSignal string
	Expose, Volumes           []string
	Labels                    []Pair
	Shell, OnBuild            []string
	Healthcheck               *Healthcheck
	Author                    string
}

// Healthcheck is how a container is probed. Times are such as 30s.
type Healthcheck struct {
	Test                                          []string
	Interval, Timeout, StartPeriod, StartInterval string
	Retries                                       int
}
