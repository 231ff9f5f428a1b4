// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"

	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/internal/spell"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// TestResult is what one test of the build file came to.
type TestResult struct {
	Name  string
	Range spec.Range
	// Faults are what was not as expected; none for a test that passed.
	Faults []string
	// Stdout and Stderr are what the command printed, the first of it if it is
	// much.
	Stdout, Stderr string
	// Service is what the image's program printed, where the test started it.
	Service string
}

// Test builds the image for the first platform and runs the tests of the build
// file in it, each in a container of its own. They always run: nothing of them
// is cached. report is called with each when it is done. The error is about what
// keeps tests from running, not about those that fail.
func Test(ctx context.Context, c client.Client, report func(TestResult)) error {
	r, err := newRequest(ctx, c)
	if err != nil {
		return err
	}
	s, err := r.parse()
	if err == nil {
		err = r.test(ctx, s, report)
	}
	if err != nil {
		return r.file.Locate(err)
	}
	return nil
}

// test builds the image and runs the tests in it.
func (r *request) test(ctx context.Context, s *spec.Spec, report func(TestResult)) error {
	file, err := r.prepare(ctx, s)
	if err != nil {
		return err
	}
	defer readIgnoreFile(ctx, r.daemon.UI, s)()
	img, err := r.buildPlatform(ctx, s, file, r.daemon.FirstPlatform())
	if err != nil {
		return err
	}
	if len(img.plan.Tests) == 0 {
		return nil
	}
	wanted := img.plan.Images[len(img.plan.Images)-1]
	volumes, err := missingVolumes(ctx, img.ref, wanted)
	if err != nil {
		return err
	}
	subject := tried{daemon: r.daemon, ref: img.ref, platform: wanted.Platform, volumes: volumes}
	for _, t := range img.plan.Tests {
		res, err := subject.run(ctx, t)
		if err != nil {
			return &plan.Fault{Range: t.Range, Err: fmt.Errorf("run the test %s: %w", t.Name, err)}
		}
		report(res)
	}
	return nil
}

// tried is an image that tests are run in.
type tried struct {
	daemon   *source.Daemon
	ref      client.Reference
	platform string
	// volumes are mounts for those that the image has no directories for.
	volumes []client.Mount
}

// run runs one test: it looks at files of the image, and runs the rest in a fresh
// container.
func (i *tried) run(ctx context.Context, t plan.Test) (TestResult, error) {
	res := TestResult{Name: t.Name, Range: t.Range}
	found, err := checkFiles(ctx, i.ref, t.Files)
	if err != nil {
		return res, err
	}
	res.Faults = found
	if t.Service == nil && t.Args == nil {
		return res, nil
	}
	ctr, helper, err := i.container(ctx, t)
	if err != nil {
		return res, err
	}
	defer func() { _ = ctr.Release(context.WithoutCancel(ctx)) }() // what is left ends with the build
	if t.Service == nil {
		return res, runCommand(ctx, ctr, t, &res)
	}
	return res, beside(ctx, ctr, t, helper, &res)
}

// container makes a container of the image. With a service it has a network of its own
// with nothing but localhost, and the step helper.
func (i *tried) container(ctx context.Context, t plan.Test) (ctr client.Container, helper string, err error) {
	d := i.daemon
	p, err := platforms.Parse(i.platform)
	if err != nil {
		return nil, "", err
	}
	req := client.NewContainerRequest{
		Mounts:   append([]client.Mount{{Dest: "/", Ref: i.ref, MountType: pb.MountType_BIND}}, i.volumes...),
		Platform: &pb.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant},
	}
	if t.Service != nil {
		st, at, err := d.Step(d.Platform.Architecture)
		if err != nil {
			return nil, "", err
		}
		step, err := d.Solve(ctx, st)
		if err != nil {
			return nil, "", err
		}
		helper, req.NetMode = at, pb.NetMode_NONE
		req.Mounts = append(req.Mounts, client.Mount{Dest: helperDir, Ref: step, Readonly: true, MountType: pb.MountType_BIND})
	}
	ctr, err = d.Client.NewContainer(ctx, req)
	return ctr, helper, err
}

