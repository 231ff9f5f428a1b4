// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// aptUpdate is what apt-get update says of one source, and whether it takes it.
func aptUpdate(t *testing.T, source string) (said string, taken bool) {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"lists/partial", "archives/partial", "parts"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	house.Write(t, filepath.Join(dir, "sources"), []byte(source+"\n"))
	house.Write(t, filepath.Join(dir, "status"), nil)
	options := []string{
		"-o", "Dir::State=" + dir, "-o", "Dir::Cache=" + dir, "-o", "Dir::Etc::sourcelist=" + dir + "/sources", "-o", "Dir::Etc::sourceparts=" + dir + "/parts",
		"-o", "Dir::State::status=" + dir + "/status", "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none",
	}
	out, err := exec.Command("apt-get", append(options, "update")...).CombinedOutput()
	if err != nil {
		return string(out), false
	}
	found, err := exec.Command("apt-cache", append(options, "show", "hello")...).CombinedOutput()
	return string(out) + string(found), err == nil
}

// TestTrusted takes archives that no known key has signed where the build file says so,
// as apt does with trusted=yes, and no others; what it says of them is what apt says.
func TestTrusted(t *testing.T) {
	h := house.New(t)
	other := testenv.NewDebArchive(t)
	without := func(names ...string) func(t *testing.T, a *testenv.DebArchive) {
		return func(t *testing.T, a *testenv.DebArchive) {
			for _, name := range names {
				house.Remove(t, filepath.Join(a.Dir, "dists/stable", name))
			}
		}
	}
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, a *testenv.DebArchive)
		// says is what both say when it isn't trusted.
		says string
	}{
		{"unsigned", without("InRelease"), "is not signed"},
		{"without a release", without("InRelease", "Release"), "does not have a Release file"},
		{"signed by a stranger", func(_ *testing.T, a *testenv.DebArchive) { a.Keyring = other.Keyring }, ""},
		{"without hashes that count", func(t *testing.T, a *testenv.DebArchive) {
			a.Index(t, "SHA256=false", "SHA512=false")
			house.Remove(t, filepath.Join(a.Dir, "dists/stable/InRelease"))
		}, "is not signed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := house.Hello(t)
			c.spoil(t, a)
			dir := h.PackagesProject(t, a, "hello")
			key := "signed-by=" + filepath.Join(dir, "key.asc")
			said, taken := aptUpdate(t, "deb ["+key+"] "+a.URL+" stable main")
			status, out := h.Lock(t, a, dir, "--platform=linux/amd64")
			if taken || status == 0 {
				t.Errorf("without trusted: apt takes it: %v, strata lock ends with %d", taken, status)
			}
			house.Contains(t, said, c.says)
			house.Contains(t, out, c.says)
			if c.says != "" {
				house.Contains(t, out, "'"+a.URL+" stable Release'", "say `trusted: true` at the repository")
			}

			said, taken = aptUpdate(t, "deb [trusted=yes] "+a.URL+" stable main")
			if !taken {
				t.Fatalf("with trusted=yes apt refuses it:\n%s", said)
			}
			house.Replace(t, filepath.Join(dir, "strata.yaml"), "signed_by: key.asc", "trusted: true")
			h.MustLock(t, a, dir, "--platform=linux/amd64")
			house.Contains(t, house.Read(t, dir, "strata.lock"), "    trusted: true\n", "name: hello")
			if strings.Contains(house.Read(t, dir, "strata.lock"), "signers") {
				t.Error("the lock has signers of an archive that was not checked")
			}
			house.Replace(t, filepath.Join(dir, "strata.yaml"), "trusted: true", "signed_by: key.asc")
			if out, err := h.Strata(house.Flags(dir, "--build-arg", "MIRROR="+a.URL, "--platform=linux/amd64")...); err == nil || !strings.Contains(out, "which wasn't signed") {
				t.Errorf("a lock of an unsigned archive counts: %v\n%s", err, out)
			}
		})
	}
}

// TestTrustedFlat takes an archive that is a directory of packages with their list.
func TestTrustedFlat(t *testing.T) {
	h := house.New(t)
	a := house.Hello(t)
	house.Remove(t, filepath.Join(a.Dir, "dists/stable/InRelease"))
	list := house.Read(t, a.Dir, "dists/stable/main/binary-amd64/Packages")
	house.Write(t, filepath.Join(a.Dir, "Packages"), []byte(list))
	if said, taken := aptUpdate(t, "deb [trusted=yes] "+a.URL+" ./"); !taken {
		t.Fatalf("apt refuses it:\n%s", said)
	}
	dir := h.PackagesProject(t, a, "hello")
	house.Replace(t, filepath.Join(dir, "strata.yaml"), "suites: [stable], components: [main], signed_by: key.asc", "suites: [./], trusted: true")
	h.MustLock(t, a, dir, "--platform=linux/amd64")
	a.Refuse(func(*http.Request) (int, string) { return http.StatusServiceUnavailable, "" })
	if status, out := h.Lock(t, a, dir, "--update"); status != 1 || !strings.Contains(out, "503") {
		t.Errorf("a server that is broken is taken for one without a Release: %d\n%s", status, out)
	}
}

// TestTrustedByTheBase leaves it to the build file what comes without a signature, and
// says so; lists that an archive of the base doesn't have are left out as by apt.
func TestTrustedByTheBase(t *testing.T) {
	h := house.New(t)
	a := house.Hello(t)
	build := func(tag, source string) string {
		base := testenv.SharedRegistry(t).Push(t, "trusted:"+tag, testenv.DebianImage(t, []testenv.Entry{
			{Path: "etc/apt/sources.list", Data: []byte("\n")},
		}, []testenv.Entry{
			{Path: "etc/apt/trusted.gpg.d/a.asc", Data: a.Keyring}, {Path: "etc/apt/sources.list", Data: []byte(source + "\n")},
		}))
		return h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers:\n  - packages: [hello]\n")
	}
	dir := build("misspelt", "deb [trusted=yes] "+a.URL+" stable main mian")
	status, out := h.Lock(t, a, dir, "--platform=linux/amd64")
	const words = "doesn't have the component 'mian' (component misspelt in sources.list?)"
	if said, _ := aptUpdate(t, "deb [trusted=yes] "+a.URL+" stable main mian"); status != 0 || !strings.Contains(said, words) || !strings.Contains(out, words) {
		t.Errorf("exit status %d\n%s\napt says\n%s", status, out, said)
	}
	house.Remove(t, filepath.Join(a.Dir, "dists/stable/InRelease"))
	dir = build("unsigned", "deb [trusted=yes] "+a.URL+" stable main")
	status, out = h.Lock(t, a, dir, "--platform=linux/amd64")
	if status != 1 {
		t.Errorf("exit status %d", status)
	}
	house.Contains(t, out, "is not signed; trusted=yes in the sources of an image doesn't count: give the archive in `repositories`, with `trusted: true`")
}
