// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// compile builds the helper as it is shipped.
func compile(t *testing.T, arch, to string) {
	t.Helper()
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", to, "../../cmd/strata-step")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build helper for %s: %v\n%s", arch, err, out)
	}
}

func TestBinaryIsSmallAndStatic(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		file := filepath.Join(t.TempDir(), "strata-step")
		compile(t, arch, file)
		info, err := os.Stat(file)
		must(t, err)
		if info.Size() > 12_300_000 {
			t.Errorf("the helper for %s has %d bytes, want less than 12.3 MB: a third of that speaks HTTP and TLS, and a tenth each are a shell and what reads signatures", arch, info.Size())
		}
		f, err := elf.Open(file)
		must(t, err)
		libraries, err := f.ImportedLibraries()
		must(t, err)
		if f.Section(".interp") != nil || len(libraries) > 0 {
			t.Errorf("the helper for %s isn't static, it needs %v", arch, libraries)
		}
		must(t, f.Close())
	}
}

func TestMainTellsHowToUseIt(t *testing.T) {
	for _, args := range [][]string{{}, {"plaice"}, {"place", "one"}, {"skeleton", "a", "b", "c"}, {"run", "--nope"}, {"run"}} {
		status, errs := callMain(args...)
		if status != ownFault || !strings.HasPrefix(errs, "strata-step: ") {
			t.Errorf("%q: status %d, message %q", args, status, errs)
		}
	}
	var out strings.Builder
	if status := Main([]string{"version"}, &out, &out); status != 0 || !strings.HasPrefix(out.String(), "strata-step contract 1 linux/") {
		t.Errorf("version: status %d, %q", status, out.String())
	}
}
