// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Annotations reads the values of --annotation: KEY=VALUE, or
// TYPE[PLATFORM],…:KEY=VALUE. The result is an exporter's attributes.
func Annotations(words []string) (map[string]string, error) {
	attrs := map[string]string{}
	for _, word := range words {
		if word == "" {
			continue
		}
		keys, value, ok := strings.Cut(word, "=")
		if !ok {
			return nil, fmt.Errorf("--annotation %q is not key=value", word)
		}
		types, key, ok := strings.Cut(keys, ":")
		if !ok {
			attrs[exptypes.AnnotationKey{Key: keys}.String()] = value
			continue
		}
		for kind := range strings.SplitSeq(types, ",") {
			ak, err := annotationKey(kind, key)
			if err != nil {
				return nil, fmt.Errorf("--annotation %q: %w", word, err)
			}
			attrs[ak.String()] = value
		}
	}
	return attrs, nil
}

func annotationKey(kind, key string) (exptypes.AnnotationKey, error) {
	ak := exptypes.AnnotationKey{Key: key}
	groups := regexp.MustCompile(`^([a-z-]+)(?:\[([A-Za-z0-9_/-]+)\])?$`).FindStringSubmatch(kind)
	if groups == nil {
		return ak, fmt.Errorf("%q is not a type with an optional [platform]", kind)
	}
	switch groups[1] {
	case exptypes.AnnotationIndex, exptypes.AnnotationIndexDescriptor,
		exptypes.AnnotationManifest, exptypes.AnnotationManifestDescriptor:
		ak.Type = groups[1]
	default:
		return ak, fmt.Errorf("unknown type %q (manifest, manifest-descriptor, index or index-descriptor)", groups[1])
	}
	platform, err := optionalPlatform(groups[2])
	ak.Platform = platform
	return ak, err
}

func optionalPlatform(s string) (*ocispecs.Platform, error) {
	if s == "" {
		return nil, nil //nolint:nilnil // no platform is given
	}
	p, err := platforms.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("%q is not a platform: %w", s, err)
	}
	return &p, nil
}
