// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/filesync"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// many is a tree of files of one size, as on a slow disk: none is read before all were asked
// for that are going to be.
type many struct {
	files, size int
	asked       func()
}

// Walk tells of each file, in their order.
func (m many) Walk(_ context.Context, _ string, fn fs.WalkDirFunc) error {
	for i := range m.files {
		st := &types.Stat{Path: fmt.Sprintf("%06d", i), Mode: 0o644, Size: int64(m.size)}
		if err := fn(st.Path, &fsutil.DirEntryInfo{Stat: st}, nil); err != nil {
			return err
		}
	}
	return nil
}

// Open gives a file's content.
func (m many) Open(string) (io.ReadCloser, error) {
	m.asked()
	return io.NopCloser(io.LimitReader(zeros{}, int64(m.size))), nil
}

type zeros struct{}

// Read gives as many zeros as are asked for.
func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// caller is the daemon's side of a session.
type caller struct {
	session.Caller
	conn *grpc.ClientConn
}

// Context is that of a call.
func (caller) Context(ctx context.Context) context.Context { return ctx }

// Supports says that the client takes what a build sends.
func (caller) Supports(string) bool { return true }

// Conn is the connection.
func (c caller) Conn() *grpc.ClientConn { return c.conn }

// send sends a tree to what receives it, over a connection as sessions have it.
func send(t *testing.T, tree fsutil.FS, to session.Attachable) error {
	t.Helper()
	client, daemon := net.Pipe()
	server := grpc.NewServer()
	to.Register(server)
	go (&http2.Server{}).ServeConn(client, &http2.ServeConnOpts{Handler: server})
	conn, err := grpc.NewClient("passthrough:client", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return daemon, nil }))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return filesync.CopyToCaller(t.Context(), tree, 1, caller{conn: conn}, nil)
}

// TestManyFiles receives more files than fit into a stream's window as questions. With
// BuildKit's own target it never ends.
func TestManyFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	tree := many{files: 10_000, size: 1 << 10}
	last := filepath.Join(dir, fmt.Sprintf("%06d", tree.files-1))
	tree.asked = sync.OnceFunc(func() {
		for { // a file is made, and then asked for
			if _, err := os.Stat(last); err == nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	if err := send(t, tree, &receiver{SyncTarget: filesync.NewFSSyncTarget(), dirs: map[int]string{1: dir}}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != tree.files {
		t.Fatalf("%d files came of %d: %v", len(entries), tree.files, err)
	}
	data, err := os.ReadFile(filepath.Join(dir, entries[tree.files-1].Name()))
	if err != nil || !bytes.Equal(data, make([]byte, tree.size)) {
		t.Errorf("the last file has %d bytes: %v", len(data), err)
	}
}
