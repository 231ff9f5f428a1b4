// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/containerd/v2/core/content/proxy"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/report"
)

// tableLimit is how many bytes of an image's layers are read for the table: no build
// is to wait for it.
const tableLimit = 1 << 20

// reporting gathers what a build made, for a table in the end and for --report.
type reporting struct {
	// table says to show one, full to read all that is there.
	table, full bool
	// file is where the report goes; nil when nobody asked, or several targets
	// share one.
	file    io.WriteCloser
	config  string
	steps   report.Steps
	planned map[string]frontend.Planned
}

// openReport opens the file of --report before anything is built, so that a bad
// path costs no build.
func openReport(s *atomicfile.Stage, path string) (io.WriteCloser, error) {
	file, err := s.File(path)
	if err != nil {
		return nil, usageError(fmt.Errorf("--report: %w", err), "")
	}
	w, err := file.Open()
	if err != nil {
		return nil, usageError(fmt.Errorf("--report: %w", err), "")
	}
	return w, nil
}

// addReporting prepares the report.
func (j *job) addReporting(o buildOptions) (err error) {
	quiet := j.progress == progressui.QuietMode || j.progress == progressui.RawJSONMode
	j.reporting = &reporting{table: o.table && !quiet, config: o.config, planned: map[string]frontend.Planned{}}
	if o.report != "" {
		j.reporting.full = true
		j.reporting.file, err = openReport(&j.stage, o.report)
	}
	return err
}

func (r *reporting) isWanted() bool { return r != nil && (r.table || r.full) }

// close lets go of the file.
func (r *reporting) close() error {
	if r == nil || r.file == nil {
		return nil
	}
	return r.file.Close()
}

// tell notes what was planned.
func (r *reporting) tell(p frontend.Planned) {
	if r.isWanted() {
		r.planned[p.Plan.Platform] = p
	}
}

// listener notes the definitions that are solved.
type listener struct {
	gateway.Client
	steps *report.Steps
}

// Solve solves a definition.
func (l listener) Solve(ctx context.Context, req gateway.SolveRequest) (*gateway.Result, error) {
	l.steps.Define(req.Definition)
	return l.Client.Solve(ctx, req)
}

func (r *reporting) listen(c gateway.Client) gateway.Client {
	if !r.isWanted() {
		return c
	}
	return listener{Client: c, steps: &r.steps}
}

// watch notes the status on its way to shown, which is closed with it. The second
// channel is closed when all is noted.
func (r *reporting) watch(shown chan *client.SolveStatus) (chan *client.SolveStatus, <-chan struct{}) {
	done := make(chan struct{})
	if !r.isWanted() {
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

// images are what was built, one for each platform, as far as it is known.
func (j *job) images(ctx context.Context, bkc *client.Client, exporter map[string]string) []*report.Image {
	r := j.reporting
	source := j.exported(bkc, exporter)
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
				fmt.Fprintf(j.terminal.err, "WARNING: the report is not whole: %v\n", err)
			}
		}
		images = append(images, img)
	}
	return images
}

// exported opens the image that the exporters made, in the daemon's store; nil
// when they made none.
func (j *job) exported(bkc *client.Client, exporter map[string]string) *image.Source {
	data, err := base64.StdEncoding.DecodeString(exporter[exptypes.ExporterImageDescriptorKey])
	var root v1.Descriptor
	if err != nil || json.Unmarshal(data, &root) != nil {
		return nil
	}
	name := exporter[exptypes.ExporterImageNameKey]
	var elsewhere func(context.Context) (*image.Source, error)
	if j.reporting.full && slices.ContainsFunc(j.solveOpt.Exports, isPush) {
		elsewhere = func(ctx context.Context) (*image.Source, error) {
			return j.pushed(ctx, name, root.Digest)
		}
	}
	return image.Stored(name, root, proxy.NewContentStore(bkc.ContentClient()), elsewhere)
}

func isPush(e client.ExportEntry) bool { return e.Attrs["push"] == "true" }

// pushed opens the image in the registry: a daemon need not have a layer that the
// registry had already.
func (j *job) pushed(ctx context.Context, names string, root v1.Hash) (*image.Source, error) {
	first, _, _ := strings.Cut(names, ",")
	ref, err := reference.ParseNormalizedNamed(first)
	if err != nil {
		return nil, err
	}
	name := image.Name{Transport: image.Registry}
	if name.Ref, err = reference.WithDigest(reference.TrimNamed(ref), digest.Digest(root.String())); err != nil {
		return nil, err
	}
	reach, err := registryOptions{config: j.reporting.config}.image(j.terminal)
	if err != nil {
		return nil, err
	}
	return image.Open(ctx, name, reach)
}

// tellImages notes what was made, and writes the report if it has a file of its
// own.
func (j *job) tellImages(ctx context.Context, bkc *client.Client, exporter map[string]string) error {
	if !j.reporting.isWanted() {
		return nil
	}
	j.made = j.images(ctx, bkc, exporter)
	if j.reporting.file == nil {
		return nil
	}
	return writeReport(j.reporting.file, j.made)
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
