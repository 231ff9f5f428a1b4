// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/platforms"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/frontend/offline"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// dockerfileFrontend is what daemons call the part that reads Dockerfiles.
const dockerfileFrontend = "dockerfile.v0"

// AttestArg begins the options that ask for attestations by build arguments.
const AttestArg = "build-arg:BUILDKIT_ATTEST_"

// dockerfiles are the trees that Dockerfiles make. Each is asked for once in a
// request, whatever platforms are built side by side.
type dockerfiles struct {
	daemon *Daemon
	// pins are images that FROM lines mean by their digests.
	pins *pins
	mu   sync.Mutex
	made map[plan.Tree]*dockerfile
}

// dockerfile is a stage of a Dockerfile on a platform.
type dockerfile struct {
	// path is the Dockerfile's, and pos the place in the build file that named it
	// first.
	path string
	pos  spec.Pos
	make func() (*found, error)
}

// forget drops what was read with other pins.
func (d *dockerfiles) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.made = map[plan.Tree]*dockerfile{}
}

// find lets the daemon read a Dockerfile. Nothing of it is built yet: it becomes a part
// of the graph.
func (d *dockerfiles) find(ctx context.Context, t plan.Tree, s *spec.Spec) (*found, error) {
	file, stage, _ := strings.Cut(t.Name, "#")
	key := plan.Tree{Kind: t.Kind, Name: t.Name, Platform: t.Platform}
	d.mu.Lock()
	one := d.made[key]
	if one == nil {
		one = &dockerfile{path: file, pos: t.Pos, make: sync.OnceValues(func() (*found, error) {
			return d.read(ctx, key, file, stage, s)
		})}
		d.made[key] = one
	}
	d.mu.Unlock()
	made, err := one.make()
	if err != nil {
		return nil, err
	}
	src := *made
	return &src, nil
}

// read asks the Dockerfile frontend for a stage.
func (d *dockerfiles) read(ctx context.Context, t plan.Tree, file, stage string, s *spec.Spec) (*found, error) {
	opts, err := d.options(t.Platform, s)
	if err != nil {
		return nil, err
	}
	opts["filename"] = file
	if stage != "" {
		opts["target"] = stage
	}
	inputs, text, err := d.inputs(ctx, file, opts)
	if err != nil {
		return nil, err
	}
	reader, err := d.reader(ctx, text)
	if err != nil {
		return nil, err
	}
	if reader != nil && reader.pinned {
		opts["build-arg:BUILDKIT_SYNTAX"] = reader.line()
	}
	res, err := d.daemon.Client.Solve(ctx, client.SolveRequest{
		Frontend: dockerfileFrontend, FrontendOpt: opts, FrontendInputs: inputs, CacheImports: d.daemon.UI.CacheImports,
	})
	if err != nil {
		if fault.LacksFrontend(err, dockerfileFrontend) {
			return nil, fmt.Errorf("the daemon can't read Dockerfiles: it has no frontend %s, which its configuration can turn off; use another daemon or turn it on", dockerfileFrontend)
		}
		return nil, err
	}
	made, err := dockerfileResult(res, t)
	if err != nil {
		return nil, err
	}
	if reader != nil {
		made.frontend = reader.image
	}
	return made, d.lookBelow(ctx, made)
}

// options are the options of this request, as far as they are about a
// Dockerfile, too: contexts and arguments, but neither questions nor what belongs
// to the finished image.
func (d *dockerfiles) options(platform string, s *spec.Spec) (map[string]string, error) {
	opts := map[string]string{}
	for k, v := range d.daemon.Client.BuildOpts().Opts {
		switch k {
		case "filename", "target", "platform", "multi-platform", "build-arg:BUILDKIT_MULTI_PLATFORM",
			"requestid", "source", "cmdline", "build-arg:BUILDKIT_SYNTAX", "dockerfilekey":
			continue
		}
		if !strings.HasPrefix(k, "label:") && !strings.HasPrefix(k, "attest:") && !strings.HasPrefix(k, AttestArg) {
			opts[k] = v
		}
	}
	p, err := platforms.Parse(platform)
	if err != nil {
		return nil, fmt.Errorf("parse platform %q: %w", platform, err)
	}
	args, err := strategy.Arguments(strategy.Request{
		Spec: s, Target: d.daemon.UI.Target, Platform: p, BuildPlatform: d.daemon.Platform, BuildArgs: d.daemon.UI.BuildArgs,
	}, platform)
	if err != nil {
		return nil, err
	}
	for name, value := range args {
		opts["build-arg:"+name] = value
	}
	opts["platform"] = platform
	return opts, nil
}

