// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"time"

	"github.com/containerd/containerd/v2/defaults"
	"github.com/moby/buildkit/control"
	"github.com/moby/buildkit/util/apicaps"
	"github.com/moby/buildkit/util/bklog"
	"github.com/moby/buildkit/util/grpcerrors"
	fscopy "github.com/tonistiigi/fsutil/copy"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

const (
	// watch is how often the engine looks whether its directory is still there.
	watch = time.Second

	// closing is how long closing may take: BuildKit's databases wait for whoever
	// still reads them, and a step that was cut off may hold on.
	closing = 5 * time.Second
)

// Main is the engine: it makes this process BuildKit and returns when the engine
// leaves. args are the arguments after [Subcommand]. No one but [Connect] can
// start it in a way that works, because it inherits the lock of its directory.
func Main(ctx context.Context, args []string) error {
	lock := os.NewFile(lockFD, lockName)
	answer := os.NewFile(readyFD, ready)
	unix.CloseOnExec(lockFD)
	unix.CloseOnExec(readyFD)
	o, err := parseArguments(args)
	if err == nil && !isLock(lock, o.Root) {
		err = errors.New("the engine is started by the commands that need it, not by hand")
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	e, err := start(ctx, o)
	if err != nil {
		fmt.Fprint(answer, err)
		answer.Close()
		return err
	}
	fmt.Fprint(answer, ready)
	answer.Close()
	return e.run(ctx)
}

// engine is a BuildKit that answers.
type engine struct {
	directory *directory
	life      *lifetime
	server    *grpc.Server
	served    chan error
	stopping  context.CancelFunc
	close     func() error
	grace     time.Duration
	root      string
}

// heapGrowth is by how many percent the heap grows before garbage is collected. The
// engine keeps little in memory, some 30 MB, and a build throws away a lot: at Go's
// own 100 a fifth of its time goes into collecting.
const heapGrowth = 400

// start brings up everything up to the control socket.
func start(ctx context.Context, o Options) (*engine, error) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	unix.Umask(0) // files in layers get exactly the modes they ask for
	fscopy.UmaskIsZero = true
	apicaps.ExportedProduct = "buildkit"
	s, err := loadSettings(o)
	if err != nil {
		return nil, err
	}
	if err := redirectLog(s.Log.Level); err != nil {
		return nil, fmt.Errorf("read log.level: %w", err)
	}
	if err := enterNamespaces(o.Root); err != nil {
		return nil, err
	}
	s.mendedCgroups = prepareCgroups()
	if err := clearLeftovers(s); err != nil {
		return nil, err
	}
	if s.unsynced, err = trustMemory(o.Root); err != nil {
		return nil, err
	}
	f, err := openDir(o.Root)
	if err != nil {
		return nil, err
	}
	stopping, cancel := context.WithCancel(ctx)
	controller, err := newController(ctx, s, stopping.Done())
	if err != nil {
		cancel()
		return nil, err
	}
	e := &engine{
		directory: f,
		server:    newServer(),
		served:    make(chan error, 1),
		stopping:  cancel,
		close:     func() error { return closeAndFlush(controller, o.Root) },
		grace:     o.Grace,
		root:      s.root,
	}
	controller.Register(e.server)
	return e, e.serve(s, o.Linger)
}

// closeAndFlush closes BuildKit and makes what it kept outlast the machine.
func closeAndFlush(c *control.Controller, root string) error {
	if err := c.Close(); err != nil {
		return err
	}
	return flush(root)
}

// newServer is a gRPC server with BuildKit's limits and errors.
func newServer() *grpc.Server {
	server := grpc.NewServer(
		grpc.ChainUnaryInterceptor(grpcerrors.UnaryServerInterceptor, newRequests().intercept),
		grpc.StreamInterceptor(grpcerrors.StreamServerInterceptor),
		grpc.MaxRecvMsgSize(defaults.DefaultMaxRecvMsgSize),
		grpc.MaxSendMsgSize(defaults.DefaultMaxSendMsgSize),
	)
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	return server
}

// serve makes the control socket and answers on it.
func (e *engine) serve(s *settings, linger time.Duration) error {
	if err := s.writeFingerprint(); err != nil {
		return err
	}
	l, err := e.directory.listen()
	if err != nil {
		return err
	}
	e.life = newLifetime(linger)
	go func() { e.served <- e.server.Serve(&countingListener{Listener: l, life: e.life}) }()
	return nil
}

// run returns when it is time to leave and everything is closed.
func (e *engine) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go reap(ctx)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGUSR1)
	defer signal.Stop(signals)
	tick := time.NewTicker(watch)
	defer tick.Stop()
	for {
		select {
		case sig := <-signals:
			if sig == unix.SIGUSR1 {
				e.life.retire()
				continue
			}
			return e.stop("told to stop", e.grace)
		case <-tick.C:
			if e.directory.gone() {
				return e.stop("its directory is gone", 0)
			}
		case <-e.life.idle:
			return e.stop("no client needs it", e.grace)
		case <-ctx.Done():
			return e.stop("told to stop", e.grace)
		case err := <-e.served:
			return errors.Join(fmt.Errorf("serve the control socket: %w", err), e.close())
		}
	}
}

// stop lets running builds end for a while, then cuts them off.
func (e *engine) stop(why string, grace time.Duration) error {
	bklog.L.Infof("the engine leaves: %s", why)
	e.stopping()
	hurry := time.AfterFunc(grace, e.server.Stop)
	defer hurry.Stop()
	e.server.GracefulStop()
	removeCgroups(e.root)
	closed := make(chan error, 1)
	go func() { closed <- e.close() }()
	select {
	case err := <-closed:
		return err
	case <-time.After(closing):
		return errors.New("close the engine: something is still in use; leaving all the same")
	}
}
