// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/images"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/index"
	"github.com/strata-build/strata/internal/image/transfer"
)

// join makes one result of what several nodes build for a platform each: of images an
// index, of archives of files one archive. A nil join is for one node.
type join struct {
	job *job
	// sources are the nodes' images while the joined one is in use.
	sources []*image.Source
}

// check refuses what can't be joined.
func (n *join) check() error {
	var oci map[string]string
	for _, e := range n.job.solveOpt.Exports {
		if e.Type != client.ExporterOCI {
			continue
		}
		attrs := maps.Clone(e.Attrs)
		delete(attrs, "tar")
		if oci != nil && !maps.Equal(oci, attrs) {
			return cli.Usage(errors.New("--output: a builder with several nodes makes one OCI image, and these outputs of type=oci differ"), "build once for each of them")
		}
		oci = attrs
	}
	for _, c := range n.job.solveOpt.CacheExports {
		if c.Type != "inline" {
			n.job.warnings = append(n.job.warnings, fmt.Sprintf("--cache-to type=%s: several nodes write to it, and what the last one writes stays; build each platform by itself to keep all", c.Type))
		}
	}
	return nil
}

// divide makes a build one for some of the platforms. Images to push go to the
// repositories without a tag, other images to a layout, archives to files.
func (n *join) divide(p *part) error {
	p.opt.FrontendAttrs["platform"] = strings.Join(p.node.Platforms, ",")
	p.opt.FrontendAttrs["multi-platform"] = "true"
	p.tars = map[int]string{}
	dir, err := n.job.input.mkdir()
	if err != nil {
		return err
	}
	var kept []client.ExportEntry
	for i, e := range cloneExports(p.opt.Exports) {
		switch {
		case e.Type == client.ExporterOCI && p.layout != "":
			continue // it is there already
		case e.Type == client.ExporterOCI:
			p.layout = filepath.Join(dir, "layout")
			e.Output, e.OutputDir = nil, p.layout
			e.Attrs["tar"] = "false"
		case e.Type == client.ExporterTar:
			p.tars[i] = filepath.Join(dir, strconv.Itoa(i)+".tar")
			e.Output = create(p.tars[i])
		case isPush(e):
			if p.node.Docker {
				return cli.Usage(errors.New("multi-node push can't currently be performed with the docker driver, please switch to a different driver"), "")
			}
			if e.Attrs["name"], err = repositories(e.Attrs["name"]); err != nil {
				return err
			}
			e.Attrs["push-by-digest"] = "true"
		}
		kept = append(kept, e)
	}
	p.opt.Exports = kept
	return nil
}

// repositories are names without their tags, each once.
func repositories(names string) (string, error) {
	var out []string
	seen := map[string]bool{}
	for name := range strings.SplitSeq(names, ",") {
		ref, err := reference.ParseNormalizedNamed(name)
		if err != nil {
			return "", fmt.Errorf("parse %s: %w", name, err)
		}
		if !seen[ref.Name()] {
			out = append(out, ref.Name())
		}
		seen[ref.Name()] = true
	}
	return strings.Join(out, ","), nil
}

// finish puts the outputs together, and makes the nodes' answers one.
func (n *join) finish(ctx context.Context, out *outcome) error {
	for i, e := range n.job.solveOpt.Exports {
		var err error
		switch {
		case e.Type == client.ExporterOCI:
			err = n.layout(ctx, e, out)
		case e.Type == client.ExporterTar:
			err = n.tar(i, e)
		case isPush(e):
			err = n.push(ctx, e, out)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// push gives the index to each name in the registries, which have the images already.
func (n *join) push(ctx context.Context, e client.ExportEntry, out *outcome) error {
	insecure, _ := strconv.ParseBool(e.Attrs["registry.insecure"])
	opt, err := images.Registries{Insecure: insecure, Config: n.job.connect.Config}.Options(n.job.terminal.Env)
	if err != nil {
		return err
	}
	byDigest, _ := strconv.ParseBool(e.Attrs["push-by-digest"])
	for name := range strings.SplitSeq(e.Attrs["name"], ",") {
		ref, err := reference.ParseNormalizedNamed(name)
		if err != nil {
			return fmt.Errorf("parse %s: %w", name, err)
		}
		to := image.Name{Transport: image.Registry, Ref: reference.TagNameOnly(ref)}
		transfer.WillWrite(to, transfer.Options{Options: opt})
		joined, err := n.index(ctx, out, to, func(i int) (image.Name, error) {
			at := image.Name{Transport: image.Registry}
			at.Ref, err = reference.WithDigest(reference.TrimNamed(ref), digest.Digest(out.parts[i][exptypes.ExporterImageDigestKey]))
			return at, err
		}, opt)
		if err != nil {
			return err
		}
		if byDigest {
			if to.Ref, err = reference.WithDigest(reference.TrimNamed(ref), digest.Digest(joined.Root.Digest.String())); err != nil {
				return err
			}
		}
		if _, err := transfer.Write(ctx, joined, to, transfer.Options{Options: opt}); err != nil {
			return err
		}
	}
	out.exporter[exptypes.ExporterImageNameKey] = e.Attrs["name"]
	return nil
}

// index puts the images of the nodes, each at its name, into an index as one node that had
// built them all would.
func (n *join) index(ctx context.Context, out *outcome, to image.Name, at func(int) (image.Name, error), opt image.Options) (*image.Source, error) {
	var b index.Builder
	for i := range n.job.parts {
		name, err := at(i)
		if err != nil {
			return nil, err
		}
		source, err := image.Open(ctx, name, opt)
		if err != nil {
			return nil, err
		}
		n.sources = append(n.sources, source)
		if i == 0 {
			err = b.Open(ctx, source) // it has the annotations
		} else {
			err = b.Add(ctx, source, false)
		}
		if err != nil {
			return nil, fmt.Errorf("join what the nodes built: %w", err)
		}
	}
	if err := b.Sort(n.job.platforms); err != nil {
		return nil, err
	}
	joined, err := b.Index(to)
	if err != nil {
		return nil, err
	}
	n.job.recorder.joined = joined
	root, err := json.Marshal(joined.Root)
	if err != nil {
		return nil, fmt.Errorf("describe the index: %w", err)
	}
	delete(out.exporter, exptypes.ExporterImageConfigDigestKey)
	out.exporter[exptypes.ExporterImageDigestKey] = joined.Root.Digest.String()
	out.exporter[exptypes.ExporterImageDescriptorKey] = base64.StdEncoding.EncodeToString(root)
	return joined, nil
}

// close ends the use of the nodes' images.
func (n *join) close() error {
	if n == nil {
		return nil
	}
	var errs []error
	for _, source := range n.sources {
		errs = append(errs, source.Close())
	}
	return errors.Join(errs...)
}
