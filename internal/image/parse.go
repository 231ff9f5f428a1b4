// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// reTag is what the image layout's specification allows as a name.
var reTag = regexp.MustCompile(`^[A-Za-z0-9]+([-._:@/+]+[A-Za-z0-9]+|--[A-Za-z0-9]+)*$`)

// Parse reads the notation of an image:
//
//	[docker://]registry/name:tag[@digest]
//	oci:DIR[:TAG][@DIGEST]
//	oci-archive:FILE[:TAG][@DIGEST]
//	docker-archive:FILE[:REF]
//	docker-daemon:NAME
//
// As in docker's notation, a name without a registry is of docker.io, and one
// without a tag or digest means latest. A path ends at its first colon.
func Parse(text string) (Name, error) {
	n, err := parse(text)
	if err != nil {
		return Name{}, fmt.Errorf("image %q: %w%s", text, err, suggest(text))
	}
	return n, nil
}

func parse(text string) (Name, error) {
	if text == "" {
		return Name{}, errors.New("it is empty")
	}
	if head, rest, ok := strings.Cut(text, ":"); ok {
		switch t := Transport(head); t {
		case Layout, LayoutArchive:
			return parseLayout(t, rest)
		case DockerArchive:
			return parseArchive(rest)
		case DockerDaemon:
			return parseDaemon(rest)
		}
		if err := elsewhere(head, rest); err != nil {
			return Name{}, err
		}
	}
	return parseRegistry(strings.TrimPrefix(text, "docker://"))
}

func parseRegistry(text string) (Name, error) {
	ref, err := parseReference(text)
	if err != nil {
		return Name{}, err
	}
	return Name{Transport: Registry, Ref: ref}, nil
}

// parseReference reads a reference by docker's rules and completes it.
func parseReference(text string) (reference.Named, error) {
	ref, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return nil, err
	}
	if d, ok := ref.(reference.Digested); ok {
		if err := checkDigest(d.Digest().String()); err != nil {
			return nil, err
		}
	}
	return reference.TagNameOnly(ref), nil
}

func parseLayout(t Transport, text string) (Name, error) {
	n := Name{Transport: t}
	if path, dgst, ok := cutDigest(text); ok {
		if err := checkDigest(dgst); err != nil {
			return Name{}, err
		}
		text, n.Digest = path, dgst
	}
	path, tag, tagged := strings.Cut(text, ":")
	n.Path, n.Tag = path, tag
	switch {
	case path == "":
		return Name{}, fmt.Errorf("%s: needs a path", t)
	case tagged && !reTag.MatchString(tag):
		return Name{}, fmt.Errorf("%q cannot be a tag", tag)
	}
	return n, nil
}

// cutDigest takes a digest off the end.
func cutDigest(text string) (before, dgst string, ok bool) {
	i := strings.LastIndex(text, "@")
	if i < 0 || !strings.Contains(text[i:], ":") {
		return text, "", false
	}
	return text[:i], text[i+1:], true
}

func checkDigest(text string) error {
	d, err := digest.Parse(text)
	if err != nil {
		return fmt.Errorf("%q is not a digest: %w", text, err)
	}
	if d.Algorithm() != digest.SHA256 && d.Algorithm() != digest.SHA512 {
		return fmt.Errorf("digests of %s are not supported, only sha256 and sha512", d.Algorithm())
	}
	return nil
}

func parseArchive(text string) (Name, error) {
	path, ref, named := strings.Cut(text, ":")
	n := Name{Transport: DockerArchive, Path: path}
	if path == "" {
		return Name{}, errors.New("docker-archive: needs a path")
	}
	if number, ok := strings.CutPrefix(ref, "@"); ok {
		if _, err := strconv.ParseUint(number, 10, 31); err != nil {
			return Name{}, fmt.Errorf("%q is not the number of an image", ref)
		}
		n.Tag = ref
		return n, nil
	}
	if !named {
		return n, nil
	}
	tagged, err := parseReference(ref)
	if err != nil {
		return Name{}, err
	}
	if _, ok := tagged.(reference.Tagged); !ok {
		return Name{}, fmt.Errorf("%q has no tag; an archive of docker's knows no digests", ref)
	}
	n.Tag = reference.FamiliarString(tagged)
	return n, nil
}

func parseDaemon(text string) (Name, error) {
	if text == "" {
		return Name{}, errors.New("docker-daemon: needs a name")
	}
	if strings.HasPrefix(text, "sha256:") {
		return Name{Transport: DockerDaemon, Digest: text}, checkDigest(text)
	}
	ref, err := parseReference(text)
	if err != nil {
		return Name{}, err
	}
	return Name{Transport: DockerDaemon, Ref: ref}, nil
}
