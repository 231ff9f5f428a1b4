// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/testenv/union"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

var (
	unions     = flag.Uint64("unions", 200, "how many build files TestUnion makes")
	unionsFrom = flag.Uint64("unions-from", 0, "the seed of the first one")
)

// TestUnion makes build files by chance, each in one layer for each of its own, in
// fewer and fewer down to one, merged and in a chain: all give the files that the
// layers on top of each other must give, and the same modes and owners.
func TestUnion(t *testing.T) {
	steps, images := 0, 0
	for seed := *unionsFrom; seed < *unionsFrom+*unions; seed++ {
		p := union.NewProject(seed)
		n, err := checkUnion(t.Context(), p)
		if err != nil {
			t.Errorf("build file %d: %v\n%s\nbase:\n%scontext:\n%s", seed, err, p.YAML("base", 0), p.Base.Text(true), p.Context.Text(true))
		}
		steps += n
		images++
	}
	t.Logf("%d steps of %d build files, and no difference", steps, images)
}

// TestUnionFound makes the build files that once differed.
func TestUnionFound(t *testing.T) {
	for _, seed := range []uint64{315308, 316898, 320036, 321500, 330939, 331922, 332868, 350103, 402352, 405718, 421453, 422410, 423644, 609162, 610780, 635308, 637243, 710016, 712427, 719987, 724798, 735691} {
		p := union.NewProject(seed)
		if _, err := checkUnion(t.Context(), p); err != nil {
			t.Errorf("build file %d: %v\n%s\nbase:\n%s", seed, err, p.YAML("base", 0), p.Base.Text(true))
		}
	}
}

// TestUnionOfTargets makes a target of each layer, on the one before: the files are those
// that each must give on the image of the others.
func TestUnionOfTargets(t *testing.T) {
	steps := 0
	for seed := *unionsFrom; seed < *unionsFrom+*unions; seed++ {
		p := union.NewProject(seed)
		want, refused := p.OneByOne()
		if errors.Is(refused, union.ErrReturns) || errors.Is(refused, union.ErrMeets) {
			continue
		}
		for _, chain := range []bool{false, true} {
			got, err := buildFile(t.Context(), p, p.Targets("base"), chain)
			switch {
			case err != nil && refused != nil:
			case err != nil || refused != nil:
				t.Errorf("build file %d, chain %t: got error %v, want %v\n%s\nbase:\n%s", seed, chain, err, refused, p.Targets("base"), p.Base.Text(true))
			default:
				if diff := cmp.Diff(want.Text(false), got.Text(false)); diff != "" {
					t.Errorf("build file %d, chain %t (-want +got):\n%s\n%s\nbase:\n%s", seed, chain, diff, p.Targets("base"), p.Base.Text(true))
				}
			}
			steps += len(p.Layers)
		}
	}
	t.Logf("%d steps, and no difference", steps)
}

// FuzzUnion is TestUnion for any seed.
func FuzzUnion(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		p := union.NewProject(seed)
		if _, err := checkUnion(t.Context(), p); err != nil {
			t.Errorf("%v\n%s", err, p.YAML("base", 0))
		}
	})
}

// checkUnion builds a project in all ways, and returns how many layers were put on.
func checkUnion(ctx context.Context, p *union.Project) (steps int, err error) {
	want, refused := p.Image()
	if errors.Is(refused, union.ErrReturns) || errors.Is(refused, union.ErrMeets) {
		return 0, nil
	}
	first := ""
	for limit := 0; limit <= len(p.Layers)+1; limit++ {
		planned, failed := planFile(ctx, p, p.YAML("base", limit))
		if errors.Is(failed, errPlan) && limit > 0 {
			continue // there is no way to have so few layers
		}
		for _, chain := range []bool{false, true} {
			got, err := planned.build(ctx, chain)
			switch err = errors.Join(failed, err); {
			case err != nil && refused != nil:
				steps += len(p.Layers)
				continue
			case err != nil:
				return steps, fmt.Errorf("limit %d, chain %t: %w", limit, chain, err)
			case refused != nil:
				return steps, fmt.Errorf("limit %d, chain %t: it is built, and should not be; it gives\n%s", limit, chain, got.Text(true))
			}
			steps += len(p.Layers)
			if diff := cmp.Diff(want.Text(false), got.Text(false)); diff != "" {
				return steps, fmt.Errorf("limit %d, chain %t (-want +got):\n%s", limit, chain, diff)
			}
			if first == "" {
				first = got.Text(true)
			}
			if diff := cmp.Diff(first, got.Text(true)); diff != "" {
				return steps, fmt.Errorf("limit %d, chain %t (-without limit +got):\n%s", limit, chain, diff)
			}
		}
	}
	return steps, nil
}

// errPlan says that a build file couldn't be planned.
var errPlan = errors.New("plan")

// plannedFile is a build file that was planned, with the machine that it is built on.
type plannedFile struct {
	machine *union.Machine
	plan    *plan.Plan
}

func buildFile(ctx context.Context, p *union.Project, text string, chain bool) (*union.Node, error) {
	planned, err := planFile(ctx, p, text)
	if err != nil {
		return nil, err
	}
	return planned.build(ctx, chain)
}

func planFile(ctx context.Context, p *union.Project, text string) (*plannedFile, error) {
	s, err := spec.Parse("strata.yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	m := union.NewMachine(p.Base, p.Context)
	planned, err := strategy.Plan(ctx, strategy.Request{Spec: s, Platform: amd64(), BuildPlatform: amd64(), Bases: imageOf{m}})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPlan, err)
	}
	return &plannedFile{m, planned}, nil
}

// build builds it; nothing if there is no plan.
func (f *plannedFile) build(ctx context.Context, chain bool) (*union.Node, error) {
	if f == nil {
		return nil, nil //nolint:nilnil // there is an error already
	}
	m := f.machine
	res, err := llb.Lower(ctx, f.plan, llb.Options{Sources: m, Prober: m, Step: m.Step, Chain: chain, BuildPlatform: amd64()})
	if err != nil {
		return nil, err
	}
	return m.Run(ctx, res.State)
}

func amd64() ocispecs.Platform { return ocispecs.Platform{OS: "linux", Architecture: "amd64"} }

// imageOf is the one image that a machine has.
type imageOf struct{ m *union.Machine }

func (i imageOf) Base(ctx context.Context, t plan.Tree) (plan.Tree, *dockerspec.DockerOCIImage, error) {
	return i.m.Image(ctx, t)
}
