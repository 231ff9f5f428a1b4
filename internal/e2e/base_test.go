// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestBaseWithoutRegistry builds on images that are in no registry, in the notation
// of all verbs about images. The base's layers stay what they are, and one with a
// wrong bit is refused.
func TestBaseWithoutRegistry(t *testing.T) {
	own := testenv.NewRegistry(t, testenv.RegistryOptions{})
	ref := testenv.BusyboxImage(t, own, "base:1", testenv.BusyboxTweaks{Only: "amd64", Release: t.Name()})
	cli, daemon, dir := testenv.Strata(t), testenv.Shared(t), t.TempDir()
	project := directory(t, map[string]string{"strata.yaml": "from: context:base\nlayers:\n  - build: {run: cp /usr/lib/release $out/ran}\n"})
	build := func(base, out string) testenv.Result {
		return cli.Run(t, "build", "--addr", daemon.Addr, "--progress=quiet", "--build-context", "base="+base, "-o", "type=oci,tar=false,dest="+out, project)
	}
	bases := []string{"oci:" + dir + "/layout", "oci:" + dir + "/tagged:1", "oci-archive:" + dir + "/oci.tar:1", "docker-archive:" + dir + "/docker.tar:app:1"}
	var digests []string
	for i, base := range bases {
		cli.MustRun(t, "copy", "--progress=quiet", "--platform=linux/amd64", ref, base)
		out := filepath.Join(dir, "out"+string(rune('0'+i)))
		if got := build(base, out); got.Code != 0 {
			t.Errorf("%s: status %d\n%s", base, got.Code, got.Stderr)
			continue
		}
		digests = append(digests, jq(t, out+"/index.json", ".manifests[0].digest"))
		published := own.Host + "/published:1"
		cli.MustRun(t, "copy", "--progress=quiet", "oci:"+out, published)
		cli.MustRun(t, "diff", "oci:"+out, published)
		drift := cli.Run(t, "diff", "oci:"+out, ref)
		if drift.Code != 3 || !strings.Contains(drift.Stdout, "- /ran (file") || !strings.Contains(drift.Stdout, "= ") {
			t.Errorf("%s: beside its base, the image is told to be\n%s%s", base, drift.Stdout, drift.Stderr)
		}
	}
	if len(slices.Compact(digests)) != 1 {
		t.Errorf("one base in several places makes the images %q", digests)
	}

	// Of the daemon's cache a damaged blob would never be asked for.
	other := testenv.BusyboxImage(t, own, "base:2", testenv.BusyboxTweaks{Only: "amd64", Release: t.Name() + " other"})
	for base, want := range map[string]string{
		"oci:" + dir + "/damaged":                             "unexpected commit digest",
		"oci-archive:" + dir + "/damaged.tar":                 "content does not match its descriptor",
		"docker-archive:" + dir + "/damaged.docker.tar:app:1": "content does not match its descriptor",
	} {
		cli.MustRun(t, "copy", "--progress=quiet", "--platform=linux/amd64", other, base)
		file := strings.Split(base, ":")[1]
		if strings.HasPrefix(base, "oci:") {
			layer := jq(t, blobOf(file, jq(t, file+"/index.json", ".manifests[0].digest")), ".layers[-1].digest")
			file = blobOf(file, layer)
		}
		flip(t, file)
		out := filepath.Join(dir, "never")
		got := build(base, out)
		if _, err := os.Stat(out); got.Code == 0 || err == nil || !strings.Contains(got.Stderr, want) {
			t.Errorf("%s: status %d, output %v, want %q\n%s", base, got.Code, err, want, got.Stderr)
		}
	}
}

func blobOf(layout, digest string) string {
	return filepath.Join(layout, "blobs", strings.Replace(digest, ":", "/", 1))
}

// flip changes a bit in the middle of the longest run of bytes that are not zero.
func flip(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 64)
	at, best := 0, 0
	for from := 0; from < len(data); {
		n := bytes.Index(data[from:], zeros)
		if n < 0 {
			n = len(data) - from
		}
		if n > best {
			at, best = from+n/2, n
		}
		from += n + len(zeros)
	}
	data[at] ^= 1
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
