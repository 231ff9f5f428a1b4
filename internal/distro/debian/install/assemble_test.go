// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/distro/unpack"
)

// script is a maintainer script, or another file of a package's control.
func script(name, text string) sourceFile {
	return sourceFile{name: "DEBIAN/" + name, text: "#!/bin/sh\nset -e\n" + text + "\n", mode: 0o755}
}

// system are packages that scripts need: accounts, and programs that are only looked for.
func system(t *testing.T) []string {
	t.Helper()
	program := func(name, text string) sourceFile { return sourceFile{name: name, text: text, mode: 0o755} }
	return []string{
		buildDeb(t, "none", "base-passwd", "Essential: yes\n", sourceFile{name: "usr/share/base-passwd/passwd.master", text: "root:*:0:0:root:/root:/bin/bash\n"},
			sourceFile{name: "usr/share/base-passwd/group.master", text: "root:*:0:\nadm:*:4:\nnogroup:*:65534:\n"},
			script("postinst", "for f in passwd group; do cp $DPKG_ROOT/usr/share/base-passwd/$f.master $DPKG_ROOT/etc/$f; done")),
		buildDeb(t, "none", "adduser", "", program("usr/sbin/adduser", "chfn"), program("usr/sbin/addgroup", "perl")),
		buildDeb(t, "none", "debconf", "", sourceFile{name: "usr/share/debconf/confmodule", text: "exec perl"}),
		buildDeb(t, "none", "ucf", "", program("usr/bin/ucf", "perl"), sourceFile{name: "var/lib/ucf/", mode: 0o755}),
	}
}

// assembledIn assembles packages in a directory.
func assembledIn(t *testing.T, debs ...string) (root string, err error) {
	t.Helper()
	root, meta := unpackTo(t, UnpackOptions{}, debs...)
	for _, dir := range []string{"etc", "root", "var/lib/dpkg"} {
		must(t, os.MkdirAll(filepath.Join(root, dir), 0o755))
	}
	groups, err := unpack.ReadGroups[*Package](filepath.Dir(meta))
	must(t, err)
	packages, err := sorted(groups)
	must(t, err)
	return root, newAssembler(rootdir.Root(root), packages, false).assemble()
}

func holds(t *testing.T, root, file, want string) {
	t.Helper()
	if text, err := os.ReadFile(filepath.Join(root, file)); err != nil || string(text) != want {
		t.Errorf("%s: %v\n%s\nwant\n%s", file, err, text, want)
	}
}

