// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/child"
)

// notFound and notExecutable are the statuses a shell gives for a command it can't start.
const (
	notFound      = 127
	notExecutable = 126
)

// runCommand runs a command and returns its exit status, 128 and the signal's number
// if a signal ended it. What the command left running is killed. If it
// succeeded, everything it changed in the root file system gets the time
// 1970-01-01T00:00:00Z. warn is told what couldn't be done but doesn't matter to the
// command.
func runCommand(c call.Run, warn func(line string)) (int, error) {
	if c.Command[0] == "" {
		return ownFault, errors.New("run command: its name is empty")
	}
	attr, err := startAs(c.User, c.Home)
	if err != nil {
		return ownFault, err
	}
	if err := prepareMemory(c.Memory, attr.Sys); err != nil {
		return ownFault, err
	}
	file, status, err := findCommand(c.Command[0], attr.Env)
	if err != nil {
		return status, err
	}
	since, err := startTimes()
	if err != nil {
		return ownFault, err
	}
	status, err = supervise(file, c.Command, attr)
	if err != nil || status != 0 || c.KeepTimes {
		return status, err
	}
	if err := clamp("/", since, c.Skip, warn); err != nil {
		return ownFault, err
	}
	return 0, nil
}

// startAs prepares the user and environment of the command.
func startAs(user, home string) (*syscall.ProcAttr, error) {
	attr := &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}}
	if user != "" {
		known, err := readAccounts("/")
		if err != nil {
			return nil, err
		}
		l, err := known.login(user)
		if err != nil {
			return nil, fmt.Errorf("run as %q: %w", user, err)
		}
		attr.Sys = &syscall.SysProcAttr{Credential: l.credential()}
		if inherited(os.Getenv("HOME"), known) {
			attr.Env = withVariable(attr.Env, "HOME", l.home)
		}
	}
	if home != "" {
		attr.Env = withVariable(attr.Env, "HOME", home)
	}
	return attr, nil
}

// prepareMemory gives directories their modes, and to the command's user. A runtime mounts
// them with the mode of the directory that they are mounted on.
func prepareMemory(dirs []call.Memory, as *syscall.SysProcAttr) error {
	for _, dir := range dirs {
		if as != nil {
			if err := os.Chown(dir.Path, int(as.Credential.Uid), int(as.Credential.Gid)); err != nil {
				return fmt.Errorf("give %s to the command's user: %w", show(dir.Path), err)
			}
		}
		if err := unix.Chmod(dir.Path, dir.Mode); err != nil {
			return fmt.Errorf("set the mode of %s: %w", show(dir.Path), err)
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
	pid, err := new(child.Starter).ForkExec(file, argv, attr)
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
