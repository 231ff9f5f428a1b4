// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/index"
	"github.com/strata-build/strata/internal/tree"
)

// keyrings finds the keys that may have signed an archive.
type keyrings struct {
	base    *base
	context func(ctx context.Context, name string) (tree.Tree, error)
}

func (k *keyrings) of(ctx context.Context, a *archive) ([][]byte, error) {
	switch {
	case a.source == nil:
		return k.configured(ctx, a.configured)
	case a.source.Keys != "":
		return k.given(ctx, a.source)
	}
	keyrings, err := k.trusted(ctx)
	if err == nil && len(keyrings) == 0 {
		err = fmt.Errorf("%s has no keyring; give one with `signed_by`", k.base.Name)
	}
	if err != nil {
		return nil, &distro.Error{Source: a.source, Err: fmt.Errorf("find the keys of %s: %w", strings.Join(a.uris, " "), err)}
	}
	return keyrings, nil
}

// given is the keyring in the context that the build file names.
func (k *keyrings) given(ctx context.Context, s *distro.Source) ([][]byte, error) {
	files, err := k.context(ctx, s.Keys)
	if err != nil {
		return nil, &distro.Error{Source: s, Part: distro.Keys, Err: fmt.Errorf("read keyring %s: %w", s.Keys, err)}
	}
	data, err := files.ReadFile(ctx, "/"+s.Keys)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &distro.Error{Source: s, Part: distro.Keys, Err: fmt.Errorf("%w: %s", distro.ErrNoKeys, s.Keys)}
	}
	if err != nil {
		return nil, &distro.Error{Source: s, Part: distro.Keys, Err: fmt.Errorf("read keyring %s: %w", s.Keys, err)}
	}
	return [][]byte{data}, nil
}

// configured are those that a source of the base names, or those that hold for all.
func (k *keyrings) configured(ctx context.Context, s *index.Source) ([][]byte, error) {
	if s.Key != "" {
		return [][]byte{[]byte(s.Key)}, nil
	}
	var out [][]byte
	for _, file := range s.SignedBy {
		if !strings.HasPrefix(file, "/") {
			continue
		}
		data, err := k.base.ReadFile(ctx, file)
		if err != nil {
			return nil, fmt.Errorf("read keyring %s of %s: %w", file, k.base.Name, err)
		}
		out = append(out, data)
	}
	if out == nil {
		return k.trusted(ctx)
	}
	return out, nil
}

// trusted are the ones that apt trusts for every source. It passes over files that have no
// keys.
func (k *keyrings) trusted(ctx context.Context) ([][]byte, error) {
	out, err := readAll(ctx, k.base.Configured, "/etc/apt/trusted.gpg.d", func(name string) bool {
		return path.Ext(name) == ".gpg" || path.Ext(name) == ".asc"
	})
	if err != nil {
		return nil, err
	}
	if data, err := k.base.ReadFile(ctx, "/etc/apt/trusted.gpg"); err == nil {
		out = append(out, data)
	}
	return slices.DeleteFunc(out, func(ring []byte) bool { return !index.IsKeyring(ring) }), nil
}
