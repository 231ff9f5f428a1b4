// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/containerd/v2/core/content/proxy"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/images"
	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/report"
	"github.com/strata-build/strata/internal/printable"
)

// tableLimit is how many bytes of an image's layers are read for the table: a build
// must not wait for it.
const tableLimit = 1 << 20

// recorder records a build, for the table in the end and for --report. A nil
// recorder records nothing.
type recorder struct {
	// table says to print one, full to read every layer.
	table, full bool
	// file is where the report goes; nil without --report, or when several targets
	// share one.
	file io.WriteCloser
	// config is a buildkitd.toml for the registries that were pushed to.
	config string
	pushes bool
	// layout is a directory that the image is written to; empty for none.
	layout string
	steps  report.Steps
	// mu guards planned: nodes build concurrently.
	mu      sync.Mutex
	planned map[string]frontend.Planned
	// joined is the image that was put together of those of several nodes.
	joined *image.Source
}

func newRecorder(o Report, config string, shown bool, exports []client.ExportEntry) *recorder {
	layout := ""
	for _, e := range exports {
		if e.Type == client.ExporterOCI && e.OutputDir != "" {
			layout = e.OutputDir
		}
	}
	return &recorder{
		layout: layout,
		table:  o.Table && shown, full: o.File != "", config: config,
		pushes:  slices.ContainsFunc(exports, isPush),
		planned: map[string]frontend.Planned{},
	}
}

// openReport opens the file of --report before anything is built, so that a bad
// path costs no build.
func openReport(s *atomicfile.Stage, path string) (io.WriteCloser, error) {
	file, err := s.File(path)
	if err != nil {
		return nil, cli.Usage(fmt.Errorf("--report: %w", err), "")
	}
	w, err := file.Open()
	if err != nil {
		return nil, cli.Usage(fmt.Errorf("--report: %w", err), "")
	}
	return w, nil
}

// isOn reports whether anything is recorded.
func (r *recorder) isOn() bool { return r != nil && (r.table || r.full) }

// close closes the file.
func (r *recorder) close() error {
	if r == nil || r.file == nil {
		return nil
	}
	return r.file.Close()
}

// addPlan records the plan of an image.
func (r *recorder) addPlan(p frontend.Planned) {
	if r.isOn() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.planned[p.Plan.Platform] = p
	}
}

// listener records the definitions that are solved.
type listener struct {
	gateway.Client
	steps *report.Steps
}

// Solve solves a definition.
func (l listener) Solve(ctx context.Context, req gateway.SolveRequest) (*gateway.Result, error) {
	l.steps.Define(req.Definition)
	return l.Client.Solve(ctx, req)
}

// listen records what is solved through the client that it returns.
func (r *recorder) listen(c gateway.Client) gateway.Client {
	if !r.isOn() {
		return c
	}
	return listener{Client: c, steps: &r.steps}
}

// watch records the status on its way to shown, which is closed with it. The second
// channel is closed when everything is recorded.
func (r *recorder) watch(shown chan *client.SolveStatus) (chan *client.SolveStatus, <-chan struct{}) {
	done := make(chan struct{})
	if !r.isOn() {
		close(done)
		return shown, done
	}
	status := make(chan *client.SolveStatus)
	go func() {
		defer close(done)
		defer close(shown)
		for s := range status {
			r.steps.Note(s)
			shown <- s
		}
	}()
	return status, done
}

// images are those that were built, one for each platform, as far as they are
// known.
func (r *recorder) images(ctx context.Context, t cli.Terminal, bkc *client.Client, exporter map[string]string) []*report.Image {
	source := r.exported(ctx, t, bkc, exporter)
	if source != nil {
		defer source.Close()
	}
	var images []*report.Image
	for _, platform := range slices.Sorted(maps.Keys(r.planned)) {
		p := r.planned[platform]
		img := report.New(p.Plan, p.ShowPlatform, &r.steps)
		if source != nil {
			if names := exporter[exptypes.ExporterImageNameKey]; names != "" {
				img.Names = strings.Split(names, ",")
			}
			err := img.Measure(ctx, source, report.Reading{All: r.full, Limit: tableLimit})
			if err != nil && (r.full || !cerrdefs.IsNotFound(err)) {
				fmt.Fprintf(t.Messages(), "WARNING: the report is incomplete: %s\n", printable.Line(err.Error()))
			}
		}
		images = append(images, img)
	}
	return images
}

// exported opens the image that the exporters made, where they wrote it, or else in the
// daemon's store, which has it only until garbage is collected; nil when they made none.
func (r *recorder) exported(ctx context.Context, t cli.Terminal, bkc *client.Client, exporter map[string]string) *image.Source {
	if r.joined != nil {
		return r.joined
	}
	data, err := base64.StdEncoding.DecodeString(exporter[exptypes.ExporterImageDescriptorKey])
	var root v1.Descriptor
	if err != nil || json.Unmarshal(data, &root) != nil {
		return nil
	}
	name := exporter[exptypes.ExporterImageNameKey]
	if r.layout != "" {
		written, err := image.Open(ctx, image.Name{Transport: image.Layout, Path: r.layout, Digest: root.Digest.String()}, image.Options{})
		if err == nil {
			return written
		}
	}
	var registry func(context.Context) (*image.Source, error)
	if r.full && r.pushes {
		registry = func(ctx context.Context) (*image.Source, error) {
			return r.pushed(ctx, t, name, root.Digest)
		}
	}
	return image.Stored(name, root, proxy.NewContentStore(bkc.ContentClient()), registry)
}

func isPush(e client.ExportEntry) bool { return e.Attrs["push"] == "true" }

// pushed opens the image in the registry: a daemon need not have a layer that the
// registry had already.
func (r *recorder) pushed(ctx context.Context, t cli.Terminal, names string, root v1.Hash) (*image.Source, error) {
	first, _, _ := strings.Cut(names, ",")
	ref, err := reference.ParseNormalizedNamed(first)
	if err != nil {
		return nil, err
	}
	name := image.Name{Transport: image.Registry}
	if name.Ref, err = reference.WithDigest(reference.TrimNamed(ref), digest.Digest(root.String())); err != nil {
		return nil, err
	}
	opt, err := images.Registries{Config: r.config}.Options(t.Env)
	if err != nil {
		return nil, err
	}
	return image.Open(ctx, name, opt)
}

func writeReport(w io.Writer, images []*report.Image) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(&report.Report{Images: images}); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
