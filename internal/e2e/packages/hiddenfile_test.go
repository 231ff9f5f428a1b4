// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// hiddenFiles are the places and words of what a build says of files that hide others,
// sorted.
func hiddenFiles(said string) []string {
	var out []string
	for _, found := range regexp.MustCompile(`HiddenFile: strata\.yaml:([^\n;]*)`).FindAllStringSubmatch(said, -1) {
		out = append(out, found[1])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestHiddenFileOfPackages puts files where packages have some, before and after them: each
// is warned of at the entry's place, but not what is there to be changed.
func TestHiddenFileOfPackages(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t,
		testenv.Deb{
			Name: "site", Version: "1",
			Files: map[string]string{
				"etc/site.conf": "theirs\n", "etc/site.d": "theirs\n", "usr/share/site/index.html": "theirs\n", "usr/share/site/link": "-> index.html",
				"usr/share/site/dir/part": "theirs\n", "usr/bin/site": "theirs\n", "usr/local/site": "theirs\n",
			},
			Scripts: map[string]string{"conffiles": "/etc/site.conf\n"},
		},
		testenv.Deb{
			Name: "native", Version: "1", Files: map[string]string{"usr/share/native/file": "theirs\n"},
			Scripts: map[string]string{"postinst": "#!/bin/sh\nset -e\nps >/dev/null 2>&1 || true\necho made >/usr/share/native/made\n", "preinst": "#!/bin/sh\nset -e\nmkdir -p /usr/share/native\n"},
		},
	)
	const packages, files = `
  - packages: {names: [NAME], REPOSITORIES}`, `
  - files:
      - {dest: /usr/share/site/, source: index.html}
      - {dest: /usr/share/site/link, symlink: /mine}
      - {dest: /bin/site, content: "mine\n"}
      - {dest: /usr/share/site/dir/, source: "*.html"}
      - {dest: /usr/share/site/other, content: x}
      - {dest: /usr/local/site, content: x}
      - {dest: /etc/site.conf, content: x}
      - {dest: /etc/site.d, content: x}
      - {dest: /usr/share/native/file, content: x}
      - {dest: /usr/share/native/made, content: x}
`
	const first = "replaces what line 5 puts there"
	later := func(entry int, at string) string {
		return fmt.Sprintf("%d:9: the packages of line 17 have %s as well and come later, so that theirs wins", entry, at)
	}
	all := []string{
		later(11, "/usr/local/site"), later(13, "/etc/site.d"), later(6, "/usr/share/site/index.html"), later(7, "/usr/share/site/link"), later(8, "/usr/bin/site"),
	}
	project := func(t *testing.T, base, name, layers string) string {
		dir := h.OnDebian(t, a, base, strings.ReplaceAll(layers, "NAME", name))
		house.Write(t, filepath.Join(dir, "index.html"), []byte("mine\n"))
		return dir
	}
	base := testenv.DebianBase(t)
	for name, test := range map[string]struct {
		dir  string
		want []string
	}{
		"before": {project(t, base, "site", packages+files), []string{
			"7:9: /usr/share/site/index.html " + first, "8:9: /usr/share/site/link " + first, "9:9: /usr/bin/site " + first,
		}},
		"after": {project(t, base, "site", files+packages), all},
		"before, by dpkg": {project(t, base, "native", packages+files), []string{
			"15:9: /usr/share/native/file " + first, "16:9: /usr/share/native/made " + first,
		}},
		"after, by dpkg": {project(t, base, "native", files+packages), []string{
			later(14, "/usr/share/native/file"), later(15, "/usr/share/native/made"),
		}},
		"on scratch": {project(t, "scratch", "site", files+packages), all},
	} {
		t.Run(name, func(t *testing.T) {
			h.Each(t, func(t *testing.T, w house.Way) {
				said := w.Must(t, house.Flags(test.dir, "-o", "type=cacheonly")...)
				if diff := cmp.Diff(test.want, hiddenFiles(said)); diff != "" {
					t.Errorf("%s\n%s", diff, said)
				}
			})
		})
	}
}

// TestHiddenFileOfAPKs does so with packages of Alpine, which has no list of configuration
// files: one of /etc that comes earlier is told as well.
func TestHiddenFileOfAPKs(t *testing.T) {
	h := house.New(t)
	a := testenv.NewAPKArchive(t, testenv.APK{
		Name: "site", Version: "1-r0", Files: map[string]string{"etc/site.conf": "theirs\n", "usr/share/site": "theirs\n", "bin/tool": "theirs\n"},
	})
	const layers = `
  - files: [{dest: /etc/site.conf, content: "mine\n"}, {dest: /usr/share/other, content: x}]
  - packages: {names: [site]SCRATCH}
  - files: [{dest: /etc/site.conf, content: "mine\n"}, {dest: /usr/share/site, content: x}]
  - files: [{dest: /usr/bin/tool, content: x}]
`
	for base, repositories := range map[string]string{
		apkBase(t, h, a): "", "scratch": `, repositories: [{type: apk, uri: "` + a.URL + `", signed_by: ` + a.KeyName + `}]`,
	} {
		dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers:\n"+strings.ReplaceAll(layers, "SCRATCH", repositories))
		house.Write(t, filepath.Join(dir, a.KeyName), a.Key)
		said := h.ByStrata().Must(t, house.Flags(dir, "-o", "type=cacheonly")...)
		want := []string{
			"5:13: the packages of line 6 have /etc/site.conf as well and come later, so that theirs wins", "7:13: /etc/site.conf replaces what line 5 puts there",
			"7:56: /usr/share/site replaces what line 6 puts there",
		}
		if base != "scratch" { // there /bin is a directory of its own
			want = append(want, "8:13: /usr/bin/tool replaces what line 6 puts there")
		}
		if diff := cmp.Diff(want, hiddenFiles(said)); diff != "" {
			t.Errorf("%s\n%s", diff, said)
		}
		said = h.ByStrata().Must(t, house.Flags(dir, "--build-arg=BUILDKIT_DOCKERFILE_CHECK=skip=HiddenFile", "-o", "type=cacheonly")...)
		house.Want(t, "what is said of a rule that is skipped", strings.Join(hiddenFiles(said), "\n"), "")
	}
}

// TestHiddenFileInTrees looks at what layers have, not at what entries are called: files that
// directories, patterns and links bring, those of a target below, and those that are gone.
func TestHiddenFileInTrees(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t,
		testenv.Deb{Name: "site", Version: "1", Files: map[string]string{
			"etc/site.conf": "theirs\n", "usr/share/site/file": "theirs\n", "usr/share/current": "-> site", "usr/bin/site": "-> /etc/alternatives/site", "opt/site/file": "theirs\n",
		}},
		testenv.Deb{Name: "loader", Version: "1", Files: map[string]string{"lib64/loader": "theirs\n"}},
	)
	base, packages := testenv.DebianBase(t), "  - packages: {names: [site], REPOSITORIES}\n"
	for name, test := range map[string]struct{ base, layers, want string }{
		"directory":         {base, packages + "  - files: [{dest: /, source: tree/}]\n", "5:13: /opt/site/file and /usr/share/site/file replace what line 4 puts there"},
		"pattern":           {base, packages + "  - files: [{dest: /usr/share/site/, source: 'tree/opt/*/*'}, {dest: /usr/, source: tree/opt/}]\n", "5:13: /usr/share/site/file replaces what line 4 puts there"},
		"through a link":    {base, packages + "  - files:\n      - {dest: /usr/share/current/, source: tree/opt/site/}\n", "5:5: /usr/share/site/file replaces what line 4 puts there"},
		"a link":            {base, packages + "  - files: [{dest: /usr/bin/site, content: x}, {dest: /usr/share/current, content: x}]\n", "5:13: /usr/bin/site replaces what line 4 puts there\n5:48: /usr/share/current replaces what line 4 puts there"},
		"of the target":     {base, packages + "targets:\n  upper:\n    from: target:default\n    layers:\n      - files: [{dest: /opt/site/file, content: x}]\n", "9:17: /opt/site/file replaces what line 4 puts there"},
		"taken away":        {base, packages + "  - build: {run: mv /usr/bin/site /usr/bin/site.theirs}\n  - files: [{dest: /usr/bin/site, content: x}]\n", ""},
		"left there":        {base, packages + "  - build: {run: touch /srv/made}\n  - files: [{dest: /usr/bin/site, content: x}]\n", "6:13: /usr/bin/site replaces what line 4 puts there"},
		"directory before":  {base, "  - files: [{dest: /, source: tree/}]\n" + packages, "4:13: the packages of line 5 have /etc/site.conf, /opt/site/file and /usr/share/site/file as well and come later, so that theirs win"},
		"a link's place":    {"scratch", strings.Replace(packages, "site", "loader", 1) + "  - files: [{dest: /lib64, source: tree/opt/}]\n", "5:13: /lib64 replaces what line 4 puts there"},
		"a whole directory": {"scratch", "  - files: [{dest: /lib64/mine, content: x}]\n" + strings.Replace(packages, "site", "loader", 1), "4:5: the packages of line 5 have /lib64 as well and come later, so that theirs wins"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := h.OnDebian(t, a, test.base, test.layers)
			for _, file := range []string{"etc/site.conf", "opt/site/file", "usr/share/site/file", "usr/share/site/mine"} {
				house.Write(t, filepath.Join(dir, "tree", file), []byte("mine\n"))
			}
			flags := house.Flags(dir, "-o", "type=cacheonly")
			if strings.Contains(test.layers, "upper:") {
				flags = append(flags, "--target=upper")
			}
			said := h.ByStrata().Must(t, flags...)
			house.Want(t, "warnings of hidden files", strings.Join(hiddenFiles(said), "\n"), test.want)
		})
	}
}
