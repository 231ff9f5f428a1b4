// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"

	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/image/report"
)

// checkReports refuses a digest of what has none.
func checkReports(o buildOptions, outputs []flags.Output) error {
	if o.iidFile == "" || hasImage(outputs) {
		return nil
	}
	return errors.New("--iidfile needs an output that is an image: --push, --load, or --output type=image, oci or docker")
}

// hasImage reports whether one of the outputs is an image.
func hasImage(outputs []flags.Output) bool {
	return slices.ContainsFunc(outputs, flags.Output.IsImage)
}

// outputWarnings are about flags that no output heeds.
func outputWarnings(o buildOptions, outputs []flags.Output) []string {
	var warnings []string
	switch {
	case len(outputs) > 0 && !hasImage(outputs) && len(o.tags)+len(o.annotations) > 0:
		warnings = append(warnings, "no output is an image, so --tag and --annotation mean nothing")
	case len(o.outputs) == 0 && len(outputs) == 0:
		warnings = append(warnings, "no output is asked for, so the result stays in the build cache; --push, --load or --output take it out")
	}
	return warnings
}

// addReports stages the files that tell of the result.
func (j *job) addReports(o buildOptions) (err error) {
	if j.call.Request != "" {
		return nil
	}
	if o.metadataFile != "" {
		if j.metadata, err = j.stage.File(o.metadataFile); err != nil {
			return usageError(fmt.Errorf("--metadata-file: %w", err), "")
		}
	}
	if o.iidFile != "" {
		if j.imageID, err = j.stage.File(o.iidFile); err != nil {
			return usageError(fmt.Errorf("--iidfile: %w", err), "")
		}
	}
	return j.addReporting(o)
}

// finish shows the result, and puts the outputs in their places.
func (j *job) finish(ctx context.Context, bkc *client.Client, res *outcome) error {
	if j.call.Request != "" {
		return printAnswer(j.terminal.out, j.call, res.answer)
	}
	id := imageID(res.exporter)
	if j.metadata != nil {
		if err := writeMetadata(j.metadata, metadata(res.exporter)); err != nil {
			return err
		}
	}
	if j.imageID != nil {
		if err := j.imageID.Write([]byte(id)); err != nil {
			return err
		}
	}
	if err := j.finishLoadable(ctx, res.exporter); err != nil {
		return err
	}
	if err := j.tellImages(ctx, bkc, res.exporter); err != nil {
		return err
	}
	j.tidyLayouts()
	if err := j.stage.Commit(); err != nil {
		return err
	}
	return j.say(id)
}

func writeMetadata(file *atomicfile.File, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("encode metadata: %w", err)
	}
	return file.Write(append(data, '\n'))
}

// say prints what the user wants to read in the end.
func (j *job) say(id string) error {
	if j.printID {
		if id == "" {
			return nil
		}
		_, err := fmt.Fprintln(j.terminal.out, id)
		return err
	}
	if j.loader != nil {
		fmt.Fprintln(j.terminal.err, j.loader.said())
	}
	if j.reporting.table {
		return (&report.Report{Images: j.made}).Print(j.terminal.err)
	}
	return nil
}

// imageID is the image's digest as docker gives it: the config's if there is
// one image, else the index's.
func imageID(exporter map[string]string) string {
	if id, ok := exporter[exptypes.ExporterImageConfigDigestKey]; ok {
		return id
	}
	return exporter[exptypes.ExporterImageDigestKey]
}

// metadata is what the exporters say, with their JSON in base64 made plain.
func metadata(exporter map[string]string) map[string]any {
	out := map[string]any{}
	for key, value := range exporter {
		out[key] = plain(value)
	}
	return out
}

// plain decodes a value that is a JSON object or list of objects in base64.
func plain(value string) any {
	data, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(data) == 0 || (data[0] != '{' && data[0] != '[') || !json.Valid(data) {
		return value
	}
	return json.RawMessage(data)
}
