// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/misbehave"
)

// wireLimit is how long a build may take in which something goes wrong. None takes a
// tenth of it; one that hangs is a defect.
const wireLimit = 3 * time.Minute

// A door is one way to build, with a cache of its own.
type door struct {
	name  string
	build func(args ...string) *exec.Cmd
	prune func(t *testing.T)
}

// doors are the embedded engine, and a daemon with the frontend's image: both fetch
// with code of their own.
func doors(t *testing.T) []door {
	t.Helper()
	cli, daemon := testenv.Strata(t), testenv.Buildkitd(t, testenv.DaemonOptions{})
	buildx, bkc := testenv.NewBuildx(t, daemon), daemon.Client(t)
	return []door{
		{
			"engine",
			func(args ...string) *exec.Cmd {
				return cli.Command(append([]string{"build", "--progress=plain"}, args...)...)
			},
			func(t *testing.T) { cli.MustRun(t, "prune", "--all") },
		},
		{
			"daemon",
			func(args ...string) *exec.Cmd {
				return buildx.Command(append([]string{"buildx", "build", "--progress=plain", "--provenance=false"}, args...)...)
			},
			func(t *testing.T) { pruneBut(t, bkc, "strata-build/strata") },
		},
	}
}

// pruneBut removes a daemon's cache but for an image.
func pruneBut(t *testing.T, bkc *client.Client, image string) {
	t.Helper()
	records, err := bkc.DiskUsage(t.Context())
	must(t, err)
	filters := []string{}
	for _, r := range records {
		if strings.Contains(r.Description, image) {
			filters = append(filters, "id!="+r.ID)
		}
	}
	must(t, bkc.Prune(t.Context(), nil, client.PruneAll, client.WithFilter([]string{strings.Join(filters, ",")})))
}

// A run is what came of a build.
type run struct {
	// digest is the image's; empty if the build failed.
	digest string
	said   string
	status int
	hung   bool
	// left is the digest of the output of a failed build; empty if there is none. buildx
	// leaves a whole image where what comes after it fails.
	left string
}

// err is a build's failure.
func (r run) err() error {
	if r.status != 0 {
		return errors.New(r.said)
	}
	return nil
}

