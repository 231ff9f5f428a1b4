// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/moby/buildkit/util/bklog"
	"golang.org/x/sys/unix"
)

// adaptRuntime returns the command to run in place of a runtime that does not
// know what BuildKit asks for. Older releases of crun, Debian 12's among them,
// have no "run --keep": they delete a container as soon as it ends, and then there
// is nothing left for BuildKit to delete. They also refuse a configuration that
// says it is newer than they are, though nothing in BuildKit's is. So a script
// leaves the flag out, makes deleting what is gone no error, and states the
// version they know.
func adaptRuntime(ctx context.Context, command, dir string) (string, error) {
	if filepath.Base(command) != "crun" {
		return command, nil
	}
	hideUnified()
	// A build that ends meanwhile, for a fault elsewhere, must not look like one of crun.
	help, err := exec.CommandContext(context.WithoutCancel(ctx), command, "run", "--help").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("ask %s for its flags: %w", command, err)
	}
	if bytes.Contains(help, []byte("--keep")) {
		return command, nil
	}
	path := filepath.Join(dir, "crun")
	if err := writeProgram(path, crunScript(command)); err != nil {
		return "", fmt.Errorf("adapt %s: %w", command, err)
	}
	return path, nil
}

// hideUnified turns a hybrid of both versions of control groups, which crun
// refuses, into plain version 1, in the engine's mount namespace only.
func hideUnified() {
	unified := filepath.Join(cgroupRoot, "unified")
	var fs unix.Statfs_t
	if unix.Statfs(unified, &fs) != nil || fs.Type != unix.CGROUP2_SUPER_MAGIC {
		return
	}
	if err := unix.Unmount(unified, unix.MNT_DETACH); err != nil {
		bklog.L.Warnf("hide %s from crun: %v", unified, err)
	}
}

// crunScript runs command with its arguments adapted.
func crunScript(command string) string {
	return `#!/bin/sh
PATH=$PATH:/usr/bin:/bin
before=
for arg; do
	shift
	if [ "$before" = --bundle ]; then
		sed -i 's/"ociVersion":"1\.[^"]*"/"ociVersion":"1.0.2"/' "$arg/config.json" || exit
	fi
	before=$arg
	case $arg in
	--keep) ;;
	delete) set -- "$@" delete --force ;;
	*) set -- "$@" "$arg" ;;
	esac
done
exec '` + strings.ReplaceAll(command, "'", `'\''`) + `' "$@"
`
}

// writeProgram writes a file to be executed at once. The lock keeps a process
// that is forked meanwhile from inheriting the open file, which the kernel would
// then call busy.
func writeProgram(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(path, []byte(text), 0o700)
}
