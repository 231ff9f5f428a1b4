// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/moby/buildkit/session/secrets"
	"github.com/moby/buildkit/session/secrets/secretsprovider"

	"github.com/strata-build/strata/internal/plainfile"
)

// SecretStore finds secrets where their sources say: in a variable of the
// environment that lookup has, or in a file of at most [secretsprovider.MaxSecretSize]
// bytes. A file that can't be read as such is an error at once. It is read when a
// step asks for it, a stream by way of streams.
func SecretStore(sources []secretsprovider.Source, lookup Lookup, streams *Streams) (secrets.SecretStore, error) {
	store := secretStore{}
	for _, s := range sources {
		if s.Env == "" && s.FilePath == "" {
			if _, ok := lookup(s.ID); ok {
				s.Env = s.ID
			} else {
				s.FilePath = s.ID
			}
		}
		if s.FilePath != "" {
			if err := checkSecret(s.FilePath); err != nil {
				return nil, fmt.Errorf("--secret id=%s: %w", s.ID, err)
			}
		}
		store[s.ID] = secret{Source: s, lookup: lookup, streams: streams}
	}
	return store, nil
}

func checkSecret(path string) error {
	fi, err := os.Stat(path)
	if err != nil || plainfile.IsHanded(path) {
		return err
	}
	if fi.Size() > secretsprovider.MaxSecretSize {
		return plainfile.TooLarge(path, secretsprovider.MaxSecretSize)
	}
	return plainfile.Check(path, fi)
}

type secretStore map[string]secret

type secret struct {
	secretsprovider.Source
	lookup  Lookup
	streams *Streams
}

// GetSecret reads a secret.
func (m secretStore) GetSecret(_ context.Context, id string) ([]byte, error) {
	s, ok := m[id]
	switch {
	case !ok:
		return nil, fmt.Errorf("secret %s: %w", id, secrets.ErrNotFound)
	case s.Env != "":
		value, _ := s.lookup(s.Env)
		return []byte(value), nil
	case !plainfile.IsHanded(s.FilePath):
		return plainfile.Read(s.FilePath, secretsprovider.MaxSecretSize)
	}
	return s.streams.get(s.FilePath)
}

// Streams keep what was read of streams that this process was started with: each can be
// read once, and several steps and builds may ask for it. The zero value is ready for use.
type Streams struct {
	mu   sync.Mutex
	read []stream
}

type stream struct {
	info fs.FileInfo
	data []byte
}

// get reads a stream, or returns what was read of it before.
func (s *Streams) get(path string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	for _, has := range s.read {
		if os.SameFile(has.info, info) {
			return bytes.Clone(has.data), nil
		}
	}
	data, err := plainfile.ReadAll(f, path, secretsprovider.MaxSecretSize)
	if err != nil {
		return nil, err
	}
	s.read = append(s.read, stream{info, data})
	return bytes.Clone(data), nil
}
