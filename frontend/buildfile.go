// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"path"
	"strings"
	"sync"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"

	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/lock"
)

// readBuildFile reads the build file, and the lock beside it, which comes in the same
// transfer as what dockerui asks for by the client. The source is what clients print lines of;
// what counts are the bytes as they were sent.
func readBuildFile(ctx context.Context, ui *dockerui.Client, by *withLock) (source *dockerui.Source, sent []byte, err error) {
	name := by.buildFile
	paths := []string{name, name + ".dockerignore", LockName(name)}
	if path.Base(name) == dockerui.DefaultDockerfileName {
		paths = append(paths, path.Join(path.Dir(name), strings.ToLower(dockerui.DefaultDockerfileName)))
	}
	source, err = ui.ReadEntrypoint(ctx, "YAML", bk.FollowPaths(paths))
	if err != nil {
		return nil, nil, err
	}
	by.opened = true
	sent, source.SourceMap.Data = source.Data, printable.Masked(source.Data)
	return source, sent, nil
}

// withLock is a client that reads the lock of a build file while dockerui reads the build
// file by it: dockerui doesn't tell of the directory that it opens for that.
type withLock struct {
	client.Client
	buildFile string
	// opened says that dockerui has opened the directory.
	opened bool
	// lock gives the lock, nil when there is none.
	lock func() (*lock.File, error)
	// ignoreFile names the ignore file that dockerui takes: the build file's own, if there
	// is one.
	ignoreFile func() string
}

// Solve is the client's. Until the directory is opened, one call comes after the other, and
// that for the directory is the last.
func (c *withLock) Solve(ctx context.Context, req client.SolveRequest) (*client.Result, error) {
	source.HideLogins(req.Definition)
	res, err := c.Client.Solve(ctx, req)
	if err != nil || c.opened {
		return res, err
	}
	if ref, err := res.SingleRef(); err == nil && ref != nil { // dockerui says what is wrong otherwise
		read := sync.OnceValues(func() (*lock.File, error) { return readLock(ctx, ref, LockName(c.buildFile)) })
		go func() { _, _ = read() }()
		c.lock = read
		c.ignoreFile = sync.OnceValue(func() string {
			if _, err := ref.StatFile(ctx, client.StatRequest{Path: c.buildFile + dockerui.DefaultDockerignoreName}); err != nil {
				return dockerui.DefaultDockerignoreName
			}
			return path.Base(c.buildFile) + dockerui.DefaultDockerignoreName
		})
	}
	return res, nil
}
