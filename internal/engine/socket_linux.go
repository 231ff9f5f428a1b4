// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// socketName is the control socket in the state directory. A socket's address holds
// 107 bytes and a directory's path may be longer, so both sides open the directory and
// name the socket below /proc/self/fd. It also ties the socket to the directory
// itself: one made again at the same path has no socket yet.
const socketName = "engine.sock"

// directory is an open state directory.
type directory struct {
	path string
	file *os.File
}

// openDir opens the state directory without reading it.
func openDir(path string) (*directory, error) {
	f, err := os.OpenFile(path, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, fmt.Errorf("open the engine's directory: %w", err)
	}
	return &directory{path: path, file: f}, nil
}

// Close closes the directory.
func (f *directory) Close() error { return f.file.Close() }

// socket is the short address of the control socket; it holds while f is open.
func (f *directory) socket() string {
	return fmt.Sprintf("/proc/self/fd/%d/%s", f.file.Fd(), socketName)
}

// gone reports whether the directory was removed or replaced.
func (f *directory) gone() bool {
	have, err := f.file.Stat()
	if err != nil {
		return true
	}
	now, err := os.Stat(f.path)
	return err != nil || !os.SameFile(have, now)
}

// listen makes the control socket, readable by the owner alone.
func (f *directory) listen() (*net.UnixListener, error) {
	if err := os.Remove(filepath.Join(f.path, socketName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove the old control socket: %w", err)
	}
	old := unix.Umask(0o177)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: f.socket(), Net: "unix"})
	unix.Umask(old)
	if err != nil {
		return nil, fmt.Errorf("make the control socket: %w", err)
	}
	return l, nil
}

// dial connects to the control socket of a state directory.
func dial(ctx context.Context, root string) (*net.UnixConn, error) {
	f, err := openDir(root)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := checkSocket(f.socket(), filepath.Join(root, socketName)); err != nil {
		return nil, fmt.Errorf("connect to the engine of %s: %w", root, err)
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", f.socket())
	if err != nil {
		return nil, fmt.Errorf("connect to the engine of %s: %w", root, err)
	}
	cred, err := credentials(conn.(*net.UnixConn))
	if err == nil && int(cred.Uid) != os.Geteuid() {
		err = fmt.Errorf("user %d answers at %s", cred.Uid, filepath.Join(root, socketName))
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn.(*net.UnixConn), nil
}

// peer is the process that listens at the other end, as seen from here.
func peer(conn *net.UnixConn) (int, error) {
	cred, err := credentials(conn)
	if err != nil {
		return 0, err
	}
	if cred.Pid <= 0 {
		return 0, errors.New("find the engine's process: it is in a PID namespace that can't be seen from here")
	}
	return int(cred.Pid), nil
}

// credentials are those of the process that listens at the other end.
func credentials(conn *net.UnixConn) (cred *unix.Ucred, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("find the engine's process: %w", err)
	}
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(err, credErr); err != nil {
		return nil, fmt.Errorf("find the engine's process: %w", err)
	}
	return cred, nil
}
