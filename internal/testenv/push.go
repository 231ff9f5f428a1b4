// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Push sends an image to repository[:tag] and returns the whole reference.
func (r *Registry) Push(t testing.TB, repository string, image v1.Image) string {
	t.Helper()
	ref := r.parse(t, repository)
	if err := remote.Write(ref, image, r.auth()); err != nil {
		t.Fatalf("push %s: %v", ref, err)
	}
	return ref.String()
}

// PushIndex sends one index of the images, whose platforms are those of their
// configurations, and returns the whole reference.
func (r *Registry) PushIndex(t testing.TB, repository string, images ...v1.Image) string {
	t.Helper()
	ref := r.parse(t, repository)
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, image := range images {
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatalf("read image config: %v", err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: config.Platform()},
		})
	}
	if err := remote.WriteIndex(ref, index, r.auth()); err != nil {
		t.Fatalf("push %s: %v", ref, err)
	}
	return ref.String()
}

// Descriptor asks the registry what repository[:tag] is.
func (r *Registry) Descriptor(t testing.TB, repository string) v1.Descriptor {
	t.Helper()
	ref := r.parse(t, repository)
	got, err := remote.Get(ref, r.auth())
	if err != nil {
		t.Fatalf("get %s: %v", ref, err)
	}
	return got.Descriptor
}

func (r *Registry) parse(t testing.TB, repository string) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(r.Host+"/"+repository, name.Insecure)
	if err != nil {
		t.Fatalf("parse reference: %v", err)
	}
	return ref
}

func (r *Registry) auth() remote.Option {
	if r.options.User == "" {
		return remote.WithAuth(authn.Anonymous)
	}
	return remote.WithAuth(&authn.Basic{Username: r.options.User, Password: r.options.Password})
}

// PushImageIndex sends an index as it is to repository[:tag] and returns the
// whole reference.
func (r *Registry) PushImageIndex(t testing.TB, repository string, index v1.ImageIndex) string {
	t.Helper()
	ref := r.parse(t, repository)
	if err := remote.WriteIndex(ref, index, r.auth()); err != nil {
		t.Fatalf("push %s: %v", ref, err)
	}
	return ref.String()
}
