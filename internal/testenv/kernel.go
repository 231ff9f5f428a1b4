// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// bootLimit is how long a machine may take to start and to stop: an emulated one
// with nothing to do needs some seconds.
const bootLimit = 4 * time.Minute

// KernelModules are the files that an initramfs loads, in the order of their names,
// to read an erofs image from the first disk.
func KernelModules(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(kernelDir(t), "modules", "*.ko"))
	if err != nil || len(files) == 0 {
		t.Fatalf("find the kernel's modules: %v: run hack/install", err)
	}
	return files
}

func kernelDir(t testing.TB) string {
	t.Helper()
	return filepath.Join(Root(t), ".cache", "kernel")
}

// Boot starts an emulated machine with an initramfs, and perhaps a disk, and
// returns what its console showed until it switched itself off.
func Boot(t testing.TB, initramfs, disk string) string {
	t.Helper()
	kernel := filepath.Join(kernelDir(t), "vmlinuz")
	if _, err := os.Stat(kernel); err != nil {
		t.Fatalf("find a kernel: %v: run hack/install", err)
	}
	args := []string{
		"-accel", "tcg", "-m", "256", "-nodefaults", "-nographic", "-no-reboot", "-serial", "stdio",
		"-kernel", kernel, "-initrd", initramfs, "-append", "console=ttyS0 panic=-1 quiet",
	}
	if disk != "" {
		args = append(args, "-drive", "file="+disk+",format=raw,if=virtio,readonly=on")
	}
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, Program(t, "qemu-system-x86_64"), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("boot: %v\n%s", err, out)
	}
	return string(out)
}