// TestAssembleRunsScripts has what scripts do with dpkg's, debconf's and adduser's
// programs.
func TestAssembleRunsScripts(t *testing.T) {
	server := buildDeb(t, "none", "server", "Depends: adduser, debconf, ucf, watcher\n",
		sourceFile{name: "etc/server.conf", text: "conf"}, sourceFile{name: "usr/share/server/default", text: "default"},
		sourceFile{name: "usr/bin/server-1", text: "elf", mode: 0o755},
		sourceFile{name: "DEBIAN/templates", text: "Template: server/port\nType: string\nDefault: 80\nDescription: the port\n\nTemplate: server/name\nType: string\nDescription: a name\n"},
		script("preinst", "[ ! -e /etc/server.conf ] || exit 3\n[ \"$1\" = install ]"),
		script("config", ". /usr/share/debconf/confmodule\ndb_input high server/port || true\ndb_go || true\ndb_set server/name \"a b\""),
		script("postinst", `. /usr/share/debconf/confmodule
db_get server/port; port=$RET
db_get server/name; echo "$port $RET" >/etc/server.answers
db_get server/nothing || echo "status $?" >>/etc/server.answers
db_stop
adduser --system --group --home /var/lib/server --gecos Server server
addgroup --quiet --system extra
getent group extra >/dev/null
mkdir -p /var/log/server
dpkg-statoverride --list /var/log/server /var/log/other >/dev/null || dpkg-statoverride --update --add server adm 02750 /var/log/server
dpkg-divert --package server --no-rename --divert /usr/bin/old.distrib --add /usr/bin/old
dpkg-divert --no-rename --divert /usr/bin/own.distrib --add /usr/bin/own
dpkg-divert --local --no-rename --divert /usr/bin/local.distrib --add /usr/bin/local
update-alternatives --install /usr/bin/server server /usr/bin/server-1 20
update-alternatives --remove server /usr/bin/never
update-alternatives --query server | grep -q '^Value: /usr/bin/server-1$'
dpkg -S '/etc/s*' '/usr/bin/server-?' >/etc/owners
if pgrep -x server || aa-enabled --quiet 2>/dev/null; then exit 5; fi
if dpkg --compare-versions "$2" lt-nl 2; then exit 4; fi
dpkg --compare-versions 1.0-1 gt 1.0~rc1
[ "$(dpkg-query -W -f='${Status} ${Version}' watcher)" = "install ok installed 1.0-1" ]
dpkg -L server | grep -q '^/etc/server.conf$'
dpkg-maintscript-helper rm_conffile /etc/old 1 -- "$@"
ucf /usr/share/server/default /etc/default-server; ucfr server /etc/default-server
deb-systemd-helper enable server.service >/dev/null || true
dbus-uuidgen --ensure; systemd-machine-id-setup; mkdir -pZ /var/log/server
dpkg-trigger --no-await watched
exit 0`))
	watcher := buildDeb(t, "none", "watcher", "", sourceFile{name: "DEBIAN/triggers", text: "interest-noawait watched\n"},
		script("postinst", `if [ "$1" = triggered ]; then echo "$2" >>/etc/heard; fi`))
	root, err := assembledIn(t, append(system(t), server, watcher)...)
	must(t, err)
	for file, want := range map[string]string{
		"etc/server.answers": "80 a b\nstatus 10\n", "etc/owners": "server: /etc/server.conf\nserver: /usr/bin/server-1\n", "etc/heard": "watched\n", "etc/default-server": "default",
		"etc/passwd":              "root:*:0:0:root:/root:/bin/bash\nserver:x:100:100:Server,,,:/var/lib/server:/usr/sbin/nologin\n",
		"etc/group":               "root:*:0:\nadm:*:4:\nnogroup:*:65534:\nserver:x:100:\nextra:x:101:\n",
		"var/lib/dpkg/diversions": "/usr/bin/old\n/usr/bin/old.distrib\nserver\n/usr/bin/own\n/usr/bin/own.distrib\nserver\n/usr/bin/local\n/usr/bin/local.distrib\n:\n", "var/lib/dpkg/statoverride": "server adm 2750 /var/log/server\n",
		"var/lib/dpkg/alternatives/server": "auto\n/usr/bin/server\n\n/usr/bin/server-1\n20\n\n",
		"var/lib/ucf/registry":             "server\t/etc/default-server\n",
		"etc/machine-id":                   "",
	} {
		holds(t, root, file, want)
	}
	var st unix.Stat_t
	for file, want := range map[string][3]uint32{"var/log/server": {0o2750, 100, 4}, "var/lib/server": {0o755, 100, 100}, "tmp": {0o1777, 0, 0}} {
		must(t, unix.Stat(filepath.Join(root, file), &st))
		if got := [3]uint32{st.Mode & 0o7777, st.Uid, st.Gid}; got != want {
			t.Errorf("%s is %o %d:%d", file, got[0], got[1], got[2])
		}
	}
}

