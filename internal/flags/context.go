// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/frontend/dockerfile/dfgitutil"
	"github.com/opencontainers/go-digest"
)

// NamedContext is one value of --build-context.
type NamedContext struct {
	Name string
	// Value is a directory, an address, docker-image://REF, oci-layout://PATH or the
	// notation of an image that is not in a registry.
	Value string
}

// NamedContexts reads the values of --build-context: NAME=VALUE. Of two with one
// name, the later one counts.
func NamedContexts(words []string) ([]NamedContext, error) {
	var out []NamedContext
	at := map[string]int{}
	for _, word := range words {
		if word == "" {
			continue
		}
		key, value, ok := strings.Cut(word, "=")
		if !ok || value == "" {
			return nil, fmt.Errorf("--build-context %s is not NAME=VALUE", shown(word))
		}
		named, err := reference.ParseNormalizedNamed(key)
		if err != nil {
			return nil, fmt.Errorf("--build-context %s: %q is not a name: %w", shown(word), key, err)
		}
		name := strings.TrimSuffix(reference.FamiliarString(named), ":latest")
		if strings.HasPrefix(value, "target:") {
			return nil, fmt.Errorf("--build-context %s: target: only works in a bake file", shown(word))
		}
		if i, ok := at[name]; ok {
			out[i].Value = value
			continue
		}
		at[name] = len(out)
		out = append(out, NamedContext{Name: name, Value: value})
	}
	return out, nil
}

// IsRemote reports whether a context is the address of a Git repository, an
// archive or an image, for the daemon to fetch.
func IsRemote(context string) bool {
	for _, prefix := range []string{"http://", "https://", "docker-image://"} {
		if strings.HasPrefix(context, prefix) {
			return true
		}
	}
	_, ok, _ := dfgitutil.ParseGitRef(context)
	return ok
}

// Layout is an image in an OCI layout: oci-layout://PATH[:TAG][@DIGEST]. Without a tag or a
// digest it is the one called latest, or the only one.
type Layout struct {
	Path   string
	Tag    string
	Digest digest.Digest
}

// ParseLayout reads an oci-layout:// address; ok reports whether it is one. A directory may
// have an @ in its path.
func ParseLayout(value string) (l Layout, ok bool, err error) {
	path, ok := strings.CutPrefix(value, "oci-layout://")
	if !ok {
		return l, false, nil
	}
	if i := strings.LastIndexByte(path, '@'); i >= 0 && !strings.Contains(path[i:], "/") {
		if l.Digest, err = digest.Parse(path[i+1:]); err != nil {
			return l, true, fmt.Errorf("%q: %w", value, err)
		}
		path = path[:i]
	}
	l.Path = path
	if i := strings.LastIndexByte(path, ':'); i > strings.LastIndexByte(path, '/') {
		l.Path, l.Tag = path[:i], path[i+1:]
		if l.Tag == "" {
			l.Path = ""
		}
	}
	if l.Path == "" {
		return l, true, fmt.Errorf("%q is not oci-layout://PATH[:TAG][@DIGEST]", value)
	}
	return l, true, nil
}
