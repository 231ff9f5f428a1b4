// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/image/index"
)

// annotate reads the words of --annotation, which are buildx's: a type, perhaps
// with a platform, then a key and a value.
func annotate(b *index.Builder, words []string) error {
	for _, word := range words {
		kind, platform, key, value, err := parseAnnotation(word)
		if err != nil {
			return cli.Usage(fmt.Errorf("--annotation %q: %w", word, err), "")
		}
		if kind == "index" {
			b.Annotate(key, value)
			continue
		}
		if err := b.AnnotateEntries(platform, key, value); err != nil {
			return cli.Usage(fmt.Errorf("--annotation %q: %w", word, err), "")
		}
	}
	return nil
}

func parseAnnotation(word string) (kind string, platform *v1.Platform, key, value string, err error) {
	name, value, ok := strings.Cut(word, "=")
	if !ok {
		return "", nil, "", "", fmt.Errorf("it is not KEY=VALUE")
	}
	kind, key = "index", name
	if before, after, ok := strings.Cut(name, ":"); ok {
		kind, key = before, after
	}
	kind, where, inside := strings.Cut(kind, "[")
	if inside {
		if platform, err = ParsePlatform(strings.TrimSuffix(where, "]")); err != nil {
			return "", nil, "", "", err
		}
	}
	switch {
	case key == "":
		err = fmt.Errorf("the key is missing")
	case kind == "manifest-descriptor" || kind == "index" && !inside:
	case kind == "manifest" || kind == "index-descriptor":
		err = fmt.Errorf("the images are not changed; TYPE is index or manifest-descriptor")
	default:
		err = fmt.Errorf("there is no type %q; it is index or manifest-descriptor", kind)
	}
	return kind, platform, key, value, err
}
