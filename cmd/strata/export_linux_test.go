// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/testenv"
)

// command runs a command line and gives its status and what it printed.
func command(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	none := func(string) (string, bool) { return "", false }
	status = run(t.Context(), cli.Terminal{In: strings.NewReader(""), Out: &out, Err: &err, Env: none}, args)
	return status, out.String(), err.String()
}

// exportLayout writes a layout with an index of two platforms.
func exportLayout(t *testing.T) string {
	t.Helper()
	index := v1.ImageIndex(empty.Index)
	for _, arch := range []string{"amd64", "arm64"} {
		image := testenv.Image(t, arch, v1.Config{},
			[]testenv.Entry{{Path: "./", Mode: 0o711}, {Path: "etc/"}, {Path: "etc/gone"}, {Path: "app", Data: []byte(arch), UID: 5}},
			[]testenv.Entry{{Path: "etc/.wh.gone"}})
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image})
	}
	path, err := layout.Write(testenv.Dir(t), empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendIndex(index); err != nil {
		t.Fatal(err)
	}
	return string(path)
}

func TestExport(t *testing.T) {
	from := "oci:" + exportLayout(t)
	dir := testenv.Dir(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	status, out, stderr := command(t, "export", from, "--platform", "arm64",
		"-o", at("root"), "-o", "type=tar,dest="+at("a.tar"), "-o", "-", "-o", "type=erofs,dest="+at("a.erofs"),
		"-o", "type=squashfs,dest="+at("a.sqfs"), "-o", "type=cpio,compression=gzip,dest="+at("a.cpio.gz"))
	if status != 0 || stderr != "" {
		t.Fatalf("status %d:\n%s", status, stderr)
	}
	want := "d 0711 0:0 0 2024-02-03T04:05:06 /\n" +
		"- 0644 5:0 5 2024-02-03T04:05:06 /app\n" +
		"d 0755 0:0 0 2024-02-03T04:05:06 /etc\n"
	got := testenv.Listing(t, at("root"))
	if data, err := os.ReadFile(at("root/app")); err != nil || string(data) != "arm64" {
		t.Errorf("app is %q, %v", data, err)
	}
	if diff := cmp.Diff(want, cut(got)); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
	if err := os.WriteFile(at("root/stale"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	status, _, stderr = command(t, "export", from, "--platform", "arm64", "-o", "type=dir,mode=delete,dest="+at("root"))
	if again := testenv.Listing(t, at("root")); status != 0 || again != got {
		t.Errorf("with mode=delete: status %d, %s\n%s", status, stderr, cmp.Diff(got, again))
	}
	if data, err := os.ReadFile(at("a.tar")); err != nil || string(data) != out {
		t.Errorf("the tar in a file and the one on the standard output differ: %v", err)
	}
	testenv.Output(t, "fsck.erofs", at("a.erofs"))
	testenv.Output(t, "unsquashfs", "-ll", at("a.sqfs"))
	if got := testenv.Output(t, "sh", "-c", "gunzip <"+at("a.cpio.gz")+" | cpio -t --quiet"); got != ".\napp\netc\n" {
		t.Errorf("cpio: %q", got)
	}
}

// cut leaves out digests.
func cut(listing string) string {
	var b strings.Builder
	for line := range strings.Lines(listing) {
		line, _, _ = strings.Cut(strings.TrimSuffix(line, "\n"), " sha256:")
		b.WriteString(line + "\n")
	}
	return b.String()
}

func TestExportRefused(t *testing.T) {
	layout := exportLayout(t)
	full := testenv.Dir(t)
	if err := os.WriteFile(filepath.Join(full, "there"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"oci:" + layout, "--platform", "s390x"}, 1, "no image for the platform linux/s390x"},
		{[]string{"oci:" + layout, "-o", full}, 2, "is not empty: give another one, or mode=delete"},
		{[]string{"oci:" + layout, "-o", "-", "-o", "-"}, 2, "the standard output takes only one of them"},
		{[]string{"oci:" + layout, "-o", "type=zip,dest=x"}, 2, `type is "zip"`},
		{[]string{"oci:" + layout, "--platform", "/"}, 2, "--platform"},
		{[]string{"oci:/nowhere"}, 1, "/nowhere"},
	}
	for _, test := range tests {
		status, out, stderr := command(t, append([]string{"export"}, test.args...)...)
		if status != test.status || !strings.Contains(stderr, test.want) || out != "" {
			t.Errorf("%q: status %d, output %q:\n%s", test.args, status, out, stderr)
		}
	}
}

// TestExportFlippedBit refuses a layer of a layout with one wrong bit, and
// leaves nothing.
func TestExportFlippedBit(t *testing.T) {
	from := exportLayout(t)
	image := (&testenv.Layout{Dir: from}).Image(t, "amd64")
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := layers[0].Digest()
	if err != nil {
		t.Fatal(err)
	}
	blob := filepath.Join(from, "blobs", "sha256", digest.Hex)
	data, err := os.ReadFile(blob)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(blob, data, 0o644); err != nil {
		t.Fatal(err)
	}
	dir := testenv.Dir(t)
	status, _, stderr := command(t, "export", "oci:"+from, "--platform", "amd64", "-o", "type=dir,dest="+filepath.Join(dir, "root"))
	if status != 1 || !strings.Contains(stderr, digest.String()) {
		t.Errorf("status %d:\n%s", status, stderr)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
