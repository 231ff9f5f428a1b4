// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package builders

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestTwoNodes builds two platforms on a builder with a node for each: every output is what
// one node makes of both, and each node has built its own.
func TestTwoNodes(t *testing.T) {
	d := newDesk(t)
	one, arm := testenv.Shared(t), testenv.Buildkitd(t, testenv.DaemonOptions{})
	amd := testenv.Buildkitd(t, testenv.DaemonOptions{})
	d.docker(t, "buildx", "create", "--name", "two", "--driver", "remote", "--platform", "linux/amd64", amd.Addr)
	d.docker(t, "buildx", "create", "--name", "two", "--append", "--platform", "linux/arm64", arm.Addr)
	dir := directory(t, map[string]string{"strata.yaml": twoPlatforms})
	out := t.TempDir()
	platforms := []string{"--platform", "linux/arm64,linux/amd64", "--annotation", "index:note=x", "--sbom=false"}
	outputs := func(where, tag string) []string {
		repository := d.registry.Host + "/nodes/" + tag
		return append([]string{
			"-t", repository + ":1", "-t", repository + ":2", "--push",
			"-o", "type=oci,dest=" + filepath.Join(out, where+".tar"),
			"-o", "type=local,dest=" + filepath.Join(out, where),
			"-o", "type=tar,dest=" + filepath.Join(out, where+"-files.tar"),
			"--metadata-file", filepath.Join(out, where+".json"),
		}, platforms...)
	}
	d.mustBuild(t, dir, append(outputs("one", "app"), "--addr", one.Addr)...)
	want := d.digest(t, "nodes/app:1")
	d.mustBuild(t, dir, "--builder", "two", "--all", "--platform", "linux/arm64,linux/amd64")
	d.mustBuild(t, dir, append(outputs("two", "app"), "--builder", "two")...)
	if got := d.digest(t, "nodes/app:2"); got != want {
		t.Errorf("two nodes push\n%s\none pushes\n%s", d.manifest(t, "nodes/app:2"), d.manifest(t, "nodes/app@"+want))
	}
	for _, file := range []string{".tar", "-files.tar"} {
		if a, b := testenv.Output(t, "tar", "tf", filepath.Join(out, "one"+file)), testenv.Output(t, "tar", "tf", filepath.Join(out, "two"+file)); a != b {
			t.Errorf("%s of two nodes has\n%s\nwant\n%s", file, b, a)
		}
	}
	layout := testenv.OpenLayout(t, filepath.Join(out, "two.tar"))
	for arch, machine := range map[string]string{"amd64": "x86_64\n", "arm64": "aarch64\n"} {
		layout.Validate(t, arch)
		for _, root := range []string{layout.Unpack(t, arch), filepath.Join(out, "two", "linux_"+arch)} {
			if got, err := os.ReadFile(filepath.Join(root, "machine")); string(got) != machine {
				t.Errorf("%s has %q and %v for %s", root, got, err, arch)
			}
		}
	}
	if a, b := metadataDigest(t, filepath.Join(out, "one.json")), metadataDigest(t, filepath.Join(out, "two.json")); a != want || b != want {
		t.Errorf("the metadata have %s and %s, want %s", a, b, want)
	}
	for arch, node := range map[string]*testenv.Daemon{"arm64": arm, "amd64": amd} {
		if got := testenv.Output(t, "buildctl", "--addr", node.Addr, "du", "--verbose"); strings.Count(got, "uname -m") != 1 {
			t.Errorf("the node of %s did not run the command once:\n%s", arch, got)
		}
	}
}

func metadataDigest(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	digest, _ := m["containerimage.digest"].(string)
	return digest
}

// TestOneOfTwoNodes asks and tests on the node that a platform is for. The node for the
// other one isn't there.
func TestOneOfTwoNodes(t *testing.T) {
	d := newDesk(t)
	d.docker(t, "buildx", "create", "--name", "half", "--driver", "remote", "--platform", "linux/s390x", "unix:///nowhere.sock")
	d.docker(t, "buildx", "create", "--name", "half", "--append", "--platform", "linux/amd64", testenv.Shared(t).Addr)
	dir := directory(t, map[string]string{"strata.yaml": twoPlatforms})
	given := []string{"--progress=quiet", "--builder", "half", "--platform", "linux/amd64", "--build-arg", "BASE=" + d.base, dir}
	for _, verb := range []string{"test", "check", "plan", "lock"} {
		d.cli.MustRun(t, append([]string{verb}, given...)...)
	}
	layout := filepath.Join(t.TempDir(), "layout")
	d.cli.MustRun(t, append([]string{"build", "-o", "type=oci,tar=false,dest=" + layout}, given...)...)
	testenv.OpenLayout(t, layout).Validate(t, "amd64")
}