// run builds a project to a file.
func (d door) run(t *testing.T, f *freight) run {
	t.Helper()
	out := testenv.Dir(t)
	image, metadata := filepath.Join(out, "image.tar"), filepath.Join(out, "metadata.json")
	args := []string{"-f", filepath.Join(f.dir, "strata.yaml"), "--metadata-file", metadata}
	if f.output == "" {
		args = append(args, "-o", "type=oci,dest="+image)
	} else {
		args = append(args, "-o", f.output)
	}
	cmd := d.build(append(append(args, f.flags...), f.dir)...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &said, &said, time.Second
	ctx, cancel := context.WithTimeout(t.Context(), wireLimit)
	defer cancel()
	must(t, cmd.Start())
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	r := run{said: said.String(), status: cmd.ProcessState.ExitCode(), hung: ctx.Err() != nil}
	_, err = os.Stat(image)
	if r.status != 0 && err == nil {
		r.left = testenv.OpenLayout(t, image).Digest(t, "amd64")
	}
	if r.status == 0 {
		r.digest, err = digestIn(metadata)
		must(t, err)
	}
	return r
}

// TestWire lets each thing that a build fetches or sends go wrong on its way. The build
// ends with the right image or says what is wrong, where the build file asks for it; and
// the next one, with the same cache and a sound wire, gives the right image. The doors have
// servers of their own, and go side by side: a build mostly waits before it asks again.
func TestWire(t *testing.T) {
	ways := doors(t)
	all := make([][]*freight, len(ways))
	seen := make([]map[string]string, len(ways))
	tried := 0
	var running sync.WaitGroup
	for i, d := range ways {
		all[i], seen[i] = freights(t), map[string]string{}
		var trials []trial
		for _, f := range all[i] {
			for _, w := range wrongs() {
				if w.fits(f) {
					trials = append(trials, trial{f, w, d})
				}
			}
		}
		draw := rand.New(rand.NewPCG(*seed, 0)) //nolint:gosec // the order is to be the same for a seed
		draw.Shuffle(len(trials), func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
		if !*whole {
			trials = slices.DeleteFunc(trials, func(one trial) bool { return !slices.Contains(few(), one.name()) })
		}
		tried += len(trials)
		running.Go(func() {
			want := map[string]string{}
			for _, one := range trials {
				t.Run(one.name(), func(t *testing.T) {
					if want[one.freight.name] == "" {
						want[one.freight.name] = one.sound(t)
					}
					seen[i][one.name()] = one.test(t, want[one.freight.name])
				})
			}
		})
	}
	running.Wait()
	for _, more := range seen[1:] {
		maps.Copy(seen[0], more)
	}
	if *whole && !t.Failed() && len(seen[0]) == tried {
		record(t, "wire", wireTable(all[0], ways, seen[0]))
	}
}

// few are the trials that are in every run of the tests.
func few() []string {
	return []string{
		"apt's Release/a wrong bit always/engine", "apk's index/half of it always/engine", "an .apk/a wrong bit always/engine",
		"a narinfo/twice always/engine", "a narinfo/a page always/daemon", "a .deb/503/daemon", "a url/no answer/engine",
		"a signed url without a checksum/a wrong bit always/engine", "an archive without a checksum/half of it always/engine",
		"a Nix archive/half of it/daemon", "a base's blob/a wrong bit always/engine", "a pushed manifest/a page/engine",
		"a pushed manifest/no more than a promise/engine",
	}
}

// wireTable has a line for each freight and thing that goes wrong, and what came of it by
// each door.
func wireTable(all []*freight, ways []door, seen map[string]string) string {
	table := line("what", "goes wrong once", "goes wrong always") + "|---|---|---|\n"
	for _, f := range all {
		cells := []string{f.name, "", ""}
		for i, suffix := range []string{"", " always"} {
			told := map[string][]string{}
			for _, w := range wrongs() {
				name, isAlways := strings.CutSuffix(w.name, " always")
				if isAlways != (suffix != "") || !w.fits(f) {
					continue
				}
				words := make([]string, len(ways))
				for k, d := range ways {
					words[k] = seen[(trial{f, w, d}).name()]
				}
				word := words[0]
				if words[0] != words[1] {
					word = fmt.Sprintf("%s (%s: %s)", words[0], ways[1].name, words[1])
				}
				told[word] = append(told[word], name)
			}
			var parts []string
			for _, word := range slices.Sorted(maps.Keys(told)) {
				parts = append(parts, word+": "+strings.Join(told[word], ", "))
			}
			cells[i+1] = strings.Join(parts, "; ")
		}
		table += line(cells...)
	}
	return table
}

// A trial is one thing that goes wrong with one freight through one door.
type trial struct {
	freight *freight
	wrong   wrong
	door    door
}

func (one trial) name() string {
	return one.freight.name + "/" + one.wrong.name + "/" + one.door.name
}

// sound is the digest of a build in which nothing goes wrong.
func (one trial) sound(t *testing.T) string {
	t.Helper()
	one.door.prune(t)
	if one.freight.before != nil {
		one.freight.before(t, one.door)
		one.door.prune(t)
	}
	sound := one.door.run(t, one.freight)
	if sound.status != 0 || sound.digest == "" {
		t.Fatalf("%s: the build fails on a sound wire:\n%s", one.name(), sound.said)
	}
	return sound.digest
}

// kept reports whether a daemon keeps what it was sent of an image, though it isn't that:
// containerd's store goes on with it until the cache is pruned. The embedded engine's does
// not. Both keep what git makes of objects that came wrong.
func kept(f *freight, d door, bad run) bool {
	return bad.status != 0 && (d.name == "daemon" && f.name == "a base's blob" || f.name == "git's objects")
}

// unnoticed reports whether BuildKit's daemon takes the answer for a registry's.
func (one trial) unnoticed() bool {
	name := strings.TrimSuffix(one.wrong.name, " always")
	return one.door.name == "daemon" && one.freight.name == "a pushed manifest" && slices.Contains([]string{"a page", "nothing", "no more than a promise"}, name)
}

// test builds twice, and returns what came of the first build in a word.
func (one trial) test(t *testing.T, want string) string {
	f, d := one.freight, one.door
	d.prune(t)
	f.again()
	rule := one.wrong.rule(f)
	f.misbehave(t, rule)
	bad := d.run(t, f)
	f.misbehave(t)
	if rule.Happened() == 0 {
		t.Fatalf("the build never asked for it:\n%s", bad.said)
	}
	word := "right"
	switch {
	case bad.hung:
		t.Errorf("the build hangs:\n%s", bad.said)
	case bad.status == 0 && one.unnoticed():
		word = "not noticed"
	case bad.status == 0:
		if bad.digest != want || f.landed != nil && f.landed(t) != want {
			t.Errorf("another image, %s and not %s:\n%s", bad.digest, want, bad.said)
		}
	default:
		word = "told"
		if bad.left != "" && (d.name == "engine" || bad.left != want) {
			t.Error("a build that failed leaves an image")
		}
		for _, part := range []string{f.line, f.named} {
			if !strings.Contains(bad.said, part) {
				t.Errorf("the message has no %q:\n%s", part, bad.said)
			}
		}
	}
	if kept(f, d, bad) {
		word = "told, and kept"
		d.prune(t)
	}
	if good := d.run(t, f); good.status != 0 || good.digest != want || f.landed != nil && f.landed(t) != want {
		t.Errorf("after that, a build on a sound wire gives %q and not %s:\n%s", good.digest, want, good.said)
	}
	return word
}

// A wrong is something that happens on a wire.
type wrong struct {
	name  string
	times int32
	fault misbehave.Fault
	// unseen says that it can't be told from what is right, where nothing says what is
	// right.
	unseen bool
}

func (w wrong) rule(f *freight) *misbehave.Rule {
	return &misbehave.Rule{Method: f.method, Path: f.path, Times: w.times, Fault: w.fault}
}

func (w wrong) fits(f *freight) bool { return !w.unseen || !f.unsure }
