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
	// Source is a part of the context that is mounted as the working directory.
	Source String
	// Run is the script; not set when Argv is.
	Run String
	// Argv is the command as a list; empty when Run is set.
	Argv []String
	// ArgvPos is where the list starts.
	ArgvPos Pos
	// Shell is the shell of the script; nil for that of From's configuration.
	Shell []String
	// Out says whether only $out ships; nil when the build file leaves it open.
	Out *bool
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
}

// Device is a device of the builder that a command may use.
type Device struct {
	Range Range
	// Name is its CDI name.
	Name     String
	Required bool
}

// Mount is a read-only input of a build.
type Mount struct {
	Range  Range
	Target String
	// From is "target:NAME", "context:NAME", "dockerfile:PATH#STAGE" or a
	// reference; when not set, the context.
	From   String
	Source String
}

// Cache is a directory that survives from build to build.
type Cache struct {
	Range  Range
	Target String
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
}

// SSH is an SSH agent that a build's command may use.
type SSH struct {
	Range    Range
	ID       String
	Target   String
	Required bool
}
