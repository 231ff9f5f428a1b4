// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package rootfs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/strata-build/strata/internal/image/rootfs"
	"github.com/strata-build/strata/internal/testenv"
)

// TestEngines compares the directories that Unpack makes with what Docker and Podman
// export of a container that was never started.
func TestEngines(t *testing.T) {
	t.Run("docker", func(t *testing.T) {
		t.Parallel()
		docker := testenv.Dockerd(t, "--storage-driver=vfs")
		compareEngine(t, engine{run: docker.Run, made: []string{
			".dockerenv", "dev/console", "dev/pts", "dev/shm", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf",
		}, directories: []string{"dev", "etc", "proc", "sys"}})
	})
	t.Run("podman", func(t *testing.T) {
		t.Parallel()
		dir := testenv.Dir(t)
		run := func(t testing.TB, args ...string) string {
			t.Helper()
			return testenv.Output(t, "podman", append([]string{"--root", dir + "/root", "--runroot", dir + "/run", "--storage-driver", "vfs"}, args...)...)
		}
		compareEngine(t, engine{run: run})
	})
}

// engine is a container engine: its command, and what it adds to an image.
type engine struct {
	run func(t testing.TB, args ...string) string
	// made are files that it makes, directories those that it makes if they are not
	// there.
	made, directories []string
}

// compareEngine loads all samples at once, and exports each.
func compareEngine(t *testing.T, e engine) {
	dir := testenv.Dir(t)
	all := slices.DeleteFunc(samples(), func(s sample) bool { return s.apart != "" })
	images := map[name.Tag]v1.Image{}
	for i, s := range all {
		tag, err := name.NewTag(fmt.Sprintf("sample:%d", i))
		if err != nil {
			t.Fatal(err)
		}
		images[tag] = layoutOf(t, archives(t, s.layers)).Image(t, "amd64")
	}
	file := filepath.Join(dir, "images.tar")
	if err := tarball.MultiWriteToFile(file, images); err != nil {
		t.Fatal(err)
	}
	e.run(t, "load", "--input", file)
	for i, s := range all {
		t.Run(s.name, func(t *testing.T) {
			at := filepath.Join(dir, fmt.Sprint(i))
			theirs, ours := at+".theirs", at+".ours"
			e.run(t, "create", "--name", fmt.Sprintf("c%d", i), "--network", "none", fmt.Sprintf("sample:%d", i), "x")
			e.run(t, "export", "--output", at+".tar", fmt.Sprintf("c%d", i))
			if err := os.Mkdir(theirs, 0o755); err != nil {
				t.Fatal(err)
			}
			testenv.Output(t, "tar", "--extract", "--preserve-permissions", "--numeric-owner", "--xattrs", "--xattrs-include=*",
				"--file", at+".tar", "--directory", theirs)
			if _, _, err := rootfs.Unpack(t.Context(), layersOf(archives(t, s.layers)), ours); err != nil {
				t.Fatal(err)
			}
			look := seen{clock: slices.Concat(s.clock, s.touched, []string{".", "dev", "etc"}), seconds: true, onlyCapabilities: true}
			want := e.without(t, look.list(t, theirs), ours)
			if diff := cmp.Diff(want, look.list(t, ours)); diff != "" {
				t.Errorf("(-engine +strata):\n%s", diff)
			}
		})
	}
}

// without leaves out of a listing what the engine made.
func (e engine) without(t *testing.T, listing, ours string) string {
	t.Helper()
	return strings.Join(slices.DeleteFunc(strings.SplitAfter(listing, "\n"), func(line string) bool {
		for _, path := range slices.Concat(e.made, e.directories) {
			if strings.HasPrefix(line, fmt.Sprintf("%q ", path)) {
				_, err := os.Lstat(filepath.Join(ours, path))
				return err != nil
			}
		}
		return false
	}), "")
}
