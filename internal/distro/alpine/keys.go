// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package alpine

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/alpine/index"
	"github.com/strata-build/strata/internal/tree"
)

// givenKeys is the key in the context that the build file names, or all keys of a
// directory there. A key is known by its file's name, as apk knows it.
func givenKeys(ctx context.Context, r *distro.Request, s *distro.Source) (index.Keys, error) {
	keys, err := openKeys(ctx, r, s.Keys)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &distro.Error{Source: s, Part: distro.Keys, Err: fmt.Errorf("%w: %s", distro.ErrNoKeys, s.Keys)}
	case err != nil:
		return nil, &distro.Error{Source: s, Part: distro.Keys, Err: fmt.Errorf("read key %s: %w", s.Keys, err)}
	}
	return keys, nil
}

func openKeys(ctx context.Context, r *distro.Request, name string) (index.Keys, error) {
	files, err := r.Context(ctx, name)
	if err != nil {
		return nil, err
	}
	data, err := files.ReadFile(ctx, "/"+name)
	if err == nil {
		key, err := index.ParseKey(data)
		return index.Keys{path.Base(name): key}, err
	}
	if all, dirErr := readKeys(ctx, files, "/"+name); dirErr == nil && len(all) > 0 {
		return all, nil
	}
	return nil, err
}

// keys are the ones that the base's apk trusts.
func (b *base) keys(ctx context.Context) (index.Keys, error) {
	all := index.Keys{}
	for _, dir := range []string{"/usr/lib/apk/keys", "/lib/apk/keys", "/etc/apk/keys"} {
		keys, err := readKeys(ctx, b, dir)
		if err != nil {
			return nil, fmt.Errorf("read the keys of %s: %w", b.Name, err)
		}
		for name, key := range keys {
			all[name] = key
		}
	}
	return all, nil
}

// readKeys reads the keys of a directory. What is not a key there is passed over.
func readKeys(ctx context.Context, files tree.Tree, dir string) (index.Keys, error) {
	names, err := files.ReadDir(ctx, dir)
	if err != nil {
		return nil, err
	}
	keys := index.Keys{}
	for _, name := range names {
		if path.Ext(name) != ".pub" {
			continue
		}
		data, err := files.ReadFile(ctx, dir+"/"+name)
		if err != nil {
			return nil, err
		}
		var key *rsa.PublicKey
		if key, err = index.ParseKey(data); err == nil {
			keys[name] = key
		}
	}
	return keys, nil
}
