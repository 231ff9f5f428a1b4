// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// app is a package that needs one beside it and one of the archive.
func app(text string) testenv.Deb {
	return testenv.Deb{
		Name: "app", Version: "1.0", Arch: "amd64", Fields: map[string]string{"Depends": "hello-data (>= 2), plug"},
		Files:   map[string]string{"usr/share/app": text},
		Scripts: map[string]string{"postinst": "#!/bin/sh\nset -e\n[ -e /usr/share/hello/text ]\necho configured >/usr/share/app.log\n"},
	}
}

// withFiles is a project with packages of the context, of a target and of a server, on
// a base.
func withFiles(t *testing.T, h *house.House, a *testenv.DebArchive, from string) string {
	t.Helper()
	house.Debs(t, filepath.Join(a.Dir, "extra"), testenv.Deb{Name: "web", Version: "1", Files: map[string]string{"usr/share/web": "web\n"}})
	sum := sha256.Sum256([]byte(house.Read(t, a.Dir, "extra/web_1_all.deb")))
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
targets:
  pkg:
    layers: [{files: [{dest: /out/, source: made/}]}]
`+from+`
layers:
  - packages:
      names:
        - other
        - ./dist/*.deb
        - {from: target:pkg, source: out/made_*.deb}
        - {url: "`+a.URL+`/extra/web_1_all.deb", checksum: "sha256:`+fmt.Sprintf("%x", sum)+`"}
      scripts: run
      repositories: [{type: deb, uri: "`+a.URL+`", suites: [stable], components: [main], signed_by: key.asc}]
`)
	house.Write(t, filepath.Join(dir, "key.asc"), a.Keyring)
	house.Debs(t, filepath.Join(dir, "dist"), app("first\n"), testenv.Deb{Name: "plug", Version: "2"})
	house.Debs(t, filepath.Join(dir, "made"), testenv.Deb{Name: "made", Version: "3", Files: map[string]string{"usr/share/made": "made\n"}})
	return dir
}

// TestPackagesFromFiles installs packages that are files of the context, of a target and
// of a server, together with what they need of an archive: as "apt-get install ./*.deb"
// does. The lock has them by their digests, and a file that changed makes it stale.
func TestPackagesFromFiles(t *testing.T) {
	h := house.New(t)
	a := house.Hello(t)
	dir := withFiles(t, h, a, "from: "+testenv.DebianBase(t))
	noise := bytes.Repeat([]byte("not sent "), 1<<20)
	house.Write(t, filepath.Join(dir, "dist/noise"), noise)
	house.Write(t, filepath.Join(dir, "noise.deb"), noise)
	h.MustLock(t, a, dir, "--platform=linux/amd64")
	locked := house.Read(t, dir, "strata.lock")
	house.Contains(t, locked, "        - [\"./dist/*.deb\", \""+a.URL+"/extra/web_1_all.deb\", other, \"target:pkg:/out/made_*.deb\"]\n", "      type: deb\n",
		`{name: app, version: "1.0", arch: amd64, file: dist/app_1.0_amd64.deb, size: `, `{name: plug, version: "2", arch: all, file: dist/plug_2_all.deb, `,
		`{name: made, version: "3", arch: all, from: "target:pkg", file: out/made_3_all.deb, `, `{name: web, version: "1", arch: all, url: "`+a.URL+`/extra/web_1_all.deb", `,
		`{name: hello-data, version: "2.0", arch: all, repository: stable, `)

	a.Reset()
	w := h.ByStrata()
	progress := w.Must(t, house.Flags(dir, "-o", h.Pushed("files-locked:1"), "--platform=linux/amd64")...)
	for _, asked := range a.Requests() {
		if strings.Contains(asked.Path, "dists/") {
			t.Errorf("a build with a lock asks for %s", asked.Path)
		}
	}
	for _, sent := range regexp.MustCompile(`transferring context: ([0-9.]+)([kM]?B)`).FindAllStringSubmatch(progress, -1) {
		if sent[2] == "MB" {
			t.Errorf("%s: more than the packages is sent", sent[0])
		}
	}
	house.Want(t, "what is installed", h.Healthy(t, "files-locked:1", "app plug made web other hello-data"),
		"ii app 1.0\nii hello-data 2.0\nii made 3\nii other 3\nii plug 2\nii web 1\n")
	root := house.SomeOf(t, h, "files-locked:1", "usr/share/app", "usr/share/app.log", "usr/share/made", "usr/share/web", "var/lib/apt/extended_states")
	house.Want(t, "the files", house.Read(t, root, "usr/share/app")+house.Read(t, root, "usr/share/app.log")+house.Read(t, root, "usr/share/made")+house.Read(t, root, "usr/share/web"),
		"first\nconfigured\nmade\nweb\n")
	states := house.Read(t, root, "var/lib/apt/extended_states")
	house.Contains(t, states, "Package: hello-data\n")
	for _, name := range []string{"app", "plug", "made", "web", "other"} {
		if strings.Contains(states, "Package: "+name+"\n") {
			t.Errorf("%s was asked for and isn't manual:\n%s", name, states)
		}
	}

	house.Debs(t, filepath.Join(dir, "dist"), app("second\n"))
	out, err := h.Strata(house.Flags(dir, "-o", "type=cacheonly", "--platform=linux/amd64")...)
	if err == nil {
		t.Error("a package that has changed since the lock is not an error")
	}
	house.Contains(t, out, "strata.yaml:10:11: the lock is not up to date: ./dist/app_1.0_amd64.deb has changed: its sha256 is ", `run "strata lock"`)
	if status, out := h.Lock(t, a, dir, "--check"); status != 3 {
		t.Errorf("strata lock --check: exit status %d, want 3\n%s", status, out)
	}
	h.MustLock(t, a, dir)
	again := house.Read(t, dir, "strata.lock")
	for line := range strings.SplitSeq(locked, "\n") {
		if same := strings.Contains(again, line); same == strings.Contains(line, "name: app, ") {
			t.Errorf("the line %q of the lock is in the new one: %v", line, same)
		}
	}
	house.Remove(t, filepath.Join(dir, "dist/plug_2_all.deb"))
	_, out = h.Lock(t, a, dir)
	house.Contains(t, out, "strata.yaml:10:11: ", "app cannot be installed: app needs plug, which no repository has")
}

// TestPackagesFromFilesOnScratch does so without a base, through all doors, and without
// any archive when the packages need none.
func TestPackagesFromFilesOnScratch(t *testing.T) {
	h := house.New(t)
	a := house.Hello(t)
	dir := withFiles(t, h, a, "")
	house.Replace(t, filepath.Join(dir, "strata.yaml"), "scripts: run", "scripts: skip")
	alone := h.Project(t, "-- strata.yaml --\n{syntax}\nlayers: [{packages: [./lone_1_all.deb]}]\n")
	house.Debs(t, alone, testenv.Deb{Name: "lone", Version: "1", Files: map[string]string{"usr/share/lone": "lone\n"}})
	h.Each(t, func(t *testing.T, w house.Way) {
		root := w.Files(t, house.Flags(dir, "--platform=linux/amd64")...)
		house.Want(t, "the files", house.Read(t, root, "usr/share/app")+house.Read(t, root, "usr/share/made")+house.Read(t, root, "usr/share/web"), "first\nmade\nweb\n")
		for _, name := range []string{"app", "plug", "made", "web", "other", "hello-data"} {
			house.Contains(t, house.Read(t, root, "var/lib/dpkg/status"), "Package: "+name+"\nStatus: install ok installed\n")
		}
		house.Want(t, "the file", house.Read(t, w.Files(t, house.Flags(alone)...), "usr/share/lone"), "lone\n")
	})
}

// TestPackageFileFaults shows what a user reads about files that can't be installed.
func TestPackageFileFaults(t *testing.T) {
	h := house.New(t)
	a := house.Hello(t)
	for names, wanted := range map[string]string{
		"./dist/ap.deb":                   `strata.yaml:5:15: there is no "dist/ap.deb" in the build context` + "\n",
		"./dist/app_1.0_amd65.deb":        `did you mean "dist/app_1.0_amd64.deb"?`,
		"./none/*.deb":                    `strata.yaml:5:15: there is no file called "none/*.deb" in the build context, and nothing matches it as a pattern`,
		"./key.asc":                       "strata.yaml:5:15: read the package ./key.asc: not a Debian package: it doesn't begin as an ar archive",
		"./dist/other_1_arm64.deb":        "strata.yaml:5:15: ./dist/other_1_arm64.deb is a package for arm64, and the image is for amd64; name a file for each platform, with $TARGETARCH in its name",
		"hello, ./dist/app*.deb":          "strata.yaml:5:22: resolve the packages: app cannot be installed: app needs plug, which no repository has",
		"dist/app_1.0_amd64.deb":          `did you mean "./dist/app_1.0_amd64.deb"?`,
		"app_1.0_amd64.deb":               `did you mean "./app_1.0_amd64.deb"?`,
		"./dist/lone*.deb":                "strata.yaml:5:15: ./dist/lone_1_all.deb and ./dist/lone_2_all.deb are both the package lone; name one of them",
		"../app.deb":                      "strata.yaml:5:15: layers[0].packages.names[0]: the path \"../app.deb\" leaves its context",
		"./dist":                          "strata.yaml:5:15: read the package ./dist: it is a directory; name the files in it, as ./dist/*",
		`{url: "http://127.0.0.1/x.deb"}`: "has a url without a checksum; nothing else says that the package is the one that is meant",
		"lone=3, ./dist/lone_1_all.deb":   "find version 3 of the package lone: no repository has it; there is 1",
		`"!lone", ./dist/lone_1_all.deb`:  "keep out the package lone: the build file asks for it as well; take one of the two away",
		"'./[.deb'":                       `strata.yaml:5:15: there is no file called "[.deb" in the build context, and it isn't a pattern: `,
		"{target: pkg, source: x.deb}":    `strata.yaml:5:16: unknown key "target" in layers[0].packages.names[0]; write from: target:NAME`,
		"{from: target:pkg, source: x}":   `strata.yaml:5:22: there is no target "pkg"`,
	} {
		dir := h.PackagesProject(t, a, names)
		house.Debs(t, filepath.Join(dir, "dist"), app("x"), testenv.Deb{Name: "other", Version: "1", Arch: "arm64"}, testenv.Deb{Name: "lone", Version: "1"}, testenv.Deb{Name: "lone", Version: "2"})
		status, out := h.Lock(t, a, dir, "--platform=linux/amd64")
		if status != 2 {
			t.Errorf("%s: exit status %d, want 2", names, status)
		}
		if !strings.Contains(out, wanted) {
			t.Errorf("%s: there is no %q in\n%s", names, wanted, out)
		}
	}
}

// TestAPKFromFiles installs packages of Alpine that are files, with what they need of an
// archive, on a base and on scratch. Their signatures don't count, as with apk's
// --allow-untrusted; what was asked for is noted as apk notes it.
func TestAPKFromFiles(t *testing.T) {
	h := house.New(t)
	a, other := tools(t), testenv.NewAPKKey(t)
	file, record := other.Build(t, &testenv.APK{Name: "local", Version: "2-r0", Info: []string{"depend = plain", "depend = beside"}, Files: map[string]string{"usr/share/local": "local\n"}})
	beside, _ := other.Build(t, &testenv.APK{Name: "beside", Version: "1-r0"})
	checksum, _, _ := strings.Cut(strings.TrimPrefix(record, "C:"), "\n")
	for name, c := range map[string]struct{ from, repositories, db, world string }{
		"base":    {"from: " + apkBase(t, h, a), "", "usr/lib/apk/db/installed", "accounts\n"},
		"scratch": {"", ", repositories: [{type: apk, uri: \"" + a.URL + "\", signed_by: " + a.KeyName + "}]", "lib/apk/db/installed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := h.Project(t, "-- strata.yaml --\n{syntax}\n"+c.from+"\nlayers:\n  - packages: {names: [docs, ./local.apk, \"./more/*.apk\"]"+c.repositories+"}\n")
			house.Write(t, filepath.Join(dir, a.KeyName), a.Key)
			house.Write(t, filepath.Join(dir, "local.apk"), file)
			house.Write(t, filepath.Join(dir, "more/beside-1-r0.apk"), beside)
			w := h.ByStrata()
			unlocked := w.Files(t, house.Flags(dir, "--platform=linux/amd64")...)
			h.MustLock(t, house.Hello(t), dir, "--platform=linux/amd64")
			house.Contains(t, house.Read(t, dir, "strata.lock"), "type: apk\n", `{name: local, version: "2-r0", arch: noarch, file: local.apk, `, `file: more/beside-1-r0.apk, `, `{name: plain, version: "3_rc1-r1", arch: noarch, repository: `)
			root := w.Files(t, house.Flags(dir, "--platform=linux/amd64")...)
			for _, root := range []string{unlocked, root} {
				got := installedIn(t, root, c.db)
				house.Want(t, "what is installed", got["local"]+" "+got["beside"]+" "+got["plain"]+" "+got["docs"], "2-r0 1-r0 3_rc1-r1 1-r0")
				world := house.Read(t, root, "etc/apk/world")
				house.Contains(t, world, c.world, "docs\n", "local><"+checksum+"\n", "beside><Q1")
				if strings.Contains(world, "plain") {
					t.Errorf("what came along is among what was asked for: %s", world)
				}
			}
			house.Write(t, filepath.Join(dir, "local.apk"), beside)
			out, err := h.Strata(house.Flags(dir, "-o", "type=cacheonly", "--platform=linux/amd64")...)
			if err == nil {
				t.Error("a package that has changed since the lock is not an error")
			}
			house.Contains(t, out, "the lock is not up to date: ./local.apk has changed")
		})
	}
}
