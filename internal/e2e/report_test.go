// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/misbehave"
)

// reported is a build file with every kind of layer that needs no network: of the
// base, of files, of commands with and without a result of their own.
const reported = `args: {BASE: null}
from: $BASE
layers:
  - name: settings
    files:
      - {dest: /etc/app/, source: settings, include: ["*.conf"]}
      - {dest: /etc/app/link, symlink: a.conf}
  - build: {from: $BASE, run: "sleep 0.4; head -c 3000000 /dev/urandom >$out/noise; echo $TARGETARCH >$out/arch"}
  - name: in place
    build: {run: "sleep 0.3; rm /etc/app/b.conf", network: none}
targets:
  debug:
    from: target:default
    layers:
      - files: [{dest: /debug, content: "yes"}]
`

// jq asks a file of JSON.
func jq(t *testing.T, file, filter string) string {
	t.Helper()
	return strings.TrimSpace(testenv.Output(t, "jq", "-r", filter, file))
}

// TestTableReadsLittle builds two layers that are read for the table alone, but not
// both. A full report has both.
func TestTableReadsLittle(t *testing.T) {
	h := newHouseAlone(t)
	dir := directory(t, map[string]string{"strata.yaml": "layers:\n  - files: [{dest: /, source: one}]\n  - files: [{dest: /, source: two}]\n"})
	for _, name := range []string{"one", "two"} {
		noise := make([]byte, 700<<10)
		_, _ = rand.Read(noise) // it never fails
		if err := os.WriteFile(filepath.Join(dir, name), noise, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out := "type=oci,dest=" + filepath.Join(t.TempDir(), "image.tar")
	row := func(args ...string) (first, second string) {
		res := h.mustBuild(t, append(args, "--progress=plain", "-o", out, dir)...)
		found := regexp.MustCompile(`\n[12] +files .*s +(\d+|-) +\d+ +(?:\d+|-) +sha256:`).FindAllStringSubmatch(res.Stderr, -1)
		if len(found) != 2 {
			t.Fatalf("%d rows in\n%s", len(found), res.Stderr)
		}
		return found[0][1], found[1][1]
	}
	if one, two := row(); one != "1" || two != "-" {
		t.Errorf("the table has %s and %s files, want 1 and -", one, two)
	}
	if one, two := row("--report", filepath.Join(t.TempDir(), "r.json")); one != "1" || two != "1" {
		t.Errorf("with a report the table has %s and %s files, want 1 and 1", one, two)
	}
}

// TestReport builds two targets and holds the report to what crane says of the
// images that were pushed.
func TestReport(t *testing.T) {
	h := newHouseAlone(t)
	dir := directory(t, map[string]string{"strata.yaml": reported, "settings/a.conf": "a", "settings/b.conf": "b", "settings/c": "c"})
	file := filepath.Join(t.TempDir(), "deep", "report.json")
	args := []string{
		"--target", "default,debug", "-t", h.registry.Host + "/reported:{target}", "--push",
		"--progress=plain", "--report", file, dir,
	}
	res := h.mustBuild(t, append([]string{"--no-cache"}, args...)...)

	if got := jq(t, file, ".images[]|.target+\" \"+.platform"); got != "default linux/amd64\ndebug linux/amd64" {
		t.Fatalf("images %q", got)
	}
	for i, target := range []string{"default", "debug"} {
		checkReported(t, h, file, i, "reported:"+target)
	}
	for _, c := range []struct{ filter, want string }{
		{"[.images[1].layers[].strategy]|join(\" \")", "from files build build files"},
		{"[.images[1].layers[].name]|join(\",\")", ",settings,,in place,"},
		{"[.images[1].layers[].cached]|tostring", "[null,false,false,false,false]"},
		{"[.images[1].layers[3:][].files]|join(\" \")", "0 1"},
		{"[.images[1].layers[1:3][].files]|join(\" \")", "2 2"},
		{".images[0].layers[2].seconds|. >= 0.4 and . < 60", "true"},
		{".images[0].layers[3].seconds|. >= 0.3 and . < 60", "true"},
		{".images[0].layers[0]|has(\"seconds\")", "false"},
	} {
		if got := jq(t, file, c.filter); got != c.want {
			t.Errorf("%s is %q, want %q", c.filter, got, c.want)
		}
	}
	if tables := strings.Count(res.Stderr, "\nLAYER  STRATEGY"); tables != 2 {
		t.Errorf("%d tables\n%s", tables, res.Stderr)
	}
	row := regexp.MustCompile(`\n2 +files +settings: files .* +no +\d+\.\ds +2 +\d+ +\d+ +` + jq(t, file, ".images[0].layers[1].digest[:19]"))
	if !row.MatchString(res.Stderr) {
		t.Errorf("no row %s in\n%s", row, res.Stderr)
	}

	h.mustBuild(t, args...)
	if got := jq(t, file, "[.images[].layers[].cached]|tostring"); got != "[null,true,true,true,null,true,true,true,true]" {
		t.Errorf("cached the second time: %s", got)
	}
	checkReported(t, h, file, 1, "reported:debug")
}

// TestReportOfOtherLayers reports on an image whose only layer the daemon never
// needed: pushing mounted it from the base's repository. It is read there, and only
// for a report that wants all.
func TestReportOfOtherLayers(t *testing.T) {
	h := newHouseAlone(t)
	base := h.registry.Push(t, "untouched:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{
		{Path: "only/"}, {Path: "only/here", Data: []byte(t.Name())}, {Path: "only/there", Data: []byte("2")},
	}))
	dir := directory(t, map[string]string{"strata.yaml": "from: " + base + "\nconfig: {entrypoint: [/x]}\n"})
	file := filepath.Join(t.TempDir(), "report.json")
	args := []string{"--progress=plain", "-t", h.registry.Host + "/renamed:1", "--push", dir}
	fetched := func() (blobs []string) {
		layer := jq(t, file, ".images[0].layers[0].digest")
		for _, r := range h.registry.Requests() {
			if r.Method == http.MethodGet && strings.HasSuffix(r.Path, "/blobs/"+layer) {
				blobs = append(blobs, r.Path)
			}
		}
		return blobs
	}
	table := h.mustBuild(t, args...)
	h.mustBuild(t, append([]string{"--report", file}, args...)...)
	checkReported(t, h, file, 0, "renamed:1")
	if got := jq(t, file, ".images[0].layers[0]|[.strategy,.files]|tostring"); got != `["from",2]` {
		t.Errorf("the layer is %s", got)
	}
	// Once for the report, once for checkReported; the daemon did not.
	if got := fetched(); len(got) != 2 || !strings.HasPrefix(got[0], "/v2/renamed/") {
		t.Errorf("the layer was fetched as %q", got)
	}
	if row := regexp.MustCompile(`\n1 +from .* +- +- +- +\d+ +- +sha256:`); !row.MatchString(table.Stderr) {
		t.Errorf("no row %s in\n%s", row, table.Stderr)
	}

	// Without the registry the report has what the daemon knows.
	h.registry.Misbehave(t, &misbehave.Rule{Method: "GET", Path: "/renamed/blobs/", Fault: misbehave.Answer(http.StatusNotFound)})
	res := h.mustBuild(t, append([]string{"--report", file}, args...)...)
	if got := jq(t, file, ".images[0].layers[0]|[.strategy,has(\"files\"),has(\"digest\")]|tostring"); got != `["from",false,true]` {
		t.Errorf("without the registry the layer is %s\n%s", got, res.Stderr)
	}
}

