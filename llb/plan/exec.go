// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import "github.com/strata-build/strata/llb/spec"

// OutDir is where a command finds the directory that $out names.
const OutDir = "/out"

// SourceDir is where the source of a build is mounted.
const SourceDir = "/src"

// Exec runs a command. With Out only what it leaves in $out ships; without it,
// all that it changed in the image so far.
type Exec struct {
	Range spec.Range `json:"-"`
	// From is where the command runs.
	From Tree `json:"from"`
	// Platform is what it runs on, as os/arch[/variant].
	Platform string   `json:"platform"`
	Args     []string `json:"args"`
	// Env is the whole environment, as KEY=value.
	Env []string `json:"env"`
	// OnlyEnv keeps everything else out of the environment, also what the daemon
	// adds.
	OnlyEnv bool   `json:"only_env,omitempty"`
	Cwd     string `json:"cwd"`
	User    string `json:"user,omitempty"`
	Out     bool   `json:"out"`
	// Owner is who owns what ships from $out; nil for root:root.
	Owner *Owner `json:"owner,omitempty"`
	// KeepOwners leaves the owners in $out as the command left them.
	KeepOwners bool `json:"keep_owners,omitempty"`
	// Source is mounted at SourceDir; its writes are thrown away.
	Source  *Copy    `json:"source,omitempty"`
	Mounts  []Mount  `json:"mounts,omitempty"`
	Cache   []Cache  `json:"cache,omitempty"`
	Tmpfs   []Tmpfs  `json:"tmpfs,omitempty"`
	Secrets []Secret `json:"secrets,omitempty"`
	SSH     []SSH    `json:"ssh,omitempty"`
	// Network is none, default or host.
	Network string `json:"network"`
	// Insecure gives the command all rights.
	Insecure bool     `json:"insecure,omitempty"`
	Devices  []Device `json:"devices,omitempty"`
	// Script is an executable file, mounted at ScriptPath; empty for none.
	Script string `json:"script,omitempty"`
}

// ScriptPath is where a script lies that says what interprets it.
const ScriptPath = "/dev/.strata/script"

// Device is a device of the builder, by its CDI name.
type Device struct {
	Name     string `json:"name"`
	Required bool   `json:"required,omitempty"`
}

// Mount is a read-only input.
type Mount struct {
	Target string `json:"target"`
	Copy
}

// Cache is a directory that survives from build to build.
type Cache struct {
	Target string `json:"target"`
	ID     string `json:"id"`
	// Sharing is shared, private or locked.
	Sharing string `json:"sharing"`
	// Seed is what it holds at first; nil for nothing.
	Seed *Copy `json:"seed,omitempty"`
	// Owner is nil for the command's user.
	Owner *Owner `json:"owner,omitempty"`
	// Mode is nil for 0755.
	Mode     *Mode `json:"mode,omitempty"`
	ReadOnly bool  `json:"readonly,omitempty"`
}

// Tmpfs is a directory in memory.
type Tmpfs struct {
	Target string `json:"target"`
	// Size is the limit in bytes; 0 leaves it to the kernel.
	Size int64 `json:"size,omitempty"`
	// Mode is its permission bits; 0 leaves it to what it is mounted on.
	Mode Mode `json:"mode,omitempty"`
}

// Secret is a file or a variable that no layer holds.
type Secret struct {
	ID string `json:"id"`
	// Pos is where the build file names it.
	Pos spec.Pos `json:"-"`
	// Target is the file; empty when only Env is wanted.
	Target string `json:"target,omitempty"`
	// Env is the environment variable; empty when only the file is wanted.
	Env      string `json:"env,omitempty"`
	Required bool   `json:"required,omitempty"`
	// Mode is the file's permission bits.
	Mode Mode `json:"mode,omitempty"`
}

// SSH is an agent's socket.
type SSH struct {
	ID string `json:"id"`
	// Pos is where the build file asks for it.
	Pos spec.Pos `json:"-"`
	// Target is the socket's path; empty leaves it to SSH_AUTH_SOCK alone.
	Target   string `json:"target,omitempty"`
	Required bool   `json:"required,omitempty"`
}
