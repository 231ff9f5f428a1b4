// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/go-csvvalue"

	"github.com/strata-build/strata/internal/plainfile"
)

// indexLimit is how many bytes the index of a directory with an OCI layout may have.
const indexLimit = 8 << 20

// CacheFrom reads the values of --cache-from.
func CacheFrom(words []string, env Lookup) ([]client.CacheOptionsEntry, error) {
	return caches("--cache-from", "src", words, env)
}

// CacheTo reads the values of --cache-to.
func CacheTo(words []string, env Lookup) ([]client.CacheOptionsEntry, error) {
	return caches("--cache-to", "dest", words, env)
}

func caches(flag, local string, words []string, env Lookup) ([]client.CacheOptionsEntry, error) {
	var out []client.CacheOptionsEntry
	for _, word := range words {
		if word == "" {
			continue
		}
		entries, err := parseCache(word)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", flag, shown(word), err)
		}
		for _, entry := range entries {
			if err := checkCache(entry, local); err != nil {
				return nil, fmt.Errorf("%s %s: %w", flag, shown(word), err)
			}
			if fillGitHub(&entry, env) {
				out = append(out, entry)
			}
		}
	}
	return out, nil
}

// parseCache reads one value: references separated by commas, or key=value
// fields.
func parseCache(word string) ([]client.CacheOptionsEntry, error) {
	if !strings.Contains(word, "=") {
		refs, err := csvvalue.Fields(word, nil)
		if err != nil {
			return nil, err
		}
		var out []client.CacheOptionsEntry
		for _, ref := range refs {
			out = append(out, client.CacheOptionsEntry{Type: "registry", Attrs: map[string]string{"ref": ref}})
		}
		return out, nil
	}
	fs, err := fields(word)
	if err != nil {
		return nil, err
	}
	entry := client.CacheOptionsEntry{Attrs: map[string]string{}}
	for _, f := range fs {
		if f.key == "type" {
			entry.Type = f.value
			continue
		}
		entry.Attrs[f.key] = f.value
	}
	if entry.Type == "" {
		return nil, errors.New("it needs a type (registry, local, inline, gha, s3, azblob)")
	}
	return []client.CacheOptionsEntry{entry}, nil
}

func checkCache(entry client.CacheOptionsEntry, local string) error {
	switch {
	case entry.Type == "registry" && entry.Attrs["ref"] == "":
		return errors.New("type=registry needs ref=NAME")
	case entry.Type == "local" && entry.Attrs[local] == "":
		return fmt.Errorf("type=local needs %s=PATH", local)
	case entry.Type == "local":
		if err := CheckIndex(filepath.Join(entry.Attrs[local], ocispecs.ImageIndexFile)); err != nil {
			return err
		}
		return plainfile.CheckBelow(filepath.Join(entry.Attrs[local], ocispecs.ImageBlobsDir))
	}
	return nil
}

// CheckIndex refuses the index of a directory with an OCI layout, a file, if BuildKit's client
// would read it without an end, or print all of it in an error. That there is none is no fault.
func CheckIndex(path string) error {
	fi, err := os.Stat(path)
	if err != nil {
		return nil //nolint:nilerr // the client makes one, or says what is wrong
	}
	if err := plainfile.Check(path, fi); err != nil {
		return err
	}
	data, err := plainfile.Read(path, indexLimit)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, new(ocispecs.Index)); len(data) > 0 && err != nil { // the client's message has all of it
		return fmt.Errorf("%s is not an index: %w", path, err)
	}
	return nil
}

// fillGitHub fills in what the runner of a cache of type gha has in the environment.
// It reports whether the cache can be used: outside a runner it cannot, and is
// left out.
func fillGitHub(entry *client.CacheOptionsEntry, env Lookup) bool {
	if entry.Type != "gha" {
		return true
	}
	attrs := maps.Clone(entry.Attrs)
	entry.Attrs = attrs
	set := func(key string, names ...string) {
		for _, name := range names {
			if v, ok := env(name); ok && attrs[key] == "" {
				attrs[key] = v
			}
		}
	}
	v2, _ := env("ACTIONS_CACHE_SERVICE_V2")
	if b, err := strconv.ParseBool(v2); attrs["version"] == "2" || attrs["version"] == "" && err == nil && b {
		set("url_v2", "ACTIONS_RESULTS_URL")
	}
	set("token", "ACTIONS_RUNTIME_TOKEN")
	set("url", "ACTIONS_CACHE_URL", "ACTIONS_RESULTS_URL")
	return attrs["token"] != "" && (attrs["url"] != "" || attrs["url_v2"] != "")
}
