// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package spec reads a build file.
//
// A build file is YAML that names what goes into an image, layer by layer.
// [Parse] turns its bytes into a [Spec]: plain values, each with the place it
// was written at, so that whoever finds a fault later can point at the line.
// Nothing is expanded or looked up here; a [String] still holds the text as the
// user wrote it, and [Vars] expands it once the arguments and the platform are
// known.
package spec

// DefaultTarget is the name of the target that the top level of a build file
// describes.
const DefaultTarget = "default"

// Pos is a place in a build file. Lines and columns count from 1; columns count
// characters. The zero Pos means "nowhere in particular".
type Pos struct {
	Line   int
	Column int
}

// IsZero reports whether p names no place.
func (p Pos) IsZero() bool { return p.Line == 0 }

// Range is the lines a node of the build file covers, both ends included.
type Range struct {
	Start Pos
	End   Pos
}

// String is a scalar of the build file, as it was written and not yet expanded.
type String struct {
	// Value is the text. For a map by platform it is empty.
	Value string
	// Platforms holds the choices when a map by platform stands in the place of
	// a string, in the order of the build file.
	Platforms []PlatformString
	// Pos is where the scalar (or the map) starts. It is zero for a String that
	// the build file leaves out.
	Pos Pos
}

// PlatformString is one choice of a String that differs by platform.
type PlatformString struct {
	// Platform is the key: an architecture (arm64), or os/arch[/variant].
	Platform string
	// Value is the text for that platform.
	Value string
	// Pos is where the value starts.
	Pos Pos
}

// IsSet reports whether the build file gives the string.
func (s String) IsSet() bool { return !s.Pos.IsZero() }

// IsNull reports whether the build file gives null, or an empty text, which is
// nothing.
func (s String) IsNull() bool { return s.IsSet() && s.Value == "" && s.Platforms == nil }

// Pair is one entry of a map with string values, in the order of the build file.
type Pair struct {
	Key string
	// KeyPos is where the key starts.
	KeyPos Pos
	Value  String
	// Removed says that the value is null: the name is taken away from what is
	// below, and Value isn't set.
	Removed bool
}

// Spec is a whole build file.
type Spec struct {
	// File is the name that messages use for the build file.
	File string
	// Data is the build file's text.
	Data []byte
	// Syntax is what a leading "# syntax=" line names, or empty.
	Syntax string
	// Args are the declared build arguments, in the order of the build file.
	Args []Arg
	// Targets holds the target "default" (the top level) first, then the
	// entries of "targets" in the order of the build file.
	Targets []Target
}

// Target returns the target of that name, or nil.
func (s *Spec) Target(name string) *Target {
	for i := range s.Targets {
		if s.Targets[i].Name == name {
			return &s.Targets[i]
		}
	}
	return nil
}

// Arg is a declared build argument.
type Arg struct {
	Name string
	// Default is the value when none is given. It is not set when the build file
	// says null: then a value must be given, unless the argument is Optional.
	Default String
	// Optional says that there is no such variable when no value is given.
	Optional bool
	// Pos is where the name stands.
	Pos Pos
}

// Target is an image that the build file describes.
type Target struct {
	Name string
	// Range is the lines of the target.
	Range Range
	// From is the base: "scratch" (also when not set), a reference,
	// "target:NAME", "context:NAME" or "dockerfile:PATH#STAGE".
	From String
	// Platform is what the target is for; when not set, the platform that is asked for.
	Platform String
	Layers   []Layer
	Config   Config
	// Annotations are those of the image's manifest.
	Annotations []Pair
	// MaxLayers is the greatest number of layers, the base's included; 0 when
	// the build file says nothing.
	MaxLayers int
	// MaxLayersPos is where that number stands.
	MaxLayersPos Pos
	// Users and Groups are accounts that the image has, beside the base's.
	Users  []User
	Groups []Group
	// Tags are the image's names, and Platforms those that it is for, where the command
	// line says nothing.
	Tags      []String
	Platforms []String
	Tests     []Test
}

// Layer is one entry of "layers". Exactly one of the four strategies is set.
type Layer struct {
	// Name is the layer's own name, or empty.
	Name string
	// Range is the lines of the entry.
	Range Range

	Packages   *Packages
	Files      *Files
	Build      *Build
	Derivation *Derivation
}

// Files is the files strategy: its entries, in order.
type Files struct {
	Entries []File
}

// File is one entry of a files layer. Exactly one of Content, Source (with or
// without From), URL, Git, Symlink and Directory says what it is.
type File struct {
	Range Range
	// Dest is the absolute path in the image. A trailing slash means "into this
	// directory".
	Dest String
	// Content is written as it stands, unless Expand says that its names are expanded.
	Content String
	Expand  bool
	// Source is a path or glob relative to the context, or in From.
	Source String
	// Sources are what a list in the place of Source has, each to be had under its own
	// name.
	Sources []String
	Include []String
	Exclude []String
	URL     String
	// Checksum is the digest of what URL gives, as "sha256:…".
	Checksum String
	// Extract unpacks what URL, or Source, gives. Include and Exclude are about paths in
	// the archive then, whose first Strip components are left out.
	Extract bool
	Strip   int
	// From is "target:NAME", "context:NAME", "dockerfile:PATH#STAGE" or a
	// reference.
	From String
	// Platform is the platform that From is taken for.
	Platform String
	// Changed takes only what the layers of the target From put on that one's own base.
	Changed bool
	// Symlink is the target of a symbolic link.
	Symlink String
	// Directory makes an empty directory.
	Directory bool
	// Git is a repository address as "docker build" takes it: URL#REF:SUBDIR.
	Git String
	// Mode is an octal number.
	Mode String
	// Owner is "user", "user:group", by name or number, or keep for the source's owners.
	Owner String
	// About is what URL or Git gives.
	About About
	// Optional says that Source is a pattern that need not match anything.
	Optional bool
	// Signature says how what URL or Git gives is held to a key; nil if it isn't.
	Signature *Signature
}

