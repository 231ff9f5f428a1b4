// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"errors"
	"io"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/registry"
)

// remote writes to a repository.
type remote struct {
	repo *registry.Repository
	name image.Name
	// named says that the name is already what it is to be.
	named bool
}

func openRegistry(n image.Name, o Options) (place, error) {
	if o.Registries == nil {
		return nil, errors.New("registries are not to be asked")
	}
	repo, err := o.Registries.Repository(n.Ref)
	if err != nil {
		return nil, err
	}
	return &remote{repo: repo, name: n}, nil
}

func (r *remote) has(ctx context.Context, d v1.Descriptor) (bool, error) {
	_, err := r.repo.Head(ctx, d.Digest.String())
	if errors.Is(err, registry.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// id is what the manifest is stored under: the tag if the name has one, for a digest
// beside it was checked.
func (r *remote) id() string {
	if tagged, ok := r.name.Ref.(reference.Tagged); ok {
		return tagged.Tag()
	}
	return image.Identifier(r.name.Ref)
}

// hasRoot asks for the name first.
func (r *remote) hasRoot(ctx context.Context, d v1.Descriptor) (bool, error) {
	id := r.id()
	for _, ask := range []string{id, d.Digest.String()} {
		found, err := r.repo.Head(ctx, ask)
		if errors.Is(err, registry.ErrNotFound) {
			continue
		}
		if err != nil {
			return false, err
		}
		if found.Digest == d.Digest {
			r.named = ask == id
			return true, nil
		}
	}
	return false, nil
}

func (r *remote) begin(context.Context, *plan) error {
	return nil
}

func (r *remote) blob(ctx context.Context, d v1.Descriptor, from *reading) (How, error) {
	origin := ""
	if ref := from.repository(); ref != nil {
		origin = r.repo.Beside(ref)
	}
	if origin == "" {
		if has, err := r.repo.HasBlob(ctx, d); err != nil || has {
			return Present, err
		}
		origin = r.repo.Elsewhere(d)
	}
	how, err := r.repo.Upload(ctx, d, origin, func(offset int64) (io.ReadCloser, error) {
		return from.openAt(ctx, offset)
	})
	if err != nil {
		if damaged := from.damage(ctx, err); damaged != nil {
			err = damaged
		}
		return "", err
	}
	switch how {
	case registry.Mounted:
		return Mounted, nil
	case registry.Found:
		return Present, nil
	}
	return Sent, nil
}

// damage says whether a blob that was not taken is a damaged one.
func (r *reading) damage(ctx context.Context, err error) error {
	if !registry.IsDigestInvalid(err) {
		return nil
	}
	rc, err := r.source.Blob(ctx, r.d)
	if err != nil {
		return nil //nolint:nilerr // the caller has an error to show
	}
	defer rc.Close()
	_, err = io.Copy(io.Discard, rc)
	return err
}

func (r *remote) manifest(ctx context.Context, d v1.Descriptor, raw []byte) error {
	return r.repo.PutManifest(ctx, d.Digest.String(), d, raw)
}

// finish tags what cosign finds by its tag before the image itself, so that the image
// is never there without its signature.
func (r *remote) finish(ctx context.Context, p *plan) error {
	for _, a := range p.attached {
		if a.tag == "" {
			continue
		}
		if err := r.repo.PutManifest(ctx, a.tag, a.Descriptor, a.raw); err != nil {
			return err
		}
	}
	if p.there && r.named {
		return nil
	}
	return r.repo.PutManifest(ctx, r.id(), p.root, p.rootRaw)
}

func (r *remote) close() error { return nil }
