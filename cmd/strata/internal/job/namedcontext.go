// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/moby/buildkit/client/ociindex"
	"github.com/moby/buildkit/identity"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/helper/bundle"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/transfer"
	"github.com/strata-build/strata/internal/plainfile"
	"github.com/strata-build/strata/internal/printable"
)

// addNamed adds the contexts of --build-context.
func (in *input) addNamed(ctx context.Context, contexts []flags.NamedContext) error {
	for _, c := range contexts {
		layout, ok, err := flags.ParseLayout(c.Value)
		switch {
		case err != nil:
		case ok:
			err = in.addLayout(c.Name, layout)
		case isPlace(c.Value):
			err = in.addNamedImage(ctx, c)
		case flags.IsRemote(c.Value):
			in.opt.FrontendAttrs["context:"+c.Name] = c.Value
		default:
			err = in.addNamedDir(c)
		}
		if err != nil {
			return cli.Usage(fmt.Errorf("--build-context %s=%s: %w", c.Name, printable.Address(c.Value), err), "")
		}
	}
	return nil
}

// isPlace reports whether value is an image that is not in a registry.
func isPlace(value string) bool {
	kind, _, _ := strings.Cut(value, ":")
	switch image.Transport(kind) {
	case image.Layout, image.LayoutArchive, image.DockerArchive, image.DockerDaemon:
		return true
	}
	return false
}

// addNamedImage gives the daemon an image that is not in a registry. What is in an
// archive, or with docker, goes into a layout first, where all of it is checked.
func (in *input) addNamedImage(ctx context.Context, c flags.NamedContext) error {
	name, err := image.Parse(c.Value)
	if err != nil {
		return err
	}
	if name.Transport == image.Layout {
		source, err := image.Open(ctx, name, image.Options{})
		if err != nil {
			return err
		}
		defer source.Close()
		return in.addLayout(c.Name, flags.Layout{Path: name.Path, Digest: digest.Digest(source.Root.Digest.String())})
	}
	dir, err := in.mkdir()
	if err != nil {
		return err
	}
	to := image.Name{Transport: image.Layout, Path: filepath.Join(dir, "layout")}
	root, err := transfer.Copy(ctx, name, to, transfer.Options{})
	if err != nil {
		return err
	}
	return in.addLayout(c.Name, flags.Layout{Path: to.Path, Digest: digest.Digest(root.Digest.String())})
}

// addNamedDir mounts a directory under the context's name, unless a source of
// Strata's own has that name.
func (in *input) addNamedDir(c flags.NamedContext) error {
	if _, err := os.Stat(c.Value); err != nil {
		return fmt.Errorf("stat %s: %w", printable.Address(c.Value), errors.Unwrap(err)) // it may be an address with a login
	}
	mount, err := fsutil.NewFS(c.Value)
	if err != nil {
		return fmt.Errorf("open directory: %w", err)
	}
	abs, err := filepath.Abs(c.Value)
	if err != nil {
		return fmt.Errorf("find directory: %w", err)
	}
	source := c.Name
	switch source {
	case contextSource, buildFileSource, bundle.Source:
		source = "_" + source
	}
	in.opt.LocalMounts[source] = mount
	in.opt.FrontendAttrs["context:"+c.Name] = "local:" + source
	in.opt.FrontendAttrs["sharedkey:localdir:"+c.Name] = sharedKey(abs)
	return nil
}

// addLayout gives the daemon access to an OCI layout, and names the image in it
// by digest.
func (in *input) addLayout(name string, l flags.Layout) error {
	if _, err := os.Stat(l.Path); err != nil {
		return fmt.Errorf("open OCI layout: %w", err)
	}
	if l.Digest == "" {
		dgst, err := layoutDigest(l)
		if err != nil {
			return err
		}
		l.Digest = dgst
	}
	if err := plainfile.CheckBelow(filepath.Join(l.Path, ocispecs.ImageBlobsDir)); err != nil {
		return fmt.Errorf("open OCI layout: %w", err)
	}
	store, err := local.NewStore(l.Path)
	if err != nil {
		return fmt.Errorf("open OCI layout: %w", err)
	}
	id := identity.NewID()
	in.opt.OCIStores[id] = store
	in.opt.FrontendAttrs["context:"+name] = fmt.Sprintf("oci-layout://%s@%s", id, l.Digest)
	return nil
}

// layoutDigest is the digest of the image with the layout's tag, or of the only
// image there is.
func layoutDigest(l flags.Layout) (digest.Digest, error) {
	name := filepath.Join(l.Path, ocispecs.ImageIndexFile)
	if _, err := os.Stat(name); err != nil {
		return "", fmt.Errorf("read index: %w", err)
	}
	if err := flags.CheckIndex(name); err != nil {
		return "", fmt.Errorf("read index: %w", err)
	}
	tag := cmp.Or(l.Tag, "latest")
	index := ociindex.NewStoreIndex(l.Path)
	desc, err := index.Get(tag)
	if err == nil && desc == nil {
		desc, err = index.GetSingle()
	}
	if err != nil {
		return "", fmt.Errorf("read index: %w", err)
	}
	if desc == nil || l.Tag != "" && !mayBeTagged(desc, l.Tag) {
		return "", fmt.Errorf("no image is tagged %q", tag)
	}
	if err := desc.Digest.Validate(); err != nil {
		return "", fmt.Errorf("read index: %s has the digest %.80q: %w", name, desc.Digest, err)
	}
	return desc.Digest, nil
}

// mayBeTagged reports whether an image of a layout is called by a tag, in whatever form tools
// write its name, or is called nothing at all.
func mayBeTagged(desc *ocispecs.Descriptor, tag string) bool {
	named := false
	for _, key := range []string{images.AnnotationImageName, ocispecs.AnnotationRefName} {
		if name := desc.Annotations[key]; name != "" {
			if name == tag || strings.HasSuffix(name, ":"+tag) {
				return true
			}
			named = true
		}
	}
	return !named
}
