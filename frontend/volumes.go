// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/llb/plan"
)

// missingVolumes are the volumes of an image that it has no directories for, as empty
// mounts: whoever runs a container makes those. What the image has in the others is what a
// new volume starts with.
func missingVolumes(ctx context.Context, ref client.Reference, img *plan.Image) ([]client.Mount, error) {
	var out []client.Mount
	for _, volume := range slices.Sorted(maps.Keys(img.Config.Config.Volumes)) {
		dest := path.Join("/", volume)
		there, err := exists(ctx, ref, dest)
		if err != nil {
			return nil, fmt.Errorf("look for the volume %s: %w", dest, err)
		}
		if !there {
			out = append(out, client.Mount{Dest: dest, MountType: pb.MountType_BIND})
		}
	}
	return out, nil
}

// exists reports whether an image has a path, links followed. An image without a reference
// is empty.
func exists(ctx context.Context, ref client.Reference, p string) (bool, error) {
	if p == "/" || ref == nil {
		return p == "/", nil
	}
	_, err := ref.StatFile(ctx, client.StatRequest{Path: p})
	if err = fault.NotExist(err); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