// inputs are the contexts that the Dockerfile frontend can't find by the
// options, and its text: where the Dockerfile is, which the client knows only for the build
// file, and a context that is not a directory of the client. Pinned images are among the
// options then.
func (d *dockerfiles) inputs(ctx context.Context, file string, opts map[string]string) (map[string]*pb.Definition, []byte, error) {
	inputs := map[string]*pb.Definition{}
	given, err := d.daemon.Client.Inputs(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("get inputs: %w", err)
	}
	for name, st := range given {
		def, err := d.daemon.Marshal(ctx, st)
		if err != nil {
			return nil, nil, err
		}
		inputs[name] = def.ToPB()
	}
	main, err := d.daemon.UI.MainContext(ctx, bk.FollowPaths([]string{file, file + ".dockerignore"}), bk.ExcludePatterns(nil),
		bk.SharedKeyHint("dockerfile-"+file), dockerui.WithInternalName("load build definition from "+file), bk.Differ(bk.DiffNone, false))
	if err != nil {
		return nil, nil, fmt.Errorf("load the build context: %w", err)
	}
	def, err := d.daemon.Marshal(ctx, *main)
	if err != nil {
		return nil, nil, err
	}
	text, err := d.text(ctx, def, file)
	if err != nil {
		return nil, nil, err
	}
	read, err := d.pin(ctx, pinning{from: *main, def: def, file: file, text: text}, opts)
	if err != nil {
		return nil, nil, err
	}
	inputs[dockerui.DefaultLocalNameDockerfile] = read.ToPB()
	if !isLocal(def) {
		// It is as the Dockerfile frontend would have it: whole, and scoped already.
		inputs[dockerui.DefaultLocalNameContext] = def.ToPB()
		name := dockerui.DefaultLocalNameContext
		if key, ok := opts["contextkey"]; ok {
			name = key
		}
		delete(opts, name)
		delete(opts, "contextsubdir")
	}
	return inputs, text, nil
}

// text reads a Dockerfile, and says what is wrong with the path, where the frontend would
// speak of its own ways.
func (d *dockerfiles) text(ctx context.Context, def *bk.Definition, file string) ([]byte, error) {
	ref, err := d.daemon.SolveDefinition(ctx, def)
	if err != nil {
		return nil, err
	}
	var data []byte
	if ref != nil {
		data, err = ReadWhole(ctx, ref, file)
	}
	if err = fault.NotExist(err); err == nil && ref != nil {
		return data, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	missing := fmt.Sprintf("there is no %q in the build context", file)
	if list := d.daemon.contextNames(ctx, bk.ExcludePatterns(nil)); list != nil {
		if near := fault.Nearest(list, file); near != "" {
			missing += fmt.Sprintf("; did you mean %q?", near)
		}
	}
	return nil, errors.New(missing)
}

// dockerfileResult is the answer of the Dockerfile frontend as a tree.
func dockerfileResult(res *client.Result, t plan.Tree) (*found, error) {
	out := &found{tree: t, state: bk.Scratch()}
	if ref, ok := res.FindRef(t.Platform); ok && ref != nil {
		st, err := ref.ToState()
		if err != nil {
			return nil, fmt.Errorf("read the Dockerfile's graph: %w", err)
		}
		out.state = st
	}
	data := exptypes.ParseKey(res.Metadata, exptypes.ExporterImageConfigKey, &exptypes.Platform{ID: t.Platform})
	if data == nil {
		return out, nil
	}
	out.image = &dockerspec.DockerOCIImage{}
	if err := json.Unmarshal(data, out.image); err != nil {
		return nil, fmt.Errorf("read the Dockerfile's image configuration: %w", err)
	}
	return out, nil
}

// named finds the place of the build file that names a Dockerfile first.
func (d *dockerfiles) named(file string) (pos spec.Pos, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, one := range d.made {
		if one.path == file && (!ok || one.pos.Line < pos.Line) {
			pos, ok = one.pos, true
		}
	}
	return pos, ok
}

// Images are the references of the images that a Dockerfile is made of, as it was
// looked up, with their digests; and of the one that read it, which has none if it was
// taken as it is today.
func (t *Trees) Images(ctx context.Context, in plan.Tree) ([]string, error) {
	src, err := t.look(ctx, in)
	if err != nil {
		return nil, err
	}
	def, err := t.finder.daemon.Marshal(ctx, src.state)
	if err != nil {
		return nil, err
	}
	var found []string
	if src.frontend != "" {
		found = append(found, src.frontend)
	}
	for _, data := range def.Def {
		op := &pb.Op{}
		if err := op.Unmarshal(data); err != nil {
			return nil, fmt.Errorf("read the Dockerfile's graph: %w", err)
		}
		if ref, ok := strings.CutPrefix(op.GetSource().GetIdentifier(), "docker-image://"); ok {
			found = append(found, offline.Image(ref))
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}
