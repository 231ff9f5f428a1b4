// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/testenv"
)

// smallDisk mounts a file system of 6 MiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := testenv.Dir(t) // it unmounts
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Fatalf("mount: %v: %s", err, out)
	}
	return dir
}

// TestFullDisk writes an image of 12 MiB, in all ways there are, to a disk that has
// no room for it: one line says so, and nothing stays.
func TestFullDisk(t *testing.T) {
	data := make([]byte, 12<<20)
	_, _ = rand.NewChaCha8([32]byte{3}).Read(data)
	ref := testenv.SharedRegistry(t).Push(t, "full/app:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "noise", Data: data}}))
	dir := directory(t, map[string]string{"strata.yaml": "from: " + ref + "\n" + helloFile})
	disk, daemon := smallDisk(t), testenv.Shared(t)
	cli := testenv.Strata(t)
	fails := func(t *testing.T, full string, args ...string) {
		t.Helper()
		expectLine(t, cli.Run(t, args...), "*the disk of "+full+" is full")
		if left, err := os.ReadDir(disk); err != nil || len(left) > 0 {
			t.Errorf("%q leaves %v, %v", args, left, err)
		}
	}
	for _, to := range []string{"oci:DISK/layout", "oci:DISK/layout:1", "oci-archive:DISK/a.tar", "docker-archive:DISK/a.tar:app:1"} {
		t.Run("copy to "+to, func(t *testing.T) {
			fails(t, disk, "copy", "--progress=quiet", ref, strings.ReplaceAll(to, "DISK", disk))
		})
	}
	for _, out := range []string{
		"DISK/root", "type=tar,dest=DISK/a", "type=tar,compression=zstd,dest=DISK/a", "type=erofs,dest=DISK/a",
		"type=squashfs,dest=DISK/a", "type=cpio,dest=DISK/a",
	} {
		t.Run("export "+out, func(t *testing.T) {
			fails(t, disk, "export", ref, "-o", strings.ReplaceAll(out, "DISK", disk))
		})
	}
	t.Run("export twice", func(t *testing.T) {
		fails(t, disk, "export", ref, "-o", disk+"/a", "-o", disk+"/b")
	})
	for _, out := range []string{
		"DISK/root", "type=tar,dest=DISK/a", "type=oci,dest=DISK/a", "type=oci,tar=false,dest=DISK/a", "type=docker,dest=DISK/a",
	} {
		t.Run("build "+out, func(t *testing.T) {
			fails(t, disk, "build", "--progress=quiet", "--addr", daemon.Addr, "-o", strings.ReplaceAll(out, "DISK", disk), dir)
			fails(t, disk, "build", "--progress=quiet", "-o", strings.ReplaceAll(out, "DISK", disk), dir)
		})
	}
	t.Run("temporary files", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "a")
		cli.Env = append(cli.Env, "TMPDIR="+disk)
		fails(t, disk, "export", ref, "-o", "type=tar,dest="+out)
		if _, err := os.Lstat(out); err == nil {
			t.Error("an output is there")
		}
	})
}
