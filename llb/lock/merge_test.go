// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/llb/lock"
)

// repository is a git repository of a test, with the lock in it.
type repository struct {
	dir string
	t   *testing.T
}

func (r *repository) git(args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (r *repository) must(args ...string) {
	r.t.Helper()
	if out, err := r.git(args...); err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

// commit writes the lock and commits it.
func (r *repository) commit(f *lock.File) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, "strata.lock"), f.Write(), 0o644); err != nil {
		r.t.Fatal(err)
	}
	r.must("commit", "-qam", "lock")
}

// TestGitMerge merges the locks of two branches by git, as they are. What comes out is the
// lock that someone writes who has both changes.
func TestGitMerge(t *testing.T) {
	image := func(name, digit string) func(*lock.File) {
		return func(f *lock.File) {
			f.Sources.Merge(lock.Sources{Images: []lock.Image{{Name: name, Digest: "sha256:" + strings.Repeat(digit, 64)}}})
		}
	}
	address := func(address, digit string) func(*lock.File) {
		return func(f *lock.File) {
			f.Sources.Merge(lock.Sources{URLs: []lock.URL{{Address: address, SHA256: strings.Repeat(digit, 64), Size: 1}}})
		}
	}
	branch := func(f *lock.File) { f.Sources.Git[0].Commit = strings.Repeat("0e", 20) }
	pkg := func(target, name, version string) func(*lock.File) {
		return func(f *lock.File) {
			for _, of := range f.Targets {
				for i := range of.Platforms {
					if of.Name != target || of.Platforms[i].Packages == nil {
						continue
					}
					for j := range of.Platforms[i].Packages.Packages {
						if p := &of.Platforms[i].Packages.Packages[j]; p.Name == name {
							p.Version, p.SHA256 = version, strings.Repeat("5", 64)
						}
					}
				}
			}
		}
	}
	for name, tc := range map[string]struct {
		ours, theirs func(*lock.File)
		// union says that .gitattributes has "strata.lock merge=union".
		union bool
	}{
		"an image moved and a url changed":           {image("debian:bookworm-slim", "a"), address("https://example.org/a tool?x=1,2", "b"), false},
		"an image moved and a branch":                {image("debian:bookworm-slim", "a"), branch, false},
		"packages of two targets":                    {pkg("debug", "gdb", "14"), pkg("default", "jq", "1.7"), false},
		"a new image and a new url":                  {image("alpine:3", "a"), address("https://example.org/b", "b"), false},
		"a new image and packages":                   {image("alpine:3", "a"), pkg("default", "jq", "1.7"), false},
		"two images far from each other":             {image("alpine:3", "a"), image("registry.example.org:5000/tool:1.2", "b"), false},
		"the same change twice":                      {image("debian:bookworm-slim", "a"), image("debian:bookworm-slim", "a"), false},
		"two new images beside each other, by union": {image("alpine:3", "a"), image("alpine:4", "b"), true},
		"two new urls, by union":                     {address("https://example.org/b", "a"), address("https://example.org/c", "b"), true},
	} {
		t.Run(name, func(t *testing.T) {
			r := &repository{dir: t.TempDir(), t: t}
			r.must("init", "-q", "-b", "main")
			attributes := ""
			if tc.union {
				attributes = "strata.lock merge=union\n"
			}
			for file, text := range map[string]string{".gitattributes": attributes, "strata.lock": string(sample().Write())} {
				if err := os.WriteFile(filepath.Join(r.dir, file), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			r.must("add", "--all")
			r.must("commit", "-qm", "first")
			r.must("checkout", "-qb", "theirs")
			theirs := sample()
			tc.theirs(theirs)
			r.commit(theirs)
			r.must("checkout", "-q", "main")
			ours := sample()
			tc.ours(ours)
			r.commit(ours)
			r.must("merge", "-q", "--no-edit", "theirs")
			merged, err := os.ReadFile(filepath.Join(r.dir, "strata.lock"))
			if err != nil {
				t.Fatal(err)
			}
			f, err := lock.Read("strata.lock", merged)
			if err != nil {
				t.Fatalf("%v\n%s", err, merged)
			}
			tc.theirs(ours)
			if got, want := string(f.Write()), string(ours.Write()); got != want {
				t.Errorf("merged:\n%s\nwant:\n%s", got, want)
			}
			if !tc.union && string(merged) != string(f.Write()) {
				t.Errorf("what git made is not as a lock is written:\n%s", merged)
			}
		})
	}
}
