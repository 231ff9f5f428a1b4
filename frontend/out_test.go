// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestNothingInOut builds layers whose commands leave nothing in $out: a warning names
// each, and asks whether $OUT was a slip, which a check asks as well.
func TestNothingInOut(t *testing.T) {
	h := house.New(t)
	dir := h.OneLayer(t, `  - name: slip
    build: {from: "{base}", run: "touch $OUT/x"}
  - build: {run: "mkdir -p /tmp/x; : $out"}
  - build: {from: "{base}", run: ": > $out/there"}
  - build: {from: "{base}", run: "OUT=/out; : > $OUT/there"}
`)
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Must(t, house.Flags(dir, "-o", "type=cacheonly")...)
		house.Contains(t, out, `the layer "slip" is empty: its command left nothing in $out`, `the layer "build mkdir -p /tmp/x; : $out" is empty`,
			"nothing sets $OUT, and the script uses it; did you mean $out?")
		if n := strings.Count(out, "is empty: "); n < 2 || strings.Contains(out, `there" is empty`) {
			t.Errorf("other layers have warnings:\n%s", out)
		}
	})
	for name, ask := range askers(h) {
		if _, all, _ := ask(t, dir, "check"); !strings.Contains(all, "did you mean $out?") {
			t.Errorf("the check of %s doesn't ask:\n%s", name, all)
		}
	}
}

// TestNothingButDirectories builds layers that have directories whatever their commands do:
// one that $out has from the start, and an output.
func TestNothingButDirectories(t *testing.T) {
	h := house.New(t)
	dir := h.OneLayer(t, `  - {name: begun, build: {from: "{base}", out: [/usr/local/bin, /opt], run: "true"}}
  - {name: output, build: {from: "{base}", outputs: [/made, {source: /made, dest: /srv/www}], run: mkdir /made}}
  - {name: made, build: {from: "{base}", out: [/opt], run: mkdir $out/opt/made}}
  - {name: full, build: {from: "{base}", outputs: [/made], run: "mkdir /made; : > /made/file"}}
`)
	for _, more := range []string{"", "max_layers: 2\n"} {
		house.Write(t, filepath.Join(dir, "strata.yaml"), []byte(house.Read(t, dir, "strata.yaml")+more))
		h.Each(t, func(t *testing.T, w house.Way) {
			out := w.Must(t, house.Flags(dir, "-o", "type=cacheonly")...)
			house.Contains(t, out, `the layer "begun" is empty: its command left nothing in $out`, `the layer "output" is empty: its command left nothing in its outputs`)
			if strings.Contains(out, `"made" is empty`) || strings.Contains(out, `"full" is empty`) {
				t.Errorf("other layers have warnings:\n%s", out)
			}
		})
	}
}

// TestManyOuts builds so many layers with $out that one question looks into all of them: what
// is empty, and what has a key or data, is told as where each is opened for itself.
func TestManyOuts(t *testing.T) {
	h := house.New(t)
	const few = `  - {name: begun, build: {from: "{base}", out: [/usr/local/bin, /opt], run: "true"}}
  - {name: output, build: {from: "{base}", outputs: [/made], run: mkdir /made}}
  - {name: nothing, build: {from: "{base}", run: ": $out"}}
  - {name: made, build: {from: "{base}", out: [/opt], run: mkdir $out/opt/made}}
  - {name: plain, build: {from: "{base}", run: ": > $out/file"}}
  - {name: key, build: {from: "{base}", run: "mkdir -p $out/etc/app $out/srv/node_modules/x && echo '-----BEGIN PRIVATE KEY-----' > $out/etc/app/a.key && : > $out/srv/node_modules/x/ibdata1"}}
  - {name: data, build: {from: "{base}", run: "mkdir -p $out/var/lib/mysql && : > $out/var/lib/mysql/ibdata1"}}
`
	more := ""
	for i := range 6 {
		more += fmt.Sprintf("  - {name: more%d, build: {from: \"{base}\", run: \"mkdir $out/srv && : > $out/srv/%d\"}}\n", i, i)
	}
	told := func(w house.Way, layers string) []string {
		out := w.Must(t, house.Flags(h.OneLayer(t, layers), "-o", "type=cacheonly")...)
		lines := regexp.MustCompile(`the layer "\w+" is empty|the command made [^,]*,`).FindAllString(out, -1)
		slices.Sort(lines)
		return slices.Compact(lines)
	}
	want := []string{
		`the command made /etc/app/a.key,`, `the command made the data directory of MySQL or MariaDB,`,
		`the layer "begun" is empty`, `the layer "nothing" is empty`, `the layer "output" is empty`,
	}
	h.Each(t, func(t *testing.T, w house.Way) {
		for n, layers := range map[string]string{"few": few, "many": few + more} {
			for range 2 { // the second time all is cached
				if diff := cmp.Diff(want, told(w, layers)); diff != "" {
					t.Errorf("%s layers (-want +got):\n%s", n, diff)
				}
			}
		}
	})
}

// TestNothingInOutOfACache builds with a cache from another daemon, which has the layers:
// the commands don't run, and the warnings come all the same. Nothing is fetched for them
// where the rule is skipped and BuildKit can leave them in their registry.
func TestNothingInOutOfACache(t *testing.T) {
	h := house.New(t)
	fresh := testenv.Buildkitd(t, testenv.DaemonOptions{})
	other := &house.House{Registry: h.Registry, Daemon: fresh, Buildx: testenv.NewBuildx(t, fresh), CLI: h.CLI, Frontend: h.Frontend, Base: h.Base}
	dir := h.OneLayer(t, `  - {name: full, build: {from: "{base}", run: "head -c 9000000 /dev/urandom > $out/x"}}
  - {name: empty, build: {from: "{base}", run: ": $out"}}
  - {name: begun, build: {from: "{base}", out: [/opt], run: "true"}}
`)
	for i, w := range h.Ways() {
		t.Run(w.Name, func(t *testing.T) {
			local := filepath.Join(t.TempDir(), "cache")
			ref := h.Registry.Host + "/nothing:" + w.Name
			for to, from := range map[string]string{
				"type=registry,mode=max,ref=" + ref: "type=registry,ref=" + ref,
				"type=local,mode=max,dest=" + local: "type=local,src=" + local,
			} {
				build := func(flags ...string) string {
					prune(t, fresh)
					return other.Ways()[i].Must(t, house.Flags(dir, append(flags, "--cache-from", from, "-o", h.Pushed("nothing-"+w.Name+"-again"))...)...)
				}
				w.Must(t, house.Flags(dir, "-o", h.Pushed("nothing-"+w.Name), "--cache-to", to)...)
				out := build()
				house.Contains(t, out, `the layer "empty" is empty`, `the layer "begun" is empty`)
				if !house.Cached(t, out, "empty: build") || strings.Contains(out, `"full" is empty`) {
					t.Errorf("%s: the steps run, or another layer is empty:\n%s", from, out)
				}
				out = build("--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=NothingInOut")
				if strings.Contains(out, "is empty") || strings.HasPrefix(from, "type=registry") && strings.Contains(out, "9.00MB") {
					t.Errorf("%s: a layer is fetched to look, or said to be empty:\n%s", from, out)
				}
			}
		})
	}
}
