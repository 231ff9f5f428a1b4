// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestMadeByScripts installs packages whose scripts make host keys and a database, and
// runs a command that makes another one: each is told of at the lines of its layer. What
// a package brings in its archive, and what a target makes that isn't in the image,
// isn't. What ships is looked into whether it has few directories or many, but not among
// a language's packages.
func TestMadeByScripts(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t,
		testenv.Deb{Name: "ssl-cert", Version: "99", Scripts: map[string]string{"postinst": `#!/bin/sh
set -e
mkdir -p /etc/ssh
echo "-----BEGIN OPENSSH PRIVATE KEY-----" >/etc/ssh/ssh_host_ed25519_key
echo "ssh-ed25519 AAAA" >/etc/ssh/ssh_host_ed25519_key.pub
`}},
		testenv.Deb{Name: "database", Version: "1", Scripts: map[string]string{"postinst": `#!/bin/sh
set -e
mkdir -p /var/lib/postgresql/15/main/base/1
echo 15 >/var/lib/postgresql/15/main/PG_VERSION
echo 15 >/var/lib/postgresql/15/main/base/1/PG_VERSION
`}},
		testenv.Deb{Name: "example", Version: "1", Files: map[string]string{"etc/example.key": "-----BEGIN PRIVATE KEY-----\n"}},
	)
	dir := h.OnDebian(t, a, testenv.DebianBase(t), `
  - packages: {names: [ssl-cert, database, example], REPOSITORIES}
  - build: {run: "mkdir -p /var/lib/mysql && touch /var/lib/mysql/ibdata1"}
  - files: [{dest: /etc/app/, from: target:tools, source: /etc/app/public}]
  - build: {run: "mkdir -p $out/etc/app $out/srv/node_modules/x && echo '-----BEGIN PRIVATE KEY-----' >$out/etc/app/shipped.key && touch $out/srv/node_modules/x/ibdata1"}
  - build: {run: "for i in $(seq 40); do mkdir -p $out/srv/$i; done; mkdir $out/etc && echo '-----BEGIN PRIVATE KEY-----' >$out/etc/many.key"}
targets:
  tools:
    from: "`+testenv.DebianBase(t)+`"
    layers:
      - build: {run: "mkdir -p /etc/app && cd /etc/app && echo '-----BEGIN PRIVATE KEY-----' >x.key && echo x >public"}
`)
	text, err := h.Strata(house.Flags(dir)...)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	house.Contains(t, text,
		"KeyMadeByScript: strata.yaml:5:5: a script of the packages made /etc/ssh/ssh_host_ed25519_key, which",
		"DataMadeByScript: strata.yaml:5:5: a script of the packages made the data directory of PostgreSQL, /var/lib/postgresql/15/main, which",
		"DataMadeByScript: strata.yaml:6:5: the command made the data directory of MySQL or MariaDB, /var/lib/mysql, which",
		"KeyMadeByScript: strata.yaml:8:5: the command made /etc/app/shipped.key, which",
		"KeyMadeByScript: strata.yaml:9:5: the command made /etc/many.key, which",
	)
	for _, not := range []string{"example.key", "x.key", "strata.yaml:7", "node_modules/x"} {
		if strings.Contains(text, not+",") {
			t.Errorf("it tells of %s:\n%s", not, text)
		}
	}
	h.MustLock(t, a, dir, "--platform=linux/amd64")
	text, err = h.Strata("--check", "--platform=linux/amd64", dir)
	if err == nil {
		t.Errorf("check finds nothing:\n%s", text)
	}
	house.Contains(t, text, "KeyMadeByScript", "a script of ssl-cert makes /etc/ssl/private/ssl-cert-snakeoil.key, which", "strata.yaml:5")
	if text, err = h.Strata(house.Flags(dir, "--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=UnpinnedBase;error=true")...); err == nil {
		t.Errorf("findings are not errors:\n%s", text)
	} else {
		house.Contains(t, text, "lint violation found for rules: DataMadeByScript, KeyMadeByScript")
	}
}
