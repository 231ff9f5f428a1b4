// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// addressesOf are where a target's packages are fetched from.
func addressesOf(p *plan.Plan) (all []string) {
	for _, l := range p.Images[len(p.Images)-1].Layers {
		if unpack, ok := l.Action.(*plan.Unpack); ok {
			for _, a := range unpack.Archives {
				all = append(all, a.URLs[0])
			}
		}
	}
	return all
}

// TestLockOfTwoArchives locks two targets whose bases call their archives by one name:
// with the lock each has its packages from its own.
func TestLockOfTwoArchives(t *testing.T) {
	const text = "from: registry.example.org/old:1\nlayers:\n  - packages: [track]\ntargets:\n  new:\n    from: registry.example.org/new:1\n    layers:\n      - packages: [track]\n"
	r := withBase(t, text, nil)
	r.Systems = []distro.System{toy{}}
	r.Looker = strictTrees{
		"registry.example.org/old:1": {"/etc/toy": "https://old.example.org\n"},
		"registry.example.org/new:1": {"/etc/toy": "https://new.example.org\n"},
	}
	r.Fetch = served{"https://old.example.org/index": toyIndex, "https://new.example.org/index": toyIndex}
	made := &lock.File{}
	r.Lock.Name, r.Lock.Renew, r.Lock.Store = "strata.lock", true, made.Keep
	want := map[string][]string{}
	for _, target := range []string{"default", "new"} {
		r.Target = target
		want[target] = addressesOf(mustPlan(t, r))
	}
	made.Prune()
	file, err := lock.Read("strata.lock", made.Write())
	if err != nil {
		t.Fatal(err)
	}
	r.Fetch, r.Looker, r.Lock = nil, nil, strategy.Locking{Name: "strata.lock", File: file}
	for target := range want {
		r.Target = target
		if diff := cmp.Diff(want[target], addressesOf(mustPlan(t, r))); diff != "" || len(want[target]) == 0 {
			t.Errorf("%s by the lock (-want +got):\n%s", target, diff)
		}
	}
}

// TestLockForEachPlatform locks a target for a platform of its own that asks for another
// package for each platform: a build for either finds its own.
func TestLockForEachPlatform(t *testing.T) {
	const text = "layers: [{files: [{dest: /x, from: target:tools, source: /etc/toy}]}]\ntargets:\n" +
		"  tools:\n    from: base\n    platform: $BUILDPLATFORM\n    layers:\n      - packages: [\"train-$TARGETARCH\"]\n"
	r := withBase(t, text, someFiles{"/etc/toy": "https://toys.example.org\n"})
	r.Systems = []distro.System{toy{}}
	r.Fetch = served{"https://toys.example.org/index": strings.NewReplacer("train", "train-amd64").Replace(toyIndex) + strings.Replace(strings.Split(toyIndex, "\n")[0], "train", "train-arm64", 1) + "\n"}
	made := &lock.File{}
	r.Lock = strategy.Locking{Name: "strata.lock", Renew: true, Store: made.Keep}
	want := map[string][]string{}
	for _, arch := range []string{"amd64", "arm64"} {
		r.Platform.Architecture = arch
		want[arch] = madeBy(mustPlan(t, r))
	}
	made.Prune()
	r.Fetch, r.Looker, r.Lock = nil, nil, strategy.Locking{Name: "strata.lock", File: made}
	for arch := range want {
		r.Platform.Architecture = arch
		if diff := cmp.Diff(want[arch], madeBy(mustPlan(t, r))); diff != "" {
			t.Errorf("for %s (-want +got):\n%s", arch, diff)
		}
	}
	if cmp.Equal(want["amd64"], want["arm64"]) {
		t.Errorf("both have %v", want["amd64"])
	}
}

// madeBy are the words of what the first image of a plan is made of.
func madeBy(p *plan.Plan) (words []string) {
	for _, m := range p.Images[0].Made() {
		words = append(words, m.Words())
	}
	return words
}

// lockOfAlpine is a lock of a package, from a repository of Alpine 3.19 that the build file
// gives, or that the base is configured for.
func lockOfAlpine(t *testing.T, given bool) *lock.File {
	t.Helper()
	f := &lock.File{}
	r := lock.Repository{ID: "main", Type: "apk", Distribution: "alpine-3.19"}
	if !given {
		r.URIs = []string{"https://dl.example.org/alpine/v3.19/main"}
	}
	f.Keep("default", lock.Platform{Name: "linux/amd64", Packages: &lock.Packages{
		Base: strings.Split(mustBase(t), "@")[0], Wanted: [][]string{{"a"}}, Installer: plan.Register,
		Packages: []lock.Package{{Name: "a", Version: "1", Arch: "x86_64", Repository: "main", Path: "x86_64/a-1.apk", SHA256: strings.Repeat("a", 64)}},
	}}, []lock.Repository{r})
	return f
}

