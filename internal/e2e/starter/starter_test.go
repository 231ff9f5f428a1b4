// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package starter shows that first build files build at once, and that their tests
// pass.
package starter

import (
	"cmp"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/strata-build/strata/internal/testenv"
)

var (
	every = flag.Bool("every", false, "build all projects whose tools can be had, not only a few")
	limit = flag.Duration("limit", 20*time.Minute, "what a project may take, with the bases that it is the first to need")
)

func TestMain(m *testing.M) { testenv.Main(m) }

const projects = "../../starter/testdata/projects"

// small are the projects that are built without the flag.
func small() []string {
	return []string{"static-plain", "ruby-script"}
}

// edit is a change of a source that no package depends on.
type edit struct {
	file, more string
	// step is in the name of the step that installs packages.
	step string
}

// edits are changes of some projects.
func edits() map[string]edit {
	return map[string]edit{
		"maven-libraries": {"src/main/java/org/example/Count.java", "// edited\n", "mvn -B dependency:copy-dependencies"},
		"node-npm":        {"src/server.js", "// edited\n", "npm ci"},
		"php-web":         {"src/Page.php", "// edited\n", "composer install"},
		"python-package":  {"src/shout/cli.py", "# edited\n", "python -m venv"},
		"python-pip":      {"app.py", "# edited\n", "python -m venv"},
		"ruby-script":     {"app.rb", "# edited\n", "bundle install"},
		"rust-command":    {"src/main.rs", "// edited\n", "echo 'fn main() {}'"},
	}
}

// unbuilt are the projects that can't be built here, and why. They are checked.
func unbuilt() map[string]string {
	const noDotnet = "no registry that tests may use has .NET's SDK"
	const noBoot = "Spring Boot is only in Maven's central repository"
	return map[string]string{
		"dotnet-console": noDotnet, "dotnet-solution": noDotnet, "dotnet-web": noDotnet,
		"maven-springboot": noBoot, "gradle-springboot": noBoot,
		"gradle-kotlin": "Debian's Gradle is 4.4, which knows no toolchains",
		"python-flask":  "Flask and gunicorn are only in the Python package index",
		"python-uv":     "uv is only in the Python package index",
		"ruby-rack":     "Rack and Puma are only in RubyGems' index", "ruby-rails": "Rails is only in RubyGems' index",
	}
}

// A bench builds projects on bases that stand for the ones of registries.
type bench struct {
	cli    *testenv.CLI
	debian string
	// args are those that bases are built with.
	args  []string
	bases map[string]string // layouts, by the target of bases.yaml
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return &bench{cli: testenv.Strata(t), debian: testenv.DebianBase(t), bases: map[string]string{}}
}

// TestFirstBuildFiles writes the first build file of each project by the command line,
// and checks it. Of those whose tools can be had here (without the flag, of a few) the
// image is built at once, its tests pass, and its user isn't root.
func TestFirstBuildFiles(t *testing.T) {
	files, err := filepath.Glob(projects + "/*.txtar")
	if err != nil || len(files) < 30 {
		t.Fatalf("there are %d projects: %v", len(files), err)
	}
	b := newBench(t)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			b.cli.Until = time.Now().Add(*limit)
			dir, text := b.initialize(t, file)
			why, not := unbuilt()[name]
			if not || !*every && !slices.Contains(small(), name) {
				b.check(t, dir, b.standIns(t, text))
				t.Logf("checked, and not built: %s", cmp.Or(why, "only -every builds it"))
				return
			}
			contexts := b.contexts(t, text)
			b.check(t, dir, contexts)
			b.build(t, dir, contexts)
			if e, ok := edits()[name]; ok {
				b.edit(t, dir, contexts, e)
			}
		})
	}
}

