// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/fetch"
	"github.com/strata-build/strata/internal/tree"
)

// A server has files by their addresses. It takes what is asked for as BuildKit does:
// by size, limit and digest.
type server map[string][]byte

// Fetch answers requests by the first address that there is.
func (s server) Fetch(_ context.Context, requests []fetch.Request) []fetch.Answer {
	answers := make([]fetch.Answer, len(requests))
	for i, r := range requests {
		answers[i] = s.one(r)
	}
	return answers
}

func (s server) one(r fetch.Request) fetch.Answer {
	for _, url := range r.URLs {
		data, ok := s[url]
		if !ok {
			continue
		}
		if err := r.Check(int64(len(data))); err != nil {
			return fetch.Answer{Err: err}
		}
		if r.Digest != "" && r.Digest.Algorithm().FromBytes(data) != r.Digest {
			return fetch.Answer{Err: errDigest}
		}
		return fetch.Answer{Data: data}
	}
	return fetch.Answer{Err: fetch.ErrNotFound}
}

// files are a tree in memory, by absolute paths.
type files map[string]string

var _ tree.Tree = files{}

// ReadFile returns a file.
func (f files) ReadFile(_ context.Context, name string) ([]byte, error) {
	if text, ok := f[name]; ok {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

// ReadDir lists a directory.
func (f files) ReadDir(_ context.Context, dir string) ([]string, error) {
	var names []string
	for name := range f {
		if path.Dir(name) == strings.TrimSuffix(dir, "/") {
			names = append(names, path.Base(name))
		}
	}
	slices.Sort(names)
	return names, nil
}

// errDigest is what BuildKit says of a file that isn't the one that was asked for.
var errDigest = errors.New("digest mismatch")
