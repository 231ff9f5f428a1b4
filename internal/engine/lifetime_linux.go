// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"net"
	"sync"
	"time"
)

// lifetime counts connections and says when there have been none for a while.
type lifetime struct {
	idle chan struct{} // closed when it is time to leave

	mu      sync.Mutex
	open    int
	linger  time.Duration
	timer   *time.Timer
	leaving bool
}

// welcome is the least time an engine waits for its first connection, that of the
// client that started it: on a busy machine it may take a while.
const welcome = 10 * time.Second

// newLifetime starts to wait for a first connection.
func newLifetime(linger time.Duration) *lifetime {
	l := &lifetime{idle: make(chan struct{}), linger: linger}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer = time.AfterFunc(max(linger, welcome), l.expire)
	return l
}

// expire ends the lifetime if still no one is there.
func (l *lifetime) expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == 0 && !l.leaving {
		l.leaving = true
		close(l.idle)
	}
}

// enter counts a connection, or refuses it because it came too late.
func (l *lifetime) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.leaving {
		return false
	}
	l.open++
	l.timer.Stop()
	return true
}

// exit forgets a connection.
func (l *lifetime) exit() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open--; l.open == 0 {
		l.timer.Reset(l.linger)
	}
}

// retire makes the engine leave with its last connection, without lingering.
func (l *lifetime) retire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.linger = 0
	if l.open == 0 {
		l.timer.Reset(0)
	}
}

// countingListener is a listener whose connections keep the engine alive.
type countingListener struct {
	net.Listener
	life *lifetime
}

// Accept waits for a connection and counts it.
func (l *countingListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.life.enter() {
			return &countedConn{Conn: conn, exit: sync.OnceFunc(l.life.exit)}, nil
		}
		conn.Close()
	}
}

// countedConn tells when it is closed.
type countedConn struct {
	net.Conn
	exit func()
}

// Close closes the connection; the engine may leave if it was the last.
func (c *countedConn) Close() error {
	defer c.exit()
	return c.Conn.Close()
}
