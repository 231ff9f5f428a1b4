// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"regexp"

	"github.com/strata-build/strata/internal/distro"
)

var _ distro.Maker = System{}

// MadeByScript knows the packages of Debian whose postinst makes a key or a database,
// as it is in bookworm.
func (System) MadeByScript(name string) distro.Made {
	if m := regexp.MustCompile(`^postgresql-([0-9.]+)$`).FindStringSubmatch(name); m != nil {
		return distro.Made{Data: "/var/lib/postgresql/" + m[1] + "/main"}
	}
	return map[string]distro.Made{
		"bind9":          {Key: "/etc/bind/rndc.key"},
		"dropbear":       {Key: "/etc/dropbear/dropbear_*_host_key"},
		"mariadb-server": {Data: "/var/lib/mysql"},
		"openssh-server": {Key: "/etc/ssh/ssh_host_*_key"},
		"slapd":          {Data: "/var/lib/ldap"},
		"ssl-cert":       {Key: "/etc/ssl/private/ssl-cert-snakeoil.key"},
	}[name]
}