// checkReported compares an image of the report with what a registry has.
func checkReported(t *testing.T, h *house, file string, image int, repository string) {
	t.Helper()
	crane := func(verb string, args ...string) string {
		return strings.TrimSpace(testenv.Output(t, "crane", append([]string{verb, "--insecure"}, args...)...))
	}
	of := ".images[" + strconv.Itoa(image) + "]"
	name := h.registry.Host + "/" + repository
	out := t.TempDir()
	write(t, filepath.Join(out, "manifest"), crane("manifest", name))
	write(t, filepath.Join(out, "config"), crane("config", name))
	for _, c := range []struct{ filter, crane, want string }{
		{of + ".manifest.digest", "crane digest", crane("digest", name)},
		{of + ".digest", "crane digest", crane("digest", name)},
		{of + ".names[0]", "the name", name},
		{of + ".configDigest", ".config.digest", jq(t, filepath.Join(out, "manifest"), ".config.digest")},
		{of + ".layers[]|[.digest,.size,.mediaType]|@csv", ".layers", jq(t, filepath.Join(out, "manifest"), ".layers[]|[.digest,.size,.mediaType]|@csv")},
		{of + ".layers[].diffID", ".rootfs.diff_ids", jq(t, filepath.Join(out, "config"), ".rootfs.diff_ids[]")},
	} {
		if got := jq(t, file, c.filter); got != c.want {
			t.Errorf("%s: %s is\n%s\n%s is\n%s", repository, c.filter, got, c.crane, c.want)
		}
	}
	repo := name[:strings.LastIndex(name, ":")]
	for i, digest := range strings.Fields(jq(t, file, of+".layers[].digest")) {
		blob := filepath.Join(out, "blob")
		write(t, blob+".gz", testenv.Output(t, "crane", "blob", "--insecure", repo+"@"+digest))
		_ = os.Remove(blob)
		testenv.Output(t, "gunzip", blob+".gz")
		fi, err := os.Stat(blob)
		if err != nil {
			t.Fatal(err)
		}
		at := of + ".layers[" + strconv.Itoa(i) + "]"
		if got := jq(t, file, at+".unpacked"); got != strconv.FormatInt(fi.Size(), 10) {
			t.Errorf("%s: %s.unpacked is %s, the tar has %d bytes", repository, at, got, fi.Size())
		}
		files := 0
		for line := range strings.Lines(testenv.Output(t, "tar", "-tvf", blob)) {
			if line[0] == '-' && !strings.Contains(line, ".wh.") {
				files++
			}
		}
		if got := jq(t, file, at+".files"); got != strconv.Itoa(files) {
			t.Errorf("%s: %s.files is %s, tar lists %d", repository, at, got, files)
		}
	}
}

