// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package accounts_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/distro/accounts"
	"github.com/strata-build/strata/internal/distro/noshell"
	"github.com/strata-build/strata/internal/distro/rootdir"
)

// sysusersRoot is a system with files of sysusers.d: with numbers that are free and taken,
// groups that are there, members that are nowhere else, and names that come twice.
func sysusersRoot(t *testing.T) string {
	root := t.TempDir()
	for name, text := range map[string]string{
		"etc/passwd":  "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n_apt:x:998:65534::/nonexistent:/usr/sbin/nologin\n",
		"etc/shadow":  "root:*::0:99999:7:::\nnobody:*::0:99999:7:::\n_apt:*::0:99999:7:::\n",
		"etc/group":   "root:x:0:\nadm:x:4:\nnogroup:x:65534:\nused:x:996:\n",
		"etc/gshadow": "root:*::\nadm:*::\nnogroup:!::\nused:!::\n",
		"usr/lib/sysusers.d/a.conf": "# what a server needs\nu tomcat - \"Apache Tomcat\" / -\ng input -\nu withid 450 - /var/lib/withid /bin/sh\nu pair 451:adm \"A pair\"\n" +
			"u root 0 \"Super User\" /root\ng kvm 300\nm tomcat adm\nm newuser newgroup\nu same 300 - -\ng group 452\nu group 452\n",
		"usr/lib/sysusers.d/b.conf": "u last - - /x\nu tomcat - \"Apache Tomcat\" / -\ng root -\nu used -\n",
		"usr/lib/sysusers.d/c.conf": "u never -\n",
		"etc/sysusers.d/c.conf":     "u instead -\n",
	} {
		at := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// accountsIn are the files of accounts in a root. systemd notes the day of a password.
func accountsIn(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	for _, name := range []string{"passwd", "shadow", "group", "gshadow"} {
		text, err := os.ReadFile(filepath.Join(root, "etc", name))
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(strings.ReplaceAll(string(text), ":!*:0:", ":!*::"))
	}
	return b.String()
}

// TestSysusers compares with systemd-sysusers where the machine has it, and with what it
// wrote where it hasn't.
func TestSysusers(t *testing.T) {
	for script, added := range map[string]string{
		"systemd-sysusers": "tomcat:x:995:995:Apache Tomcat:/:/usr/sbin/nologin\nwithid:x:450:450::/var/lib/withid:/bin/sh\npair:x:451:4:A pair:/:/usr/sbin/nologin\n",
		"systemd-sysusers b.conf c.conf": "last:x:999:999::/x:/usr/sbin/nologin\ntomcat:x:997:997:Apache Tomcat:/:/usr/sbin/nologin\nused:x:996:996::/:/usr/sbin/nologin\n" +
			"instead:x:995:995::/:/usr/sbin/nologin\n",
	} {
		root := sysusersRoot(t)
		sh := &noshell.Shell{Files: &noshell.Files{Root: rootdir.Root(root)}, Path: []string{"/usr/bin"}, Commands: accounts.Debian()}
		if err := sh.Run(t.Context(), noshell.Script{Name: "/script", Text: "#!/bin/sh\n" + script + "\n"}); err != nil {
			t.Fatal(err)
		}
		ours := accountsIn(t, root)
		if !strings.Contains(ours, added) {
			t.Errorf("%s\n%s\nwant\n%s", script, ours, added)
		}
		program, err := exec.LookPath("systemd-sysusers")
		if err != nil {
			continue
		}
		root = sysusersRoot(t)
		cmd := exec.Command(program, append([]string{"--root=" + root}, strings.Fields(script)[1:]...)...)
		cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if diff := cmp.Diff(accountsIn(t, root), ours); diff != "" {
			t.Errorf("%s: systemd's program, and ours: %s", script, diff)
		}
	}
}
