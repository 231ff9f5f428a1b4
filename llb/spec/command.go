// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

// Build is the build strategy: a command and what it runs in.
type Build struct {
	Range Range
	// From is where the command runs: a reference, "target:NAME",
	// "context:NAME", "dockerfile:PATH#STAGE", "layers" (the image so far) or
	// "scratch".
	From String
	// Sources are what the command finds in its working directory, writable.
	Sources []Source
	// Run is the script; not set when Argv is.
	Run String
	// Argv is the command as a list; empty when Run is set.
	Argv []String
	// ArgvPos is where the list starts.
	ArgvPos Pos
	// Shell is the shell of the script; nil for that of From's configuration.
	Shell []String
	// Args are the arguments that the command gets as variables, and no others; nil for
	// those that it mentions.
	Args []String
	// Errexit is false for a script that goes on after a command that fails; nil when the
	// build file leaves it open.
	Errexit *bool
	// Out says whether only $out ships; nil when the build file leaves it open.
	Out *bool
	// OutDirs are directories of $out that are made before the command runs.
	OutDirs []String
	// Outputs are paths of the step that ship.
	Outputs []Output
	// Platform is the platform that the command runs on.
	Platform String
	Workdir  String
	User     String
	// Owner is the owner of what ships.
	Owner   String
	Env     []Pair
	Mounts  []Mount
	Cache   []Cache
	Tmpfs   []Tmpfs
	Secrets []Secret
	SSH     []SSH
	// Network is none, default or host.
	Network String
	// Security is sandbox or insecure.
	Security String
	Devices  []Device
	// Deterministic is false, network or strict.
	Deterministic String
	// About is what the command makes.
	About About
}

// Device is a device of the builder that a command may use.
type Device struct {
	Range Range
	// Name is its CDI name.
	Name     String
	Required bool
}

// Source is a part of a tree that the command finds in its working directory.
type Source struct {
	Range Range
	// Path is a path or a pattern in From, or in the context when From is not set.
	Path String
	// From is as a Mount has it.
	From    String
	Include []String
	Exclude []String
	// Dest is where the command finds it, relative to its working directory if it isn't
	// absolute.
	Dest String
	// Listed says that it stands in a list, so that it has its own name if Dest is not
	// set.
	Listed bool
}

// Output is a path of a build's step that ships.
type Output struct {
	Range Range
	// Source is a path or a pattern in the step, and Sources several of them.
	Source  String
	Sources []String
	// Dest is the place in the image; when not set, the same one.
	Dest    String
	Include []String
	Exclude []String
	// Owner is the owner, or keep.
	Owner String
	Mode  String
}

// Each are outputs of one path each that are the output.
func (o *Output) Each() []Output {
	if len(o.Sources) == 0 {
		return []Output{*o}
	}
	var all []Output
	for _, source := range o.Sources {
		one := *o
		one.Source, one.Sources = source, nil
		all = append(all, one)
	}
	return all
}

// Mount is an input of a build.
type Mount struct {
	Range  Range
	Target String
	// From is "target:NAME", "context:NAME", "dockerfile:PATH#STAGE" or a
	// reference; when not set, the context.
	From    String
	Source  String
	Include []String
	Exclude []String
	// Writable lets the command write; what it writes is thrown away.
	Writable bool
}

// Cache is a directory that survives from build to build, or all those of a tool.
type Cache struct {
	Range Range
	// Target is where the command finds it.
	Target String
	// Short says that the entry is a single word: a path, or the name of a [Tool].
	Short bool
	// ID names the cache; when not set, the target's path.
	ID String
	// Sharing is shared, private or locked.
	Sharing String
	// From and Source are what the cache holds at first, as a Mount has them; nothing
	// when From is not set.
	From   String
	Source String
	// Owner is who owns the directory; when not set, the command's user.
	Owner String
	// Mode is the directory's mode, octal.
	Mode     String
	ReadOnly bool
}

// Tmpfs is a directory in memory.
type Tmpfs struct {
	Range  Range
	Target String
	// Size is the limit, as a number of bytes or with a unit (64m).
	Size String
	// Mode is the directory's mode, octal; when not set, 1777.
	Mode String
}

// Secret is a secret that a build's command sees and no layer holds.
type Secret struct {
	Range Range
	ID    String
	// Target is the file; when neither it nor Env is set, /run/secrets/ID.
	Target String
	// Env is the environment variable.
	Env      String
	Required bool
	// Mode is the file's mode, octal.
	Mode String
	// Owner is who owns the file; when not set, the command's user.
	Owner String
}

// SSH is an SSH agent that a build's command may use.
type SSH struct {
	Range    Range
	ID       String
	Target   String
	Required bool
	// Mode is the socket's mode, octal, and Owner who owns it; when not set, the
	// command's user.
	Mode  String
	Owner String
}
