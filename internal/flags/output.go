// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/tonistiigi/go-csvvalue"
)

// CacheOnly is the type of the output that exports nothing.
const CacheOnly = "cacheonly"

// Output is one value of --output.
type Output struct {
	// Type is an exporter of BuildKit's.
	Type string
	// Attrs are the exporter's.
	Attrs map[string]string
	// Dest is a path, "-" for the standard output, or empty.
	Dest string
	// Docker says that the image is for docker load. BuildKit has no attribute for
	// that where the output is a directory.
	Docker bool
}

// OutputFlags are the flags that say where a build's result goes.
type OutputFlags struct {
	Outputs     []string
	Tags        []string
	Annotations []string
	Push        bool
	Load        bool
	// Platforms is how many platforms are built for.
	Platforms int
	// Attests reports whether attestations are requested.
	Attests bool
}

// Outputs reads the flags that say where a build's result goes. An output
// of type cacheonly is left out.
func Outputs(f OutputFlags) ([]Output, error) {
	outs, err := parseOutputs(f.Outputs)
	if err != nil {
		return nil, err
	}
	outs = addShorthands(outs, f)
	names, err := Names(f.Tags)
	if err != nil {
		return nil, fmt.Errorf("--tag: %w", err)
	}
	annotations, err := Annotations(f.Annotations)
	if err != nil {
		return nil, err
	}
	for i := range outs {
		outs[i].fill(names, annotations)
		if err := outs[i].check(f); err != nil {
			return nil, err
		}
	}
	return outs, checkTogether(outs)
}

// checkTogether refuses outputs that would get in each other's way.
func checkTogether(outs []Output) error {
	stdout, layouts, loads := 0, 0, 0
	for _, out := range outs {
		switch {
		case out.IsLoad():
			loads++
		case out.Dest == "-":
			stdout++
		case out.IsDirectory() && out.IsImage():
			layouts++
		}
	}
	switch {
	case stdout > 1:
		return errors.New("--output: only one output can go to the standard output")
	case layouts > 1:
		return errors.New("--output: only one output can be an OCI layout in a directory")
	case loads > 1:
		return errors.New("--load: the image can be loaded once only")
	}
	return nil
}

// IsImage reports whether the output is an image in any format.
func (o Output) IsImage() bool {
	switch o.Type {
	case client.ExporterImage, client.ExporterOCI, client.ExporterDocker:
		return true
	}
	return false
}

// IsDirectory reports whether the output is a directory.
func (o Output) IsDirectory() bool {
	switch o.Type {
	case client.ExporterLocal:
		return true
	case client.ExporterOCI, client.ExporterDocker:
		tar, err := strconv.ParseBool(o.Attrs["tar"])
		return err == nil && !tar
	}
	return false
}

// IsStream reports whether the output is a stream of bytes: a file, the
// standard output or a program that loads it.
func (o Output) IsStream() bool {
	switch o.Type {
	case client.ExporterTar:
		return true
	case client.ExporterOCI, client.ExporterDocker:
		return !o.IsDirectory()
	}
	return false
}

// IsLoad reports whether the output goes to the local image store.
func (o Output) IsLoad() bool {
	return o.Type == client.ExporterDocker && o.IsStream() && o.Dest == ""
}

func parseOutputs(words []string) ([]Output, error) {
	var outs []Output
	for _, word := range words {
		if word == "" {
			continue
		}
		out, err := parseOutput(word)
		if err != nil {
			return nil, fmt.Errorf("--output %s: %w", shown(word), err)
		}
		if out.Type != CacheOnly {
			outs = append(outs, out)
		}
	}
	return outs, nil
}

func parseOutput(word string) (Output, error) {
	out := Output{Attrs: map[string]string{}}
	parts, err := csvvalue.Fields(word, nil)
	if err != nil {
		return out, err
	}
	if len(parts) == 1 && parts[0] == word && !strings.HasPrefix(word, "type=") {
		out.Type, out.Dest = client.ExporterLocal, word
		if word == "-" {
			out.Type = client.ExporterTar
		}
		return out, nil
	}
	fs, err := fields(word)
	if err != nil {
		return out, err
	}
	for _, f := range fs {
		switch f.key {
		case "type":
			out.Type = f.value
		case "dest":
			out.Dest = f.value
		case "docker":
			if out.Docker, err = strconv.ParseBool(f.value); err != nil {
				return out, fmt.Errorf("docker=%s is neither true nor false", f.value)
			}
		default:
			out.Attrs[f.key] = f.value
		}
	}
	if err := out.resolveType(); err != nil {
		return out, err
	}
	return out, out.resolveDocker()
}

