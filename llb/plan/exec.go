// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strings"

	"github.com/strata-build/strata/llb/spec"
)

// OutDir is where a command finds the directory that $out names.
const OutDir = "/out"

// SourceDir is where a command finds its sources, and starts, unless the build file
// names a working directory.
const SourceDir = "/src"

// Exec runs a command. With Out only what it leaves in $out and in its outputs
// ships; without it, all that it changed in the image so far.
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
	OnlyEnv bool `json:"only_env,omitempty"`
	// ToolEnv are variables for programs whose caches are mounted, in terms of Home.
	ToolEnv []string `json:"tool_env,omitempty"`
	Cwd     string   `json:"cwd"`
	User    string   `json:"user,omitempty"`
	Out     bool     `json:"out"`
	// OutDirs are directories that $out has from the start, as paths in it.
	OutDirs []string `json:"out_dirs,omitempty"`
	// Outputs are paths of the step that ship. OnlyOutputs says that there is no $out
	// beside them.
	Outputs     []Output `json:"outputs,omitempty"`
	OnlyOutputs bool     `json:"only_outputs,omitempty"`
	// Owner is who owns what ships from $out; nil for root:root.
	Owner *Owner `json:"owner,omitempty"`
	// KeepOwners leaves the owners in $out as the command left them.
	KeepOwners bool `json:"keep_owners,omitempty"`
	// Sources can be written to; what is written there is thrown away.
	Sources []Source `json:"sources,omitempty"`
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
	// Files are small files that are mounted.
	Files []File `json:"files,omitempty"`
	// About is what the command makes; nil where the build file doesn't say.
	About *About `json:"about,omitempty"`
}

// Home stands at the beginning of a cache's target, and of variables for programs, for
// the home directory of the step's user where only its /etc/passwd tells it.
const Home = "~"

// File is a file that is mounted.
type File struct {
	Target  string `json:"target"`
	Content string `json:"content"`
}

// SourceDir is the directory that sources go to: the working directory, or the one above
// it that has them where none is named.
func (a *Exec) SourceDir() string {
	if Within(a.Cwd, SourceDir) {
		return SourceDir
	}
	return a.Cwd
}

// Within reports whether a clean path is a directory or in it.
func Within(p, dir string) bool {
	return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/")
}

// ScriptPath is where a script lies that says what interprets it.
const ScriptPath = "/dev/.strata/build/script"

// Device is a device of the builder, by its CDI name.
type Device struct {
	Name     string `json:"name"`
	Required bool   `json:"required,omitempty"`
}

// Source is a part of a tree that a command finds somewhere. A directory's contents
// become Dest.
type Source struct {
	Copy
	// Dest is a clean, absolute path in the step.
	Dest string `json:"dest"`
	// Into says that Dest is a directory that a file goes into.
	Into bool `json:"into,omitempty"`
	// OwnName says that the path has its own name in Dest, unless it is a pattern.
	OwnName bool `json:"own_name,omitempty"`
}

// Output is a path of a step that ships. A directory's contents become Dest.
type Output struct {
	Range spec.Range `json:"-"`
	// Pos is where the build file names the path.
	Pos spec.Pos `json:"-"`
	// Path is absolute in the step; it may be a pattern.
	Path string `json:"path"`
	// Dest is the clean, absolute path in the image.
	Dest string `json:"dest"`
	// Into says that Dest is a directory that a file goes into.
	Into bool `json:"into,omitempty"`
	// Include and Exclude are .dockerignore patterns relative to Path.
	Include []string `json:"include,omitempty"`
	Exclude []string `json:"exclude,omitempty"`
	// Mode is nil to keep modes, or to change them as ModeChange says.
	Mode       *Mode  `json:"mode,omitempty"`
	ModeChange string `json:"mode_change,omitempty"`
	// Owner is nil for root:root, unless KeepOwners leaves owners as they are.
	Owner      *Owner `json:"owner,omitempty"`
	KeepOwners bool   `json:"keep_owners,omitempty"`
}

// Mount is an input.
type Mount struct {
	Target string `json:"target"`
	Copy
	// Writable says that the command may write to it; that is thrown away.
	Writable bool `json:"writable,omitempty"`
}

// Cache is a directory that survives from build to build.
type Cache struct {
	// Target may begin with Home.
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
	// Owner is nil for the command's user.
	Owner *Owner `json:"owner,omitempty"`
}

// SSH is an agent's socket.
type SSH struct {
	ID string `json:"id"`
	// Pos is where the build file asks for it.
	Pos spec.Pos `json:"-"`
	// Target is the socket's path; empty leaves it to SSH_AUTH_SOCK alone.
	Target   string `json:"target,omitempty"`
	Required bool   `json:"required,omitempty"`
	// Mode is the socket's permission bits; 0 is 0600.
	Mode Mode `json:"mode,omitempty"`
	// Owner is nil for the command's user.
	Owner *Owner `json:"owner,omitempty"`
}
