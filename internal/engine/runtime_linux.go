// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"

	"github.com/moby/buildkit/executor"
	resourcestypes "github.com/moby/buildkit/executor/resources/types"
	"github.com/moby/buildkit/executor/runcexecutor"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/network"
)

// lazyExecutor looks for the OCI runtime when the first step needs it, so that
// an engine without one still does everything else.
type lazyExecutor struct {
	opt       runcexecutor.Opt
	runtimes  []string // where the configuration names none
	bin       string   // directory for a runtime's wrapper
	providers map[pb.NetMode]network.Provider

	mu    sync.Mutex
	found executor.Executor
}

// Run starts a step.
func (e *lazyExecutor) Run(ctx context.Context, id string, rootfs executor.Mount, mounts []executor.Mount, process executor.ProcessInfo, started chan<- struct{}) (resourcestypes.Recorder, error) {
	x, err := e.executor(ctx)
	if err != nil {
		return nil, err
	}
	return x.Run(ctx, id, rootfs, mounts, process, started)
}

// Exec starts one more process in a running step.
func (e *lazyExecutor) Exec(ctx context.Context, id string, process executor.ProcessInfo) error {
	x, err := e.executor(ctx)
	if err != nil {
		return err
	}
	return x.Exec(ctx, id, process)
}

// executor makes the real executor once a runtime is found. It looks again
// after a failure: the user may have installed one meanwhile.
func (e *lazyExecutor) executor(ctx context.Context) (executor.Executor, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.found != nil {
		return e.found, nil
	}
	command, err := findRuntime(e.opt.CommandCandidates, e.runtimes)
	if err != nil {
		return nil, err
	}
	if command, err = adaptRuntime(ctx, command, e.bin); err != nil {
		return nil, err
	}
	opt := e.opt
	opt.CommandCandidates = []string{command}
	x, err := runcexecutor.New(opt, e.providers)
	if err != nil {
		return nil, fmt.Errorf("prepare the OCI runtime %s: %w", command, err)
	}
	e.found = x
	return x, nil
}

// runtimes are the commands to look for. crun takes a third of runc's time to start
// and end a container, which counts where a layer is unpacked in 20 ms. But it needs
// control groups as the system made them.
func runtimes(mendedCgroups bool) []string {
	if mendedCgroups {
		return []string{"buildkit-runc", "runc", "crun"}
	}
	return []string{"buildkit-runc", "crun", "runc"}
}

// findRuntime returns the path of the first command that is installed: of those that
// are configured, if there are any.
func findRuntime(configured, usual []string) (string, error) {
	candidates := configured
	if len(candidates) == 0 {
		candidates = usual
	}
	for _, name := range candidates {
		path, err := exec.LookPath(name)
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, exec.ErrNotFound) && len(configured) > 0 {
			return "", fmt.Errorf("find the OCI runtime: %w", err)
		}
	}
	if len(configured) > 0 {
		return "", fmt.Errorf("find the OCI runtime %q that the configuration names (worker.oci.binary): %w", configured[0], exec.ErrNotFound)
	}
	return "", ErrNoRuntime
}
