// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/llb/lock"
)

// What named contexts are called among the options, and what an image is given by.
const (
	contextPrefix = "context:"
	imageScheme   = "docker-image://"
)

// pins are the digests that images are taken by, whatever their tags stand for now.
type pins struct {
	mu     sync.Mutex
	images map[string]*pin
	// learns takes an image by the digest that it had first, for all platforms of the
	// request: a tag may move between two of them.
	learns bool
	// lock is the name of the lock's file, for messages.
	lock string
}

// pin is what one name stands for; empty until it is known.
type pin struct {
	mu     sync.Mutex
	digest digest.Digest
	locked bool
}

// Pin takes images by the digests that a lock has for them. With learn, other images are
// taken by those that they have first. It forgets what was read before.
func (f *Finder) Pin(lockName string, images []lock.Image, learn bool) {
	f.dockerfiles.forget()
	f.pins.mu.Lock()
	defer f.pins.mu.Unlock()
	f.pins.images, f.pins.learns, f.pins.lock = map[string]*pin{}, learn, lockName
	for _, image := range images {
		f.pins.images[image.Name] = &pin{digest: digest.Digest(image.Digest), locked: true}
	}
}

// of returns the pin of a reference; nil where it is to be taken as it is.
func (p *pins) of(ref string) *pin {
	name, ok := lock.ImageName(ref)
	if !ok {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.images[name] == nil && p.learns {
		p.images[name] = &pin{}
	}
	return p.images[name]
}

// resolve calls ask with the name to ask for, and returns the reference that it gives.
func (p *pins) resolve(name string, ask func(name string) (reference.Named, error)) (reference.Named, error) {
	pinned := p.of(name)
	if pinned == nil {
		return ask(name)
	}
	pinned.mu.Lock()
	if pinned.digest == "" {
		defer pinned.mu.Unlock()
		ref, err := ask(name)
		if digested, ok := ref.(reference.Digested); err == nil && ok {
			pinned.digest = digested.Digest()
		}
		return ref, err
	}
	of, locked := pinned.digest, pinned.locked
	pinned.mu.Unlock()
	ref, err := ask(name + "@" + of.String())
	if locked && errors.Is(err, fault.ErrNoImage) {
		err = fmt.Errorf("%w any more as %s, which %s has; add a mirror that keeps it, or take what the tag is today with \"strata lock --update %s\"",
			err, of, p.lock, name)
	}
	return ref, err
}

// contexts are the pinned images as named contexts, which the Dockerfile frontend takes
// in their place; it looks for them without the tag latest.
func (p *pins) contexts() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]string{}
	for name, pinned := range p.images {
		pinned.mu.Lock()
		if pinned.digest != "" {
			out[contextPrefix+strings.TrimSuffix(name, ":latest")] = imageScheme + name + "@" + pinned.digest.String()
		}
		pinned.mu.Unlock()
	}
	return out
}
