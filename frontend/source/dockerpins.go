// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"path"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"

	"github.com/strata-build/strata/frontend/stages"
	"github.com/strata-build/strata/llb/lock"
)

// pinning is a Dockerfile whose images are to be pinned.
type pinning struct {
	// from is the directory that has it, def its definition.
	from bk.State
	def  *bk.Definition
	file string
	text []byte
}

// pin takes the images of a Dockerfile by their digests, and returns the definition of the
// directory that it is read from. Mostly that is the same: a pinned image is a named context,
// which is taken wherever the image is named. But a context takes the place of a stage as
// well that is called like it, with all that the stage does; so the lines that name such an
// image get the digest themselves.
func (d *dockerfiles) pin(ctx context.Context, p pinning, opts map[string]string) (*bk.Definition, error) {
	file := stages.Read(p.text, stages.Args(opts, d.daemon.Platform))
	hidden := map[string]string{}
	for name, image := range d.pins.contexts() {
		if _, given := opts[name]; given {
			continue
		}
		if file.Has(strings.TrimPrefix(name, contextPrefix)) {
			image = strings.TrimPrefix(image, imageScheme)
			name, _, _ := strings.Cut(image, "@")
			hidden[name] = image
			continue
		}
		opts[name] = image
	}
	if len(hidden) == 0 {
		return p.def, nil
	}
	text := file.Pinned(func(image string) string {
		name, _ := lock.ImageName(image)
		return hidden[name]
	})
	st := p.from.File(bk.Mkfile(path.Join("/", p.file), 0o600, text), dockerui.WithInternalName("pin the images of "+p.file))
	return d.daemon.Marshal(ctx, st)
}
