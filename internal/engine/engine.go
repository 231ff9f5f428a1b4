// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package engine is BuildKit inside the program: a daemon no one has to
// install, start or stop.
//
// The engine is a process of its own, because builds that run side by side must
// share one BuildKit, and because a process is the only thing the kernel cleans
// up after without fail. [Connect] looks for the engine of a state directory and
// starts it when there is none; the engine leaves by itself some seconds after
// its last client. It is the first process of a PID namespace and lives in a
// mount namespace, so when it is killed, even by SIGKILL, every build step and
// every mount goes with it, and nothing on the machine has to be repaired.
//
// One engine a state directory is a matter of one lock file in it:
//
//   - The lock is taken before anything in the directory is written, and it is never
//     unlinked, so two programs cannot each hold "the" lock on different files.
//   - Whoever starts an engine takes the lock and hands its descriptor down; the
//     engine holds it for as long as it lives, and the kernel gives it back.
//   - The control socket exists only while the engine answers. A client that
//     finds neither socket nor free lock waits: an engine is coming or going.
//
// The engine is the program's own executable, run again as
//
//	strata engine --root DIR …
//
// and that hidden subcommand calls [Main]. Its environment (PATH, proxies) is that
// of the client that started it. An engine with another configuration, or of
// another release of the program, is asked to leave once its builds are done; the
// client waits for that and starts its own. Only Linux has it: elsewhere, both
// functions return [ErrUnsupported], and none of BuildKit's daemon is linked in.
package engine

import (
	"errors"
	"time"
)

// Subcommand is the first argument of a program that shall become an engine.
const Subcommand = "engine"

// LogName is the name of the engine's log in its state directory.
const LogName = "engine.log"

// DefaultLinger is how long an engine without clients waits for the next one.
const DefaultLinger = time.Minute

// ciLinger is DefaultLinger where $CI says that no one will come back: what an engine
// leaves in its directory is only whole when it has left.
const ciLinger = 5 * time.Second

// DefaultGrace is how long builds go on in an engine that is told to stop.
const DefaultGrace = 10 * time.Second

var (
	// ErrNotRoot says that the engine can't run as this user.
	ErrNotRoot = errors.New("the embedded engine needs root: run the command with sudo, or name a BuildKit daemon with --addr")

	// ErrUnsupported says that there is no engine for this operating system.
	ErrUnsupported = errors.New("the embedded engine needs a Linux kernel: name a BuildKit daemon with --addr")

	// ErrNoRuntime says that a build step needs an OCI runtime and that none is installed.
	ErrNoRuntime = errors.New("running a command needs an OCI runtime, and neither runc nor crun is in PATH: install one (apt-get install runc)")
)

// Options says which engine is meant. The zero value is the user's own.
type Options struct {
	// Root is the state directory: cache, content, log, lock and control socket. Empty
	// means strata in $XDG_DATA_HOME, or ~/.local/share/strata.
	Root string

	// Config is a buildkitd.toml: registries, DNS, garbage collection, history,
	// entitlements and the OCI worker's settings hold as they do for buildkitd.
	// Relative paths in it start at its own directory. Empty means BuildKit's defaults.
	Config string

	// Executable is the program that becomes the engine; its first argument
	// will be [Subcommand]. Empty means the running program.
	Executable string

	// Linger is how long the engine stays without clients. Zero means [DefaultLinger].
	Linger time.Duration

	// Grace is how long running builds may go on when the engine is told to stop.
	// Zero means [DefaultGrace].
	Grace time.Duration
}