// TestAssembleRefuses wants the script's line for what can't be done, and what to add.
func TestAssembleRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"exit 3":                          "pack: its script postinst: it fails with status 3 (line 3)",
		"false":                           "it fails with status 1 (line 3)",
		"[ \"$1\" = install ]\ntrue":      "it fails with status 1 (line 3)",
		"echo why >&2; exit 1":            "it fails with status 1 (line 3): why",
		"anything-else --now":             "pack: its script postinst: anything-else --now (line 3): its effect isn't known",
		"adduser --system pack":           "its effect isn't known; add adduser to \"names\"",
		"chown root:adm /etc":             "there is no /etc/passwd; add base-passwd to \"names\"",
		". /usr/share/debconf/confmodule": "/usr/share/debconf/confmodule isn't there; add debconf to \"names\"",
		"ucf /a /b":                       "it isn't there; add ucf to \"names\"",
		"/usr/bin/program":                "/usr/bin/program (line 3): it is a program, which can't be run here",
		"dpkg-divert --rename --package pack --add /usr/bin/other": "it diverts /usr/bin/other, which other has",
		"dpkg-divert --no-rename --add usr/bin/x":                  "filename 'usr/bin/x' is not absolute",
		"dpkg-divert --no-rename --divert y --add /usr/bin/x":      "is not absolute",
		"dpkg-divert --no-rename --add '/x\ny'":                    "file may not contain newlines",
		"dpkg-statoverride --add 0 0 9 /usr/bin/program":           "invalid statoverride mode 9",
		"dpkg-statoverride --add nosuch root 755 /usr/bin/program": "there is no /etc/passwd",
		"update-alternatives --set x /y":                           "update-alternatives --set x /y (line 3): it isn't followed",
	} {
		t.Run(want, func(t *testing.T) {
			pack := buildDeb(t, "none", "pack", "", script("postinst", text), sourceFile{name: "usr/bin/program", text: "\x7fELF", mode: 0o755})
			other := buildDeb(t, "none", "other", "", sourceFile{name: "usr/bin/other", text: "x"})
			if _, err := assembledIn(t, pack, other); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s\nerror %v\nwant  %s", text, err, want)
			}
		})
	}
}

// TestAssembleRefusesPreinst has a script that ends before its package is unpacked.
func TestAssembleRefusesPreinst(t *testing.T) {
	refused := buildDeb(t, "none", "pack", "", script("preinst", "exit 7"))
	if _, err := assembledIn(t, refused); err == nil || !strings.Contains(err.Error(), "pack: its script preinst: it fails with status 7 (line 3)") {
		t.Errorf("a script before unpacking: %v", err)
	}
}

// TestAssembleApache enables parts of Apache's configuration as a2enmod does, which has
// written what is wanted here.
func TestAssembleApache(t *testing.T) {
	program := sourceFile{name: "usr/sbin/a2enmod", text: "#!/usr/bin/perl", mode: 0o755}
	files := []sourceFile{program}
	for name, text := range map[string]string{
		"mods-available/mpm_event.load": "# Conflicts: mpm_worker mpm_prefork\nLoadModule\n", "mods-available/mpm_event.conf": "x\n",
		"mods-available/mpm_prefork.load": "# Conflicts: mpm_event\n", "mods-available/deflate.load": "# Depends: filter\nLoadModule\n# Depends: none\n",
		"mods-available/deflate.conf": "x\n", "mods-available/filter.load": "LoadModule\n", "mods-available/cgi.load": "x\n", "mods-available/cgid.load": "x\n",
		"conf-available/security.conf": "# Depends: filter\n", "conf-available/needs.conf": "# Depends: ssl\n", "sites-available/000-default.conf": "x\n",
	} {
		files = append(files, sourceFile{name: "etc/apache2/" + name, text: text})
	}
	apache := buildDeb(t, "none", "apache2", "", append(files, script("postinst", `a2enmod -m -q mpm_event
a2enmod -m -q deflate.load cgi >/etc/said
a2enmod -q deflate >>/etc/said
a2enmod -q mpm_prefork || echo "conflict $?" >>/etc/said
a2enmod -q nothing 2>/dev/null || echo "nothing $?" >>/etc/said
a2enconf -m -q security; a2ensite -q 000-default
a2enconf -q needs 2>/dev/null || echo "needs $?" >>/etc/said`))...)
	root, err := assembledIn(t, apache)
	must(t, err)
	holds(t, root, "etc/said", "Enabling module filter.\nEnabling module deflate.\nYour MPM seems to be threaded. Selecting cgid instead of cgi.\nEnabling module cgid.\n"+
		"conflict 1\nnothing 1\nneeds 1\n")
	var got []string
	for _, dir := range []string{"etc/apache2", "var/lib/apache2"} {
		must(t, filepath.WalkDir(filepath.Join(root, dir), func(p string, d os.DirEntry, err error) error {
			to, _ := os.Readlink(p)
			if to != "" || strings.Contains(p, "_by_") && !d.IsDir() {
				got = append(got, strings.TrimPrefix(p, root+"/")+" "+to)
			}
			return err
		}))
	}
	want := `etc/apache2/conf-enabled/security.conf ../conf-available/security.conf
etc/apache2/mods-enabled/cgid.load ../mods-available/cgid.load
etc/apache2/mods-enabled/deflate.conf ../mods-available/deflate.conf
etc/apache2/mods-enabled/deflate.load ../mods-available/deflate.load
etc/apache2/mods-enabled/filter.load ../mods-available/filter.load
etc/apache2/mods-enabled/mpm_event.conf ../mods-available/mpm_event.conf
etc/apache2/mods-enabled/mpm_event.load ../mods-available/mpm_event.load
etc/apache2/sites-enabled/000-default.conf ../sites-available/000-default.conf
var/lib/apache2/conf/enabled_by_maint/security 
var/lib/apache2/module/enabled_by_maint/cgid 
var/lib/apache2/module/enabled_by_maint/deflate 
var/lib/apache2/module/enabled_by_maint/filter 
var/lib/apache2/module/enabled_by_maint/mpm_event 
var/lib/apache2/site/enabled_by_admin/000-default `
	if diff := cmp.Diff(strings.Split(want, "\n"), got); diff != "" {
		t.Error(diff)
	}
}