// initialize lays out a project, and has its build file written.
func (b *bench) initialize(t *testing.T, file string) (dir, text string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "strata.yaml" || f.Name == "notes" })
	fsys, err := txtar.FS(archive)
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(testenv.Dir(t), strings.TrimSuffix(filepath.Base(file), ".txtar"))
	if err := os.CopyFS(dir, fsys); err != nil {
		t.Fatal(err)
	}
	b.cli.MustRun(t, "init", dir)
	data, err := os.ReadFile(filepath.Join(dir, "strata.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return dir, string(data)
}

// references are the images that a build file names.
func references(text string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?m)\bfrom: "?([^\s,}"]+)`).FindAllStringSubmatch(text, -1) {
		if ref := m[1]; ref != "scratch" && ref != "layers" && !strings.HasPrefix(ref, "target:") && !slices.Contains(all, ref) {
			all = append(all, ref)
		}
	}
	return all
}

// standIns are named contexts of one small image for all that a build file names.
func (b *bench) standIns(t *testing.T, text string) []string {
	t.Helper()
	var args []string
	for _, ref := range references(text) {
		args = append(args, "--build-context", ref+"=oci-layout://"+b.layout(t, "stand-in"))
	}
	return args
}

// contexts are the named contexts of what a build file names.
func (b *bench) contexts(t *testing.T, text string) []string {
	t.Helper()
	var args []string
	for _, ref := range references(text) {
		args = append(args, "--build-context", ref+"="+b.base(t, ref))
	}
	return args
}

// stand is a target of bases.yaml, and the pattern of the references that it stands for.
type stand struct{ pattern, target string }

func standsFor() []stand {
	return []stand{
		{`^golang:`, "golang"},
		{`^node:.*-slim$`, "nodejs"},
		{`^node:`, "node"},
		{`^gcr\.io/distroless/`, "stand-in"},
		{`^nginxinc/`, "nginx"},
		{`/hugo:`, "hugo"},
		{`^python:`, "python"},
		{`^ruby:`, "ruby"},
		{`^php:.*-apache$`, "apache"},
		{`^php:`, "php-extensions"},
		{`^composer:`, "composer"},
		{`^rust:`, "rust"},
		{`^eclipse-temurin:`, "jre"},
		{`^maven:`, "maven"},
		{`^gradle:`, "gradle"},
		{`^denoland/`, "deno"},
		{`^oven/`, "bun"},
	}
}

// base is the image that stands for a reference.
func (b *bench) base(t *testing.T, ref string) string {
	t.Helper()
	if strings.HasPrefix(ref, "debian:") {
		return "docker-image://" + b.debian
	}
	for _, row := range standsFor() {
		if regexp.MustCompile(row.pattern).MatchString(ref) {
			return "oci-layout://" + b.layout(t, row.target)
		}
	}
	t.Fatalf("nothing stands for %s", ref)
	return ""
}

// layout builds a target of bases.yaml, once.
func (b *bench) layout(t *testing.T, target string) string {
	t.Helper()
	if dir, ok := b.bases[target]; ok {
		return dir
	}
	dir := filepath.Join(filepath.Dir(b.cli.Home), "base-"+target)
	args := []string{
		"build", "--progress=plain", "-f", "testdata/bases.yaml", "--target", target, "--build-arg", "BASE=" + b.debian,
		"-o", "type=oci,tar=false,compression=uncompressed,dest=" + dir,
	}
	b.cli.MustRun(t, append(append(args, b.machine(t)...), "testdata")...)
	b.bases[target] = dir
	return dir
}

// machine are the flags that give bases what is this machine's: Go, the addresses of
// the Go proxy and of npm's registry, whom it trusts, and npm itself.
func (b *bench) machine(t *testing.T) []string {
	t.Helper()
	if b.args != nil {
		return b.args
	}
	m := testenv.ThisMachine(t, filepath.Join(filepath.Dir(b.cli.Home), "machine"))
	b.args = []string{
		"--build-arg", "GOPROXY=" + m.GOPROXY, "--build-arg", "NPM_REGISTRY=" + m.NPMRegistry,
		"--build-context", "go=" + m.GOROOT, "--build-context", "machine=" + m.Dir,
	}
	return b.args
}

func (b *bench) check(t *testing.T, dir string, contexts []string) {
	t.Helper()
	r := b.cli.Run(t, append(append([]string{"check", "--progress=quiet"}, contexts...), dir)...)
	if r.Code != 0 || r.Stdout != "Check complete, nothing found.\n" {
		t.Errorf("check: status %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
}

// edit changes a source and builds once more: packages aren't installed again.
func (b *bench) edit(t *testing.T, dir string, contexts []string, e edit) {
	t.Helper()
	file := filepath.Join(dir, e.file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(text, e.more...), 0o644); err != nil {
		t.Fatal(err)
	}
	r := b.cli.MustRun(t, append(append([]string{"build", "--progress=plain", "-o", "type=oci,dest=" + filepath.Join(testenv.Dir(t), "edited.tar")}, contexts...), dir)...)
	steps := regexp.MustCompile(`(?m)^#(\d+) \[[^\]]*\] build `+regexp.QuoteMeta(e.step)).FindAllStringSubmatch(r.Stderr, -1)
	if len(steps) == 0 {
		t.Errorf("no step %q:\n%s", e.step, r.Stderr)
	}
	for _, m := range steps {
		if !strings.Contains(r.Stderr, "\n#"+m[1]+" CACHED\n") {
			t.Errorf("%q runs again after a change of %s:\n%s", e.step, e.file, r.Stderr)
		}
	}
}

// test runs the tests of a project's image.
func (b *bench) test(t *testing.T, dir string, contexts []string) {
	t.Helper()
	r := b.cli.MustRun(t, append(append([]string{"test", "--progress=plain"}, contexts...), dir)...)
	if !strings.HasPrefix(r.Stdout, "ok    ") || !strings.HasSuffix(r.Stdout, "passed.\n") {
		t.Errorf("test: %s\n%s", r.Stdout, r.Stderr)
	}
}

// build builds a project's image, runs its tests, and reads its user.
func (b *bench) build(t *testing.T, dir string, contexts []string) {
	t.Helper()
	b.test(t, dir, contexts)
	out := filepath.Join(testenv.Dir(t), "image")
	b.cli.MustRun(t, append(append([]string{"build", "--progress=plain", "-o", "type=oci,tar=false,dest=" + out}, contexts...), dir)...)
	config := testenv.OpenLayout(t, out).Config(t, runtime.GOARCH).Config
	if user, _, _ := strings.Cut(config.User, ":"); user == "" || user == "root" || user == "0" {
		t.Errorf("the user is %q", config.User)
	}
}
