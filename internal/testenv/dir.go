// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/moby/sys/mountinfo"
)

// Dir returns an empty directory that goes with the test. Unlike t.TempDir it has a
// short name, as sockets need, and it is removed even if a killed daemon left
// mounts in it.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := makeDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := removeDir(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func makeDir() (string, error) {
	dir, err := os.MkdirTemp("", "strata-")
	if err != nil {
		return "", fmt.Errorf("make test directory: %w", err)
	}
	// Users other than root must be able to pass through to what is inside.
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", fmt.Errorf("make test directory: %w", err)
	}
	return dir, nil
}

func removeDir(dir string) error {
	if err := unmountBelow(dir); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove test directory: %w", err)
	}
	return nil
}

// Mounts returns the mount points at or below dir, innermost last.
func Mounts(t testing.TB, dir string) []string {
	t.Helper()
	points, err := mountsBelow(dir)
	if err != nil {
		t.Fatal(err)
	}
	return points
}

func mountsBelow(dir string) ([]string, error) {
	infos, err := mountinfo.GetMounts(mountinfo.PrefixFilter(dir))
	if err != nil {
		return nil, fmt.Errorf("list mounts: %w", err)
	}
	var points []string
	for _, info := range infos {
		points = append(points, info.Mountpoint)
	}
	slices.SortStableFunc(points, func(a, b string) int {
		return strings.Count(a, "/") - strings.Count(b, "/")
	})
	return points, nil
}
