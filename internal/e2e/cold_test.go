// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/testenv"
)

// TestColdBuilds builds every case on two engines that have built nothing
// before: the second time with the build file's maps shuffled, and with the
// context as another machine would have checked it out. One digest comes out.
func TestColdBuilds(t *testing.T) {
	h := newHouse(t)
	second := testenv.Strata(t)
	for i, a := range testenv.Archives(t, "cases") {
		t.Run(a.Name, func(t *testing.T) {
			push := func(cli *testenv.CLI, tag, dir string) string {
				args := append([]string{"build", "--progress=quiet", "--build-arg", "BASE=" + h.base, "--push", "-t", h.registry.Host + "/" + a.Name + ":" + tag},
					strings.Fields(a.Section("flags"))...)
				cli.MustRun(t, append(args, dir)...)
				return h.digest(t, a.Name+":"+tag)
			}
			dir := directory(t, a.Files("flags", "want", "config"))
			one := push(h.cli, "one", dir)

			text := a.Section("strata.yaml")
			mixed := shuffled(t, text, uint64(i))
			if mixed == text {
				t.Fatal("the maps are as they were")
			}
			other := directory(t, a.Files("flags", "want", "config"))
			write(t, filepath.Join(other, "strata.yaml"), mixed)
			checkOut(t, other, []fs.FileMode{0o077, 0o002}[i%2])
			two := push(second, "two", other)
			if one != two {
				t.Errorf("the first build gives %s, the second %s of:\n%s", one, two, mixed)
			}
		})
	}
}

// checkOut gives a directory's files the modes and times of another checkout.
func checkOut(t *testing.T, dir string, umask fs.FileMode) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o666)
		if info.Mode()&0o100 != 0 {
			mode = 0o777
		}
		if err := os.Chmod(path, mode&^umask); err != nil {
			return err
		}
		return os.Chtimes(path, time.Time{}, time.Unix(1_600_000_000, 0))
	})
	if err != nil {
		t.Fatal(err)
	}
}