// IsForDocker reports whether the output is for docker load.
func (o Output) IsForDocker() bool { return o.Docker || o.Type == client.ExporterDocker }

// resolveDocker refuses docker=true where it has no effect.
func (o *Output) resolveDocker() error {
	if o.Docker && o.Type != client.ExporterDocker && (o.Type != client.ExporterOCI || !o.IsDirectory()) {
		return errors.New("docker=true is for an OCI layout in a directory: type=oci,tar=false; for a file use type=docker")
	}
	return nil
}

// resolveType checks the type and expands "registry".
func (o *Output) resolveType() error {
	switch o.Type {
	case "":
		return errors.New("it needs a type (oci, docker, image, registry, local, tar or cacheonly)")
	case "registry":
		o.Type = client.ExporterImage
		o.push()
	case client.ExporterImage, client.ExporterOCI, client.ExporterDocker,
		client.ExporterLocal, client.ExporterTar, CacheOnly:
	default:
		return fmt.Errorf("unknown type %q (oci, docker, image, registry, local, tar or cacheonly)", o.Type)
	}
	return nil
}

// push makes an image output push; it need not be unpacked then.
func (o *Output) push() {
	o.Attrs["push"] = "true"
	if _, ok := o.Attrs["unpack"]; !ok {
		o.Attrs["unpack"] = "false"
	}
}

// addShorthands applies --push and --load: to the outputs that are given, or
// adds one.
func addShorthands(outs []Output, f OutputFlags) []Output {
	pushed, loaded := !f.Push, !f.Load
	for i := range outs {
		if f.Push && outs[i].Type == client.ExporterImage {
			outs[i].push()
			pushed = true
		}
		loaded = loaded || outs[i].IsLoad()
	}
	if !pushed {
		out := Output{Type: client.ExporterImage, Attrs: map[string]string{}}
		out.push()
		outs = append(outs, out)
	}
	if !loaded {
		outs = append(outs, Output{Type: client.ExporterDocker, Attrs: map[string]string{}})
	}
	return outs
}

// fill gives an image its names, its annotations and OCI's media types. A
// docker archive keeps BuildKit's own default: "docker load" reads a manifest
// that has no media types.
func (o *Output) fill(names string, annotations map[string]string) {
	if !o.IsImage() {
		if o.IsStream() && o.Dest == "" {
			o.Dest = "-"
		}
		return
	}
	if names != "" {
		o.Attrs["name"] = names
	}
	for key, value := range annotations {
		o.Attrs[key] = value
	}
	if o.Type == client.ExporterDocker {
		return
	}
	if o.Type == client.ExporterOCI && o.IsStream() && o.Dest == "" {
		o.Dest = "-"
	}
	key := string(exptypes.OptKeyOCITypes)
	if _, ok := o.Attrs[key]; !ok {
		o.Attrs[key] = "true"
	}
}

// check refuses what cannot work, before anything is built.
func (o *Output) check(f OutputFlags) error {
	if o.IsDirectory() && (o.Dest == "" || o.Dest == "-") {
		return fmt.Errorf("--output type=%s: a directory needs dest=PATH", o.Type)
	}
	if o.Type == client.ExporterImage && o.Dest != "" {
		return errors.New("--output type=image: it takes no dest; use type=oci,dest=PATH for a file")
	}
	if name := o.Attrs["name"]; name != "" && o.IsImage() {
		if _, err := Names(strings.Split(name, ",")); err != nil {
			return fmt.Errorf("--output type=%s: %w", o.Type, err)
		}
	}
	if push, _ := strconv.ParseBool(o.Attrs["push"]); push && o.Attrs["name"] == "" {
		return errors.New("a push needs a name: give --tag NAME")
	}
	if !o.IsForDocker() {
		return nil
	}
	what, instead := "type=docker", "use type=oci, or --push"
	if o.Type == client.ExporterOCI {
		what, instead = "type=oci,docker=true", "leave out docker=true"
	}
	if f.Platforms > 1 {
		return fmt.Errorf("--output %s holds one platform, not %d: %s", what, f.Platforms, instead)
	}
	if f.Attests {
		return fmt.Errorf("--output %s holds no attestations: %s", what, instead)
	}
	return nil
}