// TestAssembleTmpfiles makes directories as systemd-tmpfiles does where the machine has it.
func TestAssembleTmpfiles(t *testing.T) {
	const lines = "# a service's\nd /run/daemon 0750 daemon adm - -\nD- /run/deep/er - - - 10d\nd! /run/boot\n#\nd /var/lib/there 2775 - adm\nx /tmp/kept\nr! /run/daemon/*\n"
	files := []sourceFile{
		{name: "usr/lib/tmpfiles.d/daemon.conf", text: lines},
		{name: "etc/passwd", text: "root:x:0:0::/:\ndaemon:x:7:7::/:\n"},
		{name: "etc/group", text: "root:x:0:\nadm:x:4:\n"},
		{name: "var/lib/there/", mode: 0o700},
	}
	list := func(root string) string {
		var st unix.Stat_t
		var b strings.Builder
		for _, dir := range []string{"run/daemon", "run/deep", "run/deep/er", "var/lib/there", "run/boot"} {
			if err := unix.Stat(filepath.Join(root, dir), &st); err != nil {
				fmt.Fprintf(&b, "%s: %v\n", dir, err)
				continue
			}
			fmt.Fprintf(&b, "%s %o %d:%d\n", dir, st.Mode&0o7777, st.Uid, st.Gid)
		}
		return b.String()
	}
	pack := buildDeb(t, "none", "daemon", "", append(files, script("postinst", "systemd-tmpfiles --create daemon.conf"))...)
	root, err := assembledIn(t, pack)
	must(t, err)
	const want = "run/daemon 750 7:4\nrun/deep 755 0:0\nrun/deep/er 755 0:0\nvar/lib/there 2775 0:4\nrun/boot: no such file or directory\n"
	if got := list(root); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	program, err := exec.LookPath("systemd-tmpfiles")
	if err != nil {
		return
	}
	theirs, _ := unpackTo(t, UnpackOptions{}, pack)
	if out, err := exec.Command(program, "--root="+theirs, "--create", "daemon.conf").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := list(theirs); got != want {
		t.Errorf("systemd's program makes\n%s\nwant\n%s", got, want)
	}
}

