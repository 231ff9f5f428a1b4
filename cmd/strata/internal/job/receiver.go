// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"

	"github.com/moby/buildkit/session/filesync"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
	"google.golang.org/grpc"
	headers "google.golang.org/grpc/metadata"
)

// receiver takes what a build sends: streams as BuildKit's client does, and directories in
// its own way.
//
// The files of a directory are asked for one by one. BuildKit's client asks for all at once,
// and when the daemon can't keep up, its questions fill the window of the stream. Go's HTTP/2
// server then keeps back behind them what would let the daemon send on: both wait for ever
// (moby/buildkit#2950). So there are never more questions than the daemon takes at once.
type receiver struct {
	*filesync.SyncTarget
	// dirs are the directories, by the exports.
	dirs map[int]string
}

// Register offers the receiver to the daemon.
func (r *receiver) Register(server *grpc.Server) { filesync.RegisterFileSendServer(server, r) }

// DiffCopy receives one export.
func (r *receiver) DiffCopy(stream filesync.FileSend_DiffCopyServer) error {
	if dir, ok := r.dirs[exportOf(stream.Context())]; ok {
		return receiveDirectory(stream, dir)
	}
	return r.SyncTarget.DiffCopy(stream)
}

// exportOf is which export a daemon sends; one that is older than several exports doesn't say.
func exportOf(ctx context.Context) int {
	md, _ := headers.FromIncomingContext(ctx)
	if said := md.Get("buildkit-attachable-exporter-id"); len(said) > 0 {
		if n, err := strconv.Atoi(said[0]); err == nil {
			return n
		}
	}
	return 0
}

// receiveDirectory adds what is sent to a directory. All of it becomes the user's.
func receiveDirectory(stream fsutil.Stream, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the output's directory: %w", err)
	}
	opened, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the output's directory: %w", err)
	}
	root := fsutil.NewRoot(opened)
	defer root.Close()
	uid, gid := os.Getuid(), os.Getgid()
	return fsutil.ReceiveRoot(stream.Context(), &paced{Stream: stream}, root, fsutil.ReceiveOpt{
		Merge: true,
		Filter: func(_ string, st *types.Stat) bool {
			st.Uid, st.Gid = uint32(uid), uint32(gid) //nolint:gosec // they are no larger; on Windows they are none
			return true
		},
	})
}

// paced is the receiver's side of a stream that keeps questions back.
type paced struct {
	fsutil.Stream

	mu sync.Mutex
	// asked is how many files were asked for and haven't ended yet; waiting are the
	// questions that come next.
	asked   int
	waiting []uint32
}

// mostAsked is how many files are asked for at once. A daemon sends four, and has a queue of
// 128.
const mostAsked = 100

// SendMsg sends a packet, a question when there are few enough before it.
func (p *paced) SendMsg(m any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if packet, ok := m.(*types.Packet); ok && packet.Type == types.PACKET_REQ {
		if p.asked >= mostAsked {
			p.waiting = append(p.waiting, packet.ID)
			return nil
		}
		p.asked++
	}
	return p.Stream.SendMsg(m)
}

// RecvMsg receives a packet, and asks for one more file when one has ended.
func (p *paced) RecvMsg(m any) error {
	if err := p.Stream.RecvMsg(m); err != nil {
		return err
	}
	packet, ok := m.(*types.Packet)
	if !ok || packet.Type != types.PACKET_DATA || len(packet.Data) > 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		p.asked--
		return nil
	}
	next := &types.Packet{Type: types.PACKET_REQ, ID: p.waiting[0]}
	p.waiting = p.waiting[1:]
	return p.Stream.SendMsg(next)
}
