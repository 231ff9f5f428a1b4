// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/gateway/client"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/spec"
)

// LockName is the name of the lock that belongs to a build file: strata.lock for
// strata.yaml, and app.lock for app.yaml.
func LockName(buildFile string) string {
	return strings.TrimSuffix(buildFile, path.Ext(buildFile)) + path.Ext(lock.Name)
}

// readLock reads a lock from the directory that the build file came from; nil when there is
// none.
func readLock(ctx context.Context, ref client.Reference, name string) (*lock.File, error) {
	st, err := ref.StatFile(ctx, client.StatRequest{Path: name})
	if errors.Is(fault.NotExist(err), fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // no lock is not a fault
	}
	if err == nil && !fs.FileMode(st.Mode).IsRegular() {
		return nil, fmt.Errorf("read %s: it is not a plain file", name)
	}
	data, err := source.ReadWhole(ctx, ref, name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return lock.Read(path.Base(name), data)
}

// loadLock reads the lock, and takes images by the digests that it has for them; nil when
// there is none.
func (r *request) loadLock() (*lock.File, error) {
	file, err := r.lock()
	if err == nil && file != nil {
		r.finder.Pin(r.lockName(), file.Sources.Images, false)
	}
	return file, err
}

func targetNeedsLock(t *spec.Target) bool {
	return slices.ContainsFunc(t.Layers, func(l spec.Layer) bool { return l.Strategy().IsLocked() })
}