// Packages is the packages strategy.
type Packages struct {
	Range Range
	// Names are package names with an optional version (name=1.2-3) or suite
	// (name/suite), or files of the context, which begin with "./".
	Names []String
	// Files are packages that are files, wherever they lie.
	Files        []PackageFile
	Repositories []Repository
	// Like is where archives, keys and preferences are taken from in the base's place.
	Like String
	// Upgrade brings the base's packages up to date: true, all of them, or security.
	Upgrade String
	// Fetch is source or step, for who fetches the packages.
	Fetch String
	// Scripts is run or skip.
	Scripts    String
	Recommends bool
	// Conffiles is keep, or empty where the packages' configuration files win over
	// those that are there.
	Conffiles String
	// AllowHeld lets packages change that the base holds.
	AllowHeld bool
	// PURLs are package URLs by the names of packages.
	PURLs []Pair
}

// PackageFile is a package that is a file, and not in an archive. Either Source or URL
// is set.
type PackageFile struct {
	Range Range
	// Source is a path or glob relative to the context, or in From.
	Source String
	// From is "target:NAME", "context:NAME", "dockerfile:PATH#STAGE" or a
	// reference.
	From String
	URL  String
	// Checksum is the digest of what URL gives, as "sha256:…".
	Checksum String
}

// Repository is a package archive.
type Repository struct {
	Range Range
	// Type is deb or apk.
	Type       String
	URI        String
	Suites     []String
	Components []String
	// SignedBy is a keyring in the context.
	SignedBy String
	// Auth is the id of the build secret with the login for its server.
	Auth String
	// Snapshot takes an archive's list of files although it has expired.
	Snapshot bool
	// Trusted takes an archive without a signature, as apt's trusted=yes.
	Trusted bool
}

// Derivation is the derivation strategy: store paths with all they refer to.
type Derivation struct {
	Range Range
	Paths []String
	// Substituters are binary caches, the preferred one first.
	Substituters      []String
	TrustedPublicKeys []String
	// Store is an exported store: {context: NAME} or {source: DIR}.
	Store *Store
	// Build runs Nix inside BuildKit.
	Build *DerivationBuild
	// Fetch is source or step, for who fetches archives.
	Fetch        String
	MaxLayers    int
	MaxLayersPos Pos
	// Algorithm is cohort, popularity, per-path or single.
	Algorithm String
	// Pin are groups of paths that get a layer of their own.
	Pin [][]String
	// Link is a directory that gets a symlink farm of the roots.
	Link String
	// Registration adds the store's registration.
	Registration bool
}

// Store says where an exported store lies.
type Store struct {
	Range   Range
	Context String
	Source  String
	// Graph is a file of the store that describes its paths.
	Graph String
}

// DerivationBuild says how Nix builds the derivation.
type DerivationBuild struct {
	Range Range
	From  String
	File  String
	Flake String
	Attr  String
	// Network is none, default or host.
	Network String
}

// Config is what the build file says of the image's configuration.
type Config struct {
	Range Range
	// Entrypoint and Cmd are nil when the build file leaves them out, and empty
	// when it clears them.
	Entrypoint []String
	Cmd        []String
	Env        []Pair
	// Workdir, User and StopSignal are set and empty when they are null, which
	// removes the base's.
	Workdir    String
	User       String
	StopSignal String
	Expose     Additions
	Volumes    Additions
	Labels     []Pair
	// Shell is nil when the build file leaves it out.
	Shell       []String
	OnBuild     []String
	Healthcheck *Healthcheck
	// Author is who made the image.
	Author String
}

// Additions are what is added to a list of the base's, or removed from it.
type Additions struct {
	Add []String
	// Remove are entries of the base, or of a target below, that are taken away.
	Remove []String
	// Clear says that nothing of the base stays.
	Clear bool
}

// Healthcheck is how a running container is probed.
type Healthcheck struct {
	Range Range
	// Removed says that it is null: the base's is taken away.
	Removed bool
	// Test is the command as a list that starts with CMD, CMD-SHELL or NONE.
	Test []String
	// The durations are Go durations: 30s, 1m30s.
	Interval      String
	Timeout       String
	StartPeriod   String
	StartInterval String
	Retries       int
}

// Test is something that must hold of the finished image: what a command gives, what
// its program answers, which files it has.
type Test struct {
	Range Range
	Name  string
	Run   String
	Argv  []String
	Env   []Pair
	User  String
	// Expect is what the command must give.
	Expect Expect
	// Start starts the image's own program, beside which all else happens, and Wait is
	// what shows that it has started; nil for the port that it is asked at.
	Start bool
	Wait  *Wait
	// HTTP and TCP are what that is asked; nil for nothing.
	HTTP *HTTPRequest
	TCP  *TCPRequest
	// Files are what the image must have.
	Files []FileCheck
}

// Expect is what a test's command must give.
type Expect struct {
	// Exit is the exit status.
	Exit   int
	Stdout *Match
	Stderr *Match
}

// Match is a condition on a stream's text; all that are set must hold.
type Match struct {
	Range    Range
	Equals   String
	Contains String
	Matches  String
}
