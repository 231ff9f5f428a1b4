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
	"sync/atomic"
	"time"

	"github.com/moby/buildkit/client"
	"golang.org/x/sys/unix"
)

const (
	// patience is how long Connect waits for an engine that holds the lock but
	// does not answer: it is starting, or leaving and waiting for a last build.
	patience = time.Minute

	// pause lies between two looks at such an engine.
	pause = 10 * time.Millisecond

	// attempts is how many engines Connect starts when they die before they answer.
	attempts = 3
)

// Connect returns a client of the engine of o.Root, which it starts if need be.
// The engine stays as long as the client is open. An engine with another
// configuration is asked to leave once its builds are done, and is waited for.
func Connect(ctx context.Context, o Options) (*client.Client, error) {
	if os.Geteuid() != 0 {
		return nil, ErrNotRoot
	}
	o, err := o.resolve()
	if err != nil {
		return nil, err
	}
	settings, err := loadSettings(o)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Root, 0o700); err != nil {
		return nil, fmt.Errorf("make the engine's directory: %w", err)
	}
	if err := checkOwner(o.Root); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf(
		"the engine of %s neither answers nor leaves: it may be waiting for a build with another configuration to end (its log is %s)",
		o.Root, filepath.Join(o.Root, LogName)))
	defer cancel()
	return connect(ctx, o, settings.fingerprint)
}

// connect takes turns between looking for an engine and starting one.
func connect(ctx context.Context, o Options, want string) (*client.Client, error) {
	var last error
	for started := 0; started < attempts; {
		c, err := attach(ctx, o.Root, want)
		if err == nil {
			return c, nil
		}
		last = err
		lock, err := tryLock(o.Root)
		if err != nil {
			return nil, err
		}
		if lock == nil {
			if err := sleep(ctx, pause); err != nil {
				return nil, err
			}
			continue
		}
		started++
		err = spawn(ctx, o, lock)
		lock.Close()
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("start the engine (its log is %s): %w", filepath.Join(o.Root, LogName), last)
}

// attach makes a client of a running engine with the wanted configuration. Its
// errors all mean "not this one": look again.
func attach(ctx context.Context, root, want string) (*client.Client, error) {
	conn, err := dial(ctx, root)
	if err != nil {
		return nil, err
	}
	if have := readFingerprint(root); have != want {
		defer conn.Close()
		return nil, retire(conn)
	}
	c, err := client.New(ctx, "unix://"+filepath.Join(root, socketName), client.WithContextDialer(once(conn, root)))
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("connect to the engine: %w", err)
	}
	if _, err := c.Info(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("connect to the engine: %w", err)
	}
	return c, nil
}

// once hands out the connection that exists. There is no second: the sessions of
// a build die with the engine they were opened with, and another engine knows
// nothing of them.
func once(conn net.Conn, root string) func(context.Context, string) (net.Conn, error) {
	var used atomic.Bool
	return func(context.Context, string) (net.Conn, error) {
		if used.Swap(true) {
			return nil, fmt.Errorf("the engine has stopped: run the command again (the engine's log is %s)", filepath.Join(root, LogName))
		}
		return conn, nil
	}
}

// retire asks an engine to leave as soon as it has no clients.
func retire(conn *net.UnixConn) error {
	pid, err := peer(conn)
	if err != nil {
		return err
	}
	if err := unix.Kill(pid, unix.SIGUSR1); err != nil {
		return fmt.Errorf("ask the engine to leave: %w", err)
	}
	return errors.New("the engine runs with another configuration")
}

// Stop ends the engine of o.Root, if there is one, and returns when it is gone.
// Builds that run are given some seconds to end.
func Stop(ctx context.Context, o Options) error {
	o, err := o.resolve()
	if err != nil {
		return err
	}
	for {
		if _, err := os.Stat(o.Root); errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if conn, err := dial(ctx, o.Root); err == nil {
			pid, err := peer(conn)
			conn.Close()
			if err != nil {
				return err
			}
			if err := unix.Kill(pid, unix.SIGTERM); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("stop the engine: %w", err)
			}
		}
		lock, err := tryLock(o.Root)
		if err != nil {
			return err
		}
		if lock != nil {
			return lock.Close()
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
