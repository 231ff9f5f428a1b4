// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"cmp"
	"fmt"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/helper/program"
)

// stepArchs are the architectures that the frontend image has a helper for.
func stepArchs() []string { return []string{"amd64", "arm64"} }

// Step returns the step helper for an architecture. As an image, the frontend
// brings it as a file of its own, so that a new frontend with the same helper
// keeps the cache; inside the command line it comes from there.
func (d *Daemon) Step(arch string) (bk.State, string, error) {
	known := false
	for _, a := range stepArchs() {
		known = known || a == arch
	}
	if !known { // the daemon's own runs anywhere that its kernel knows how to run arch
		arch = d.Platform.Architecture
	}
	name := program.File(arch)
	st, err := d.currentFrontend()
	if err != nil {
		return bk.State{}, "", fmt.Errorf("find the frontend's own image: %w", err)
	}
	if st != nil {
		return *st, "/" + name, nil
	}
	opts := d.Client.BuildOpts()
	local := bk.Local(program.Source,
		// Several builds of one command line share a session for what they all read.
		bk.SessionID(cmp.Or(opts.Opts["local-sessionid:"+program.Source], opts.SessionID)),
		bk.SharedKeyHint(program.Source),
		bk.FollowPaths([]string{name}),
		bk.WithCustomName("[internal] load the step helper"))
	return local, "/" + name, nil
}

// currentFrontend is the image that this frontend runs in; nil outside of one. It is read
// once: each step has its helper from there, as one source for all of them.
func (d *Daemon) currentFrontend() (*bk.State, error) {
	d.asked.Do(func() {
		if c, ok := d.Client.(interface {
			CurrentFrontend() (*bk.State, error)
		}); ok {
			d.own, d.ownErr = c.CurrentFrontend()
		}
	})
	return d.own, d.ownErr
}
