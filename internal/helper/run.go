// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// runOptions say how Run starts a command.
type runOptions struct {
	// User is the USER[:GROUP] to run as; without it the command has the helper's own.
	User string
	// Home is the command's HOME. Without it, and with a User, HOME comes from /etc/passwd,
	// unless the environment has one that isn't root's.
	Home string
	// Skip lists directories whose files keep their times.
	Skip []string
	// Memory lists MODE=PATH of directories in memory, which get that mode and the user
	// before the command starts.
	Memory []string
	// KeepTimes leaves the times of what the command changed as they are.
	KeepTimes bool
	// Warn is told what couldn't be done but doesn't matter to the command.
	Warn func(line string)
}

// notFound and notExecutable are the statuses a shell gives for a command it can't start.
const (
	notFound      = 127
	notExecutable = 126
)

// runCommand runs a command and returns its exit status, 128 and the signal's number
// if a signal ended it. What the command left running is killed. If it
// succeeded, everything it changed in the root file system gets the time
// 1970-01-01T00:00:00Z.
func runCommand(argv []string, opt runOptions) (int, error) {
	if opt.Warn == nil {
		opt.Warn = func(string) {}
	}
	if len(argv) == 0 || argv[0] == "" {
		return ownFault, errors.New("run command: none given; put it after --")
	}
	attr, err := startAs(opt)
	if err != nil {
		return ownFault, err
	}
	if err := prepareMemory(opt.Memory, attr.Sys); err != nil {
		return ownFault, err
	}
	file, status, err := findCommand(argv[0], attr.Env)
	if err != nil {
		return status, err
	}
	since, err := startTimes()
	if err != nil {
		return ownFault, err
	}
	status, err = supervise(file, argv, attr)
	if err != nil || status != 0 || opt.KeepTimes {
		return status, err
	}
	if err := clamp("/", since, opt.Skip, opt.Warn); err != nil {
		return ownFault, err
	}
	return 0, nil
}

// startAs prepares the user and environment of the command.
func startAs(opt runOptions) (*syscall.ProcAttr, error) {
	attr := &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}}
	if opt.User != "" {
		known, err := readAccounts("/")
		if err != nil {
			return nil, err
		}
		l, err := known.login(opt.User)
		if err != nil {
			return nil, fmt.Errorf("run as %q: %w", opt.User, err)
		}
		attr.Sys = &syscall.SysProcAttr{Credential: l.credential()}
		if inherited(os.Getenv("HOME"), known) {
			attr.Env = withVariable(attr.Env, "HOME", l.home)
		}
	}
	if opt.Home != "" {
		attr.Env = withVariable(attr.Env, "HOME", opt.Home)
	}
	return attr, nil
}

// prepareMemory gives directories their modes, and to the command's user. A runtime mounts
// them with the mode of the directory that they are mounted on.
func prepareMemory(dirs []string, as *syscall.SysProcAttr) error {
	for _, arg := range dirs {
		text, dir, ok := strings.Cut(arg, "=")
		mode, err := strconv.ParseUint(text, 8, 12)
		if !ok || err != nil {
			return fmt.Errorf("read directory in memory %q: want MODE=PATH", arg)
		}
		if as != nil {
			if err := os.Chown(dir, int(as.Credential.Uid), int(as.Credential.Gid)); err != nil {
				return fmt.Errorf("give %s to the command's user: %w", show(dir), err)
			}
		}
		if err := unix.Chmod(dir, uint32(mode)); err != nil {
			return fmt.Errorf("set the mode of %s: %w", show(dir), err)
		}
	}
	return nil
}

func (l login) credential() *syscall.Credential {
	c := &syscall.Credential{Uid: uint32(l.uid), Gid: uint32(l.gid)}
	for _, gid := range l.groups {
		c.Groups = append(c.Groups, uint32(gid))
	}
	return c
}

// inherited reports whether HOME is the one a container runtime sets for the
// helper, which is root, and so says nothing about the command's user.
func inherited(home string, known accounts) bool {
	root, err := known.login("0")
	return home == "" || err == nil && home == root.home
}

// supervise starts the command, hands signals on to it, reaps what it leaves
// behind and kills what it left running.
func supervise(file string, argv []string, attr *syscall.ProcAttr) (int, error) {
	if err := adoptOrphans(); err != nil {
		return ownFault, err
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2,
		unix.SIGALRM, unix.SIGWINCH)
	defer signal.Stop(signals)
	pid, err := syscall.ForkExec(file, argv, attr)
	if err != nil {
		return execStatus(err), fmt.Errorf("run %s: %w", show(argv[0]), explain(err, file))
	}
	go func() {
		for s := range signals {
			_ = unix.Kill(pid, s.(syscall.Signal))
		}
	}()
	status, err := reapUntil(pid)
	if err != nil {
		return ownFault, err
	}
	if err := killRest(); err != nil {
		return ownFault, err
	}
	return status, nil
}