// TestAssembleLighttpd enables modules of lighttpd as lighty-enable-mod does, which has
// written what is wanted here.
func TestAssembleLighttpd(t *testing.T) {
	files := []sourceFile{{name: "usr/sbin/lighty-enable-mod", text: "#!/usr/bin/perl", mode: 0o755}}
	for name, text := range map[string]string{
		"10-fastcgi.conf": "x\n", "15-fastcgi-php.conf": "# -*- depends: fastcgi, accesslog -*-\n# -*- conflicts: cgi -*-\n", "10-accesslog.conf": "x\n",
		"10-cgi.conf": "# -*- conflicts: fastcgi-php, ssi -*-\n", "10-needs.conf": "# -*- depends: nothing -*-\n", "README": "x\n",
	} {
		files = append(files, sourceFile{name: "etc/lighttpd/conf-available/" + name, text: text})
	}
	pack := buildDeb(t, "none", "lighttpd", "", append(files, script("postinst", `for m in "fastcgi-php" fastcgi cgi needs "unknown accesslog"; do
  lighty-enable-mod $m >/dev/null && s=0 || s=$?; echo "$m $s" >>/etc/said
done`))...)
	root, err := assembledIn(t, pack)
	must(t, err)
	holds(t, root, "etc/said", "fastcgi-php 0\nfastcgi 2\ncgi 1\nneeds 1\nunknown accesslog 2\n")
	entries, err := os.ReadDir(filepath.Join(root, "etc/lighttpd/conf-enabled"))
	must(t, err)
	var got []string
	for _, e := range entries {
		to, err := os.Readlink(filepath.Join(root, "etc/lighttpd/conf-enabled", e.Name()))
		must(t, err)
		got = append(got, e.Name()+" "+to)
	}
	if diff := cmp.Diff([]string{
		"10-accesslog.conf ../conf-available/10-accesslog.conf", "10-fastcgi.conf ../conf-available/10-fastcgi.conf", "15-fastcgi-php.conf ../conf-available/15-fastcgi-php.conf",
	}, got); diff != "" {
		t.Error(diff)
	}
}

// TestAssembleGitLFS enters git-lfs in git's configuration as its program does, besides
// what is there; git itself reads it.
func TestAssembleGitLFS(t *testing.T) {
	program := func(name string) sourceFile { return sourceFile{name: "usr/bin/" + name, text: "\x7fELF", mode: 0o755} }
	config := sourceFile{name: "etc/gitconfig", text: "[user]\n\tname = x"}
	enter := script("postinst", "git lfs install --skip-repo --system > /dev/null 2>&1")
	root, err := assembledIn(t, buildDeb(t, "none", "git", "", program("git"), config), buildDeb(t, "none", "git-lfs", "Depends: git\n", program("git-lfs"), enter))
	must(t, err)
	out, err := exec.Command("git", "config", "--file", filepath.Join(root, "etc/gitconfig"), "--list").CombinedOutput()
	want := "user.name=x\nfilter.lfs.clean=git-lfs clean -- %f\nfilter.lfs.smudge=git-lfs smudge -- %f\nfilter.lfs.process=git-lfs filter-process\nfilter.lfs.required=true\n"
	if err != nil || string(out) != want {
		t.Errorf("git reads (%v)\n%s\nwant\n%s", err, out, want)
	}
	config.text = "[filter \"lfs\"]\n\tclean = other\n"
	for why, debs := range map[string][]string{
		"git isn't there":                    {buildDeb(t, "none", "git-lfs", "", program("git-lfs"), enter)},
		"/etc/gitconfig has filters already": {buildDeb(t, "none", "git", "", program("git"), config), buildDeb(t, "none", "git-lfs", "Depends: git\n", program("git-lfs"), enter)},
		"it is a program":                    {buildDeb(t, "none", "git", "", program("git"), script("postinst", "git config --system a.b c"))},
	} {
		t.Run(why, func(t *testing.T) {
			if _, err := assembledIn(t, debs...); err == nil || !strings.Contains(err.Error(), why) {
				t.Errorf("got %v, want %q", err, why)
			}
		})
	}
}
