// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/testenv"
)

// baselayout has the accounts of Alpine that scripts need.
func baselayout() testenv.APK {
	return testenv.APK{Name: "alpine-baselayout-data", Version: "3-r0", Files: map[string]string{
		"etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n",
		"etc/group":  "root:x:0:root\nusers:x:100:games\nnogroup:x:65533:\nnobody:x:65534:\n",
		"etc/shadow": "root:*::0:::::\nnobody:!::0:::::\n",
	}}
}

// TestAccountsOnScratch runs scripts as Alpine's packages have them.
func TestAccountsOnScratch(t *testing.T) {
	l := newLab(t)
	must(t, l.install(Follow, nil, baselayout(),
		testenv.APK{
			Name: "nginx", Version: "1.26-r0", Info: []string{"depend = alpine-baselayout-data"}, Files: map[string]string{"var/lib/nginx/": ""},
			Scripts: map[string]string{"pre-install": `#!/bin/sh

addgroup -S -g 82 www-data 2>/dev/null
addgroup -S nginx 2>/dev/null
adduser -S -D -H -h /var/lib/nginx -s /sbin/nologin -G nginx -g nginx nginx 2>/dev/null
addgroup nginx www-data 2>/dev/null

exit 0
`},
		},
		testenv.APK{
			Name: "redis", Version: "7.2-r0", Info: []string{"depend = alpine-baselayout-data"}, Files: map[string]string{"var/lib/redis/": ""},
			Scripts: map[string]string{
				"pre-install": `#!/bin/sh

addgroup -S redis 2>/dev/null
adduser -S -D -h /var/lib/redis -s /sbin/nologin -G redis -g redis redis 2>/dev/null

exit 0
`,
				"post-install": `#!/bin/sh

_dir="/var/lib/redis"
if [ -d "$_dir" ]; then
	chown redis:redis "$_dir"
	chmod 750 $_dir
fi

exit 0
`,
			},
		},
		testenv.APK{
			Name: "svc", Version: "1-r0", Info: []string{"depend = alpine-baselayout-data"}, Files: map[string]string{"etc/svc.conf": "x"},
			Scripts: map[string]string{"pre-install": "#!/bin/sh\nadduser -SDH svc\n[ ! -e /etc/svc.conf ] || exit 4\n"},
		},
		testenv.APK{
			Name: "busybox", Version: "1.36-r0", Files: map[string]string{"bin/busybox": "elf", "etc/busybox-paths.d/busybox": "/bin/sh\n"},
			Info:    []string{"triggers = /bin /usr/bin /sbin /usr/sbin"},
			Scripts: map[string]string{"trigger": "#!/bin/busybox sh\n\ndo_bb_install=\n\nfor i in \"$@\"; do\n\tcase \"$i\" in\n\t\t/lib/modules/*)\n\t\t\tif [ -d \"$i\" ]; then\n\t\t\t\t/bin/busybox depmod ${i#/lib/modules/}\n\t\t\tfi\n\t\t\t;;\n\t\t*) do_bb_install=yes;;\n\tesac\ndone\n\nif [ -n \"$do_bb_install\" ]; then\n\t[ -e /bin/bbsuid ] && /bin/bbsuid --install\n\t[ -e /bin/busybox ] && /bin/busybox --install -s\nfi\n"},
		},
	))
	for file, want := range map[string]string{
		"etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\nnginx:x:100:101:nginx:/var/lib/nginx:/sbin/nologin\n" +
			"redis:x:101:102:redis:/var/lib/redis:/sbin/nologin\nsvc:x:102:65533:Linux User,,,:/home/svc:/sbin/nologin\n",
		"etc/group":  "root:x:0:root\nusers:x:100:games\nnogroup:x:65533:svc\nnobody:x:65534:\nwww-data:x:82:nginx\nnginx:x:101:nginx\nredis:x:102:redis\n",
		"etc/shadow": "root:*::0:::::\nnobody:!::0:::::\nnginx:!::0:99999:7:::\nredis:!::0:99999:7:::\nsvc:!::0:99999:7:::\n",
	} {
		if got := l.read(file); got != want {
			t.Errorf("%s is\n%s\nwant\n%s", file, got, want)
		}
	}
	var st unix.Stat_t
	must(t, unix.Stat(filepath.Join(l.root, "var/lib/redis"), &st))
	if st.Uid != 101 || st.Gid != 102 || st.Mode&0o7777 != 0o750 {
		t.Errorf("/var/lib/redis is %d:%d %o", st.Uid, st.Gid, st.Mode)
	}
	if to, err := os.Readlink(filepath.Join(l.root, "bin/sh")); to != "/bin/busybox" {
		t.Errorf("/bin/sh leads to %q, %v", to, err)
	}
}

// TestScriptsThatCantRunOnScratch wants the reason for each package.
func TestScriptsThatCantRunOnScratch(t *testing.T) {
	pack := func(name, script string) testenv.APK {
		return testenv.APK{Name: name, Version: "1-r0", Scripts: map[string]string{"post-install": "#!/bin/sh\n" + script + "\n"}}
	}
	err := newLab(t).install(Follow, nil, pack("accounts", "addgroup -S web 2>/dev/null\nexit 0"), pack("certs", "update-ca-certificates || :"),
		pack("fails", "[ -e /nothing ]"), pack("status", "exit 7"), pack("unknown", "if maybe-there; then :; fi"))
	for _, want := range []string{
		`accounts: post-install: addgroup -S web (line 2): there is no /etc/group; add alpine-baselayout-data to "names"`,
		`certs: post-install: update-ca-certificates (line 2): it is a program, which can't be run here; add ca-certificates-bundle to "names"`,
		"fails: post-install: it fails with status 1 (line 2)", "status: post-install: it fails with status 7 (line 2)",
		"unknown: post-install: maybe-there (line 2): its effect isn't known",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v\nwant %s", err, want)
		}
	}
}
