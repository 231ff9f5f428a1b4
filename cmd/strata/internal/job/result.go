// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/moby/buildkit/exporter/containerimage/exptypes"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/atomicfile"
	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/image/report"
)

// checkImageID refuses --iidfile where no output has such a digest.
func checkImageID(o Report, outputs []flags.Output) error {
	if o.IIDFile == "" || hasImage(outputs) {
		return nil
	}
	return errors.New("--iidfile needs an output that is an image: --push, --load, or --output type=image, oci or docker")
}

// hasImage reports whether one of the outputs is an image.
func hasImage(outputs []flags.Output) bool {
	return slices.ContainsFunc(outputs, flags.Output.IsImage)
}

// outputWarnings are about flags that have no effect on any output.
func outputWarnings(o Output, outputs []flags.Output) []string {
	var warnings []string
	switch {
	case len(outputs) > 0 && !hasImage(outputs) && len(o.Tags)+len(o.Annotations) > 0 && !o.declared:
		warnings = append(warnings, "no output is an image, so --tag and --annotation have no effect")
	case len(o.Outputs) == 0 && len(outputs) == 0:
		warnings = append(warnings, "no output is asked for, so the result stays in the build cache; use --push, --load or --output")
	}
	return warnings
}

// addReports stages the files that describe the result.
func (j *job) addReports(o Report, config string) (err error) {
	if j.call.Request != "" {
		return nil
	}
	if o.MetadataFile != "" {
		if j.metadata, err = j.stage.File(o.MetadataFile); err != nil {
			return cli.Usage(fmt.Errorf("--metadata-file: %w", err), "")
		}
	}
	if o.IIDFile != "" {
		if j.imageID, err = j.stage.File(o.IIDFile); err != nil {
			return cli.Usage(fmt.Errorf("--iidfile: %w", err), "")
		}
	}
	j.recorder = newRecorder(o, config, j.isShown(), j.solveOpt.Exports)
	if o.File != "" {
		j.recorder.file, err = openReport(&j.stage, o.File)
	}
	return err
}

// finish prints the result, and puts the outputs in their places.
func (j *job) finish(ctx context.Context, out *outcome) error {
	if j.call.Request != "" {
		w := j.terminal.Text()
		if j.call.Raw {
			w = j.terminal.Exact()
		}
		return printAnswer(w, j.call, out.answer)
	}
	if err := j.complete(ctx, out); err != nil {
		return err
	}
	id := imageID(out.exporter)
	if j.metadata != nil {
		if err := writeMetadata(j.metadata, metadata(out.exporter)); err != nil {
			return err
		}
	}
	if j.imageID != nil {
		if err := j.imageID.Write([]byte(id)); err != nil {
			return err
		}
	}
	if err := j.writeReport(ctx, out.exporter); err != nil {
		return err
	}
	if err := j.exports.finish(ctx, out.exporter); err != nil {
		return err
	}
	if err := j.stage.Commit(); err != nil {
		return err
	}
	return j.printResult(id)
}

// writeReport notes the images that were built, and writes the report if it has a
// file of its own.
func (j *job) writeReport(ctx context.Context, exporter map[string]string) error {
	if !j.recorder.isOn() {
		return nil
	}
	j.images = j.recorder.images(ctx, j.terminal, j.parts[0].node.Client, exporter)
	if j.recorder.file == nil {
		return nil
	}
	return writeReport(j.recorder.file, j.images)
}

func writeMetadata(file *atomicfile.File, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("encode metadata: %w", err)
	}
	return file.Write(append(data, '\n'))
}

// printResult prints the digest, what --load printed, or the table.
func (j *job) printResult(id string) error {
	if j.printID && !j.exports.stdout { // it would end up in the tar
		if id == "" {
			return nil
		}
		_, err := fmt.Fprintln(j.terminal.Text(), id)
		return err
	}
	if j.exports.loader != nil {
		fmt.Fprintln(j.terminal.Messages(), j.exports.loader.text())
	}
	if j.recorder.table {
		return (&report.Report{Images: j.images}).Print(j.terminal.Messages())
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

// metadata is what the exporters report, with their JSON in base64 made plain.
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
