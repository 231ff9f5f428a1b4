// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"path/filepath"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// parts are a registry and what is in it, as far as the tests of a process asked
// for them.
type parts struct {
	mu       sync.Mutex
	registry *Registry
	images   map[string]string

	layersMu sync.Mutex
	layers   map[string]v1.Layer
}

// SharedRegistry returns the registry that the tests of this package share.
// Everybody may push to it.
func SharedRegistry(t testing.TB) *Registry {
	t.Helper()
	s := sharedSession(t)
	s.parts.mu.Lock()
	defer s.parts.mu.Unlock()
	if s.parts.registry != nil {
		return s.parts.registry
	}
	r, err := startRegistry(filepath.Join(s.dir, "registry"), RegistryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.parts.registry = r
	return r
}

// SharedFrontend returns the reference of the frontend's image in the shared
// registry.
func SharedFrontend(t testing.TB) string {
	t.Helper()
	return sharedImage(t, "frontend", func(r *Registry) string { return FrontendImage(t, r) })
}

// SharedBase returns the reference of the busybox image in the shared registry,
// with nothing changed.
func SharedBase(t testing.TB) string {
	t.Helper()
	return sharedImage(t, "base", func(r *Registry) string { return BusyboxImage(t, r, "base:1", BusyboxTweaks{}) })
}

// sharedImage pushes an image once.
func sharedImage(t testing.TB, name string, push func(*Registry) string) string {
	t.Helper()
	r := SharedRegistry(t)
	s := sharedSession(t)
	s.parts.mu.Lock()
	defer s.parts.mu.Unlock()
	if ref, ok := s.parts.images[name]; ok {
		return ref
	}
	ref := push(r)
	if s.parts.images == nil {
		s.parts.images = map[string]string{}
	}
	s.parts.images[name] = ref
	return ref
}

// sharedLayer is the layer of a large tar archive below .cache, compressed once.
func sharedLayer(t testing.TB, file string) v1.Layer {
	t.Helper()
	p := &sharedSession(t).parts
	p.layersMu.Lock()
	defer p.layersMu.Unlock()
	if layer, ok := p.layers[file]; ok {
		return layer
	}
	layer, err := packedLayer(file)
	if err != nil {
		t.Fatalf("make layer: %v", err)
	}
	if p.layers == nil {
		p.layers = map[string]v1.Layer{}
	}
	p.layers[file] = layer
	return layer
}

// close ends what was started.
func (p *parts) close() {
	if p.registry != nil {
		p.registry.close()
	}
}