// TestLockFollowsRepositories changes where packages come from. A lock that goes with that
// no longer is refused by a build, and "strata lock" resolves once more.
func TestLockFollowsRepositories(t *testing.T) {
	const gives = "from: base\nlayers:\n  - packages:\n      names: [a]\n      repositories: [{type: apk, uri: \"$AT\", trusted: true}]\nargs: {AT: \"\"}\n"
	for _, c := range []struct {
		name, at, want string
		given          bool
	}{
		{"the same", "https://dl.example.org/alpine/v3.19/main", "", true},
		{"a mirror", "https://mirror.example.org/of/v3.19/main", "", true},
		{"a mirror that says no release", "https://mirror.example.org/main", "", true},
		{"another release", "https://dl.example.org/alpine/v3.20/main", "the repository main for alpine-3.19, and the build file has that for alpine-3.20", true},
		{"another repository", "https://dl.example.org/alpine/v3.19/community", "the repository main, which the build file doesn't have", true},
		{"none any more", "", "the repository main, which the build file doesn't have", true},
		{"one for the base's", "https://dl.example.org/mine", "the repository main, which the build file doesn't have", false},
		{"the base's", "", "", false},
	} {
		text := strings.Replace(gives, "$AT", c.at, 1)
		if c.at == "" {
			text = "from: base\nlayers:\n  - packages: [a]\n"
		}
		r := withBase(t, text, someFiles{"/lib/apk/db/installed": ""})
		r.Lock = strategy.Locking{Name: "strata.lock", File: lockOfAlpine(t, c.given)}
		_, err := planOf(r)
		if (err != nil) != (c.want != "") || err != nil && !(errors.Is(err, strategy.ErrStaleLock) && strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want %s", c.name, err, c.want)
		}
		var stored []string
		r.Lock.Renew, r.Lock.Store = true, func(target string, p lock.Platform, repositories []lock.Repository) {
			for _, pkg := range p.Packages.Packages {
				stored = append(stored, target+" "+p.Name+" "+pkg.Name+" of "+repositories[0].ID)
			}
		}
		_, err = planOf(r)
		if errors.Is(err, strategy.ErrStaleLock) {
			t.Errorf("%s: while the lock is written: %v", c.name, err)
		}
		if kept := strings.Join(stored, ", ") == "default linux/amd64 a of main"; kept != (c.want == "") {
			t.Errorf("%s: the lock gets %v", c.name, stored)
		}
	}
}

// TestLockOfAnotherSystem takes a base whose own tool installs packages: the lock keeps
// none of those that it has from the base before.
func TestLockOfAnotherSystem(t *testing.T) {
	r := withBase(t, "from: other\nlayers:\n  - packages: [a]\n", someFiles{"/usr/bin/dnf": ""})
	r.Lock = strategy.Locking{Name: "strata.lock", File: lockOfAlpine(t, false), Renew: true}
	r.Lock.Store = func(_ string, p lock.Platform, _ []lock.Repository) { t.Errorf("the lock gets %+v", p.Packages) }
	mustPlan(t, r)
}

// moved are bases of a digest.
type moved string

func (m moved) Base(_ context.Context, t plan.Tree) (plan.Tree, *dockerspec.DockerOCIImage, error) {
	t.Name += "@sha256:" + strings.Repeat(string(m), 64)
	return t, &dockerspec.DockerOCIImage{}, nil
}

// TestLockOfMovedBase locks packages once more when the base is another one: it may have
// newer versions than the lock, which a build would take back.
func TestLockOfMovedBase(t *testing.T) {
	r := withBase(t, toyFile, someFiles{"/etc/toy": "https://toys.example.org\n"})
	r.Systems, r.Bases = []distro.System{toy{}}, moved("a")
	r.Fetch = served{"https://toys.example.org/index": toyIndex}
	locks := func(file *lock.File) *lock.File {
		made := &lock.File{}
		r.Lock = strategy.Locking{Name: "strata.lock", File: file, Renew: true, Store: made.Keep}
		mustPlan(t, r)
		return made
	}
	first := locks(nil)
	r.Fetch = served{"https://toys.example.org/index": strings.Replace(toyIndex, "train 2", "train 3", 1)}
	for base, want := range map[moved]string{"a": "2", "b": "3"} {
		r.Bases = base
		got := locks(first).Platform("default", "linux/amd64").Packages
		if !strings.HasSuffix(got.Base, strings.Repeat(string(base), 64)) || got.Packages[1].Version != want {
			t.Errorf("on %s: train %s for %s, want %s", base, got.Packages[1].Version, got.Base, want)
		}
		var said []string
		r.Lock, r.Warn = strategy.Locking{Name: "strata.lock", File: first}, func(e *spec.Error) { said = append(said, e.Error()) }
		mustPlan(t, r)
		if warned := strings.Contains(strings.Join(said, "\n"), "strata.yaml:1:7: strata.lock has the packages of another base:latest: "); warned != (base == "b") {
			t.Errorf("a build on %s says %q", base, said)
		}
	}
}

// TestUpdateByName looks packages up again by their names and by those of everything, and
// not by a name that the lock has as something else.
func TestUpdateByName(t *testing.T) {
	for name, want := range map[string]bool{"a": true, "packages": true, "*": true, "new": true, "images": false, "git": false, "b": false, "b:latest": false, "/nix/store/x": false} {
		r := withBase(t, "from: base\nlayers:\n  - packages: [a]\n", someFiles{"/lib/apk/db/installed": ""})
		f := lockOfAlpine(t, false)
		for _, image := range []string{"a:latest", "b:latest"} {
			f.Sources.Merge(lock.Sources{Images: []lock.Image{{Name: image, Digest: "sha256:" + strings.Repeat("1b", 32)}}})
		}
		kept := false
		r.Lock = strategy.Locking{Name: "strata.lock", File: f, Renew: true, Update: []string{name}}
		r.Lock.Store = func(string, lock.Platform, []lock.Repository) { kept = true }
		if _, _ = planOf(r); kept == want { // what there is to resolve isn't served
			t.Errorf("--update %s keeps the packages: %v", name, kept)
		}
	}
}