// TestReportForms writes reports of several platforms, of outputs that are no
// image, by the embedded engine, and to where nothing can be written.
func TestReportForms(t *testing.T) {
	h := newHouseAlone(t)
	dir := directory(t, map[string]string{"strata.yaml": helloFile})
	out := t.TempDir()
	at := func(name string) string { return filepath.Join(out, name) }

	h.cli.MustRun(t, "build", "--progress=quiet", "--platform", "linux/amd64,linux/arm64", "-o", "type=oci,tar=false,dest="+at("layout"), "--report", at("r.json"), dir)
	index := jq(t, at("layout/index.json"), ".manifests[0].digest")
	if got := jq(t, at("r.json"), "[.images[].digest]|unique|join(\" \")"); got != index {
		t.Errorf("the index is %s, the report says %s", index, got)
	}
	blob := at("layout/blobs/" + strings.Replace(index, ":", "/", 1))
	line := `.platform.os+"/"+.platform.architecture+" "+.digest`
	if got, want := jq(t, at("r.json"), ".images[]|.platform+\" \"+.manifest.digest"), jq(t, blob, ".manifests[]|"+line); got != want {
		t.Errorf("the report has\n%s\nthe index\n%s", got, want)
	}

	res := h.cli.MustRun(t, "build", "--progress=plain", "-o", at("files"), "--report", at("files.json"), dir)
	if got := jq(t, at("files.json"), "[.images[0].layers[0]|.strategy,has(\"digest\"),has(\"size\")]|tostring"); got != `["files",false,false]` {
		t.Errorf("of files the report says %s", got)
	}
	if !strings.Contains(res.Stderr, "default linux/amd64\nLAYER") {
		t.Errorf("no table in\n%s", res.Stderr)
	}

	write(t, at("file"), "")
	for _, bad := range []string{at("file/report.json"), out, "/proc/report.json"} {
		res := h.cli.Run(t, "build", "--progress=plain", "-o", at("never"), "--report", bad, dir)
		if res.Code != 2 || !strings.Contains(res.Stderr, "strata: --report: ") || strings.Contains(res.Stderr, "#1 ") {
			t.Errorf("--report %s: status %d\n%s", bad, res.Code, res.Stderr)
		}
	}
	if _, err := os.Stat(at("never")); err == nil {
		t.Error("a build whose report can't be written was built")
	}
	// What fails later leaves no half of a report.
	res = h.build(t, "--progress=plain", "--report", at("never.json"), directory(t, map[string]string{
		"strata.yaml": "args: {BASE: null}\nlayers:\n  - build: {from: $BASE, run: exit 3, out: true}\n",
	}))
	if left, _ := filepath.Glob(at("*never*")); res.Code != 1 || len(left) > 0 {
		t.Errorf("status %d, left behind %q", res.Code, left)
	}
}
