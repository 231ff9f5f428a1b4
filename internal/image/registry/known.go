// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/plainfile"
)

// knownLimit is how large, in bytes, a file of known blobs may become before the half
// that was added first is forgotten.
const knownLimit = 1 << 20

// known remembers in which repositories of a registry blobs have been seen, so that
// another repository can have them mounted. What it says may be out of date: a
// registry that has the blob there no longer begins an upload instead. Nothing
// depends on the file, so that it can't be read or written is not an error.
type known struct {
	// file has a line for each blob: its digest and the repository's path. The last
	// one counts. Empty for none.
	file string

	mu sync.Mutex
	// paths are the repositories' paths by digest, nil before they are read.
	paths map[v1.Hash]string
	// refused are paths from which nothing is to be had.
	refused map[string]bool
}

// knownBlobs gives what is known of the registry at a place, where several names may
// lead.
func (c *Client) knownBlobs(p place) *known {
	name := p.host
	if p.base() != apiRoot {
		name += url.PathEscape(p.base())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.known[name]
	if !ok {
		k = &known{}
		if c.options.Known != "" {
			k.file = filepath.Join(c.options.Known, name)
		}
		c.known[name] = k
	}
	return k
}

// find returns the path of a repository that had a blob, empty if none is known.
func (k *known) find(blob v1.Hash) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.load()
	path := k.paths[blob]
	if k.refused[path] {
		return ""
	}
	if _, err := reference.WithName("registry.invalid/" + path); err != nil {
		return ""
	}
	return path
}

// refuse lets find not return a path any more.
func (k *known) refuse(path string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refused == nil {
		k.refused = map[string]bool{}
	}
	k.refused[path] = true
}

// add remembers that a repository has a blob.
func (k *known) add(blob v1.Hash, path string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.load()
	if k.paths[blob] == path {
		return
	}
	k.paths[blob] = path
	if k.file == "" || os.MkdirAll(filepath.Dir(k.file), 0o700) != nil {
		return
	}
	// One write that appends is whole, whoever else appends.
	f, err := os.OpenFile(k.file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	fmt.Fprintf(f, "%s %s\n", blob, path)
}

// load reads the file, once.
func (k *known) load() {
	if k.paths != nil {
		return
	}
	k.paths = map[v1.Hash]string{}
	if k.file == "" {
		return
	}
	text, err := plainfile.Read(k.file, 64*knownLimit)
	if err != nil {
		return
	}
	if len(text) > knownLimit {
		_, newer, _ := strings.Cut(string(text[len(text)/2:]), "\n")
		text = []byte(newer)
		_ = atomicfile.Replace(k.file, text, 0o600)
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		digest, path, _ := strings.Cut(line, " ")
		if blob, err := v1.NewHash(digest); err == nil {
			k.paths[blob] = path
		}
	}
}