// beside runs what a test has beside its service.
func beside(ctx context.Context, ctr client.Container, t plan.Test, helper string, res *TestResult) error {
	s, err := startService(ctx, ctr, &t, helper)
	if err != nil {
		return err
	}
	faults, err := s.look(ctx)
	if err == nil && t.Args != nil && len(faults) == 0 {
		err = s.orEnded(s.command(ctx, res))
	}
	ended := errors.Is(err, errServiceEnded)
	if ended {
		faults, err = append(faults, s.end()), nil
	}
	s.stop(ctx)
	res.Faults = append(res.Faults, faults...)
	res.Service = s.output.String()
	return err
}

// runCommand runs a test's command, and notes what was not as expected.
func runCommand(ctx context.Context, ctr client.Container, t plan.Test, res *TestResult) error {
	var stdout, stderr head
	proc, err := ctr.Start(ctx, client.StartRequest{
		Args: t.Args, Env: t.Env, User: t.User, Cwd: t.Workdir, Stdout: &stdout, Stderr: &stderr,
	})
	if err != nil {
		return err
	}
	status, err := exitStatus(proc.Wait())
	if err != nil {
		return err
	}
	noteCommand(&t, status, &stdout, &stderr, res)
	return nil
}

// noteCommand notes what a test's command gave, and what of it was not as expected.
func noteCommand(t *plan.Test, status int, stdout, stderr *head, res *TestResult) {
	res.Stdout, res.Stderr = stdout.String(), stderr.String()
	if status != t.Exit {
		res.Faults = append(res.Faults, fmt.Sprintf("the exit status is %d, not %d", status, t.Exit))
	}
	res.Faults = append(res.Faults, mismatches("standard output", stdout, t.Stdout)...)
	res.Faults = append(res.Faults, mismatches("standard error", stderr, t.Stderr)...)
}

// mismatches are the conditions that a stream does not meet.
func mismatches(what string, got *head, m *plan.Match) []string {
	if m == nil {
		return nil
	}
	if got.cut {
		return []string{fmt.Sprintf("the %s has more than the %d bytes that a test can look at", what, headLimit)}
	}
	var out []string
	text := got.String()
	if m.Equals != nil && text != *m.Equals {
		out = append(out, fmt.Sprintf("the %s is %s, not %s", what, quoted(text), quoted(*m.Equals)))
	}
	if m.Contains != nil && !strings.Contains(text, *m.Contains) {
		out = append(out, fmt.Sprintf("the %s does not contain %s", what, quoted(*m.Contains)))
	}
	if m.Matches != nil {
		if re, err := regexp.Compile(*m.Matches); err != nil || !re.MatchString(text) {
			out = append(out, fmt.Sprintf("the %s does not match %s", what, *m.Matches))
		}
	}
	return out
}

// quoted shows a text, shortened if it is long.
func quoted(text string) string {
	const most = 200
	if len(text) > most {
		return fmt.Sprintf("%q and %s", text[:most], spell.Count(len(text)-most, "more byte"))
	}
	return fmt.Sprintf("%q", text)
}

// headLimit is how much of a stream is kept, in bytes.
const headLimit = 1 << 20

// head keeps the first of what is written to it.
type head struct {
	bytes.Buffer
	// limit is how much is kept, in bytes; headLimit if it is 0.
	limit int
	cut   bool
}

var _ io.WriteCloser = (*head)(nil)

// Write takes everything and keeps what is within the limit.
func (h *head) Write(p []byte) (int, error) {
	room := cmp.Or(h.limit, headLimit) - h.Len()
	if len(p) > room {
		h.cut = true
	}
	_, err := h.Buffer.Write(p[:min(len(p), room)])
	return len(p), err
}

// Close does nothing.
func (h *head) Close() error { return nil }
