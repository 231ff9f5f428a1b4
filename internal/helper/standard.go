// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import "strings"

// standardDirectories are those of the file system hierarchy standard, and of
// every distribution, that are 0755 and root's unless a skeleton says
// otherwise. A skeleton doesn't list them when they are, so without this list
// a layer with /usr/bin/x owned by app would make app the owner of /usr.
const standardDirectories = `
/ /bin /boot /dev /etc /home /lib /lib32 /lib64 /libx32 /media /mnt /opt /proc /run /sbin /srv /sys /usr /var
/etc/alternatives /etc/apt /etc/cron.d /etc/cron.daily /etc/default /etc/init.d /etc/ld.so.conf.d /etc/logrotate.d
/etc/opt /etc/pam.d /etc/profile.d /etc/security /etc/skel /etc/ssl /etc/ssl/certs /etc/systemd /etc/systemd/system /etc/xdg
/usr/bin /usr/games /usr/include /usr/lib /usr/lib32 /usr/lib64 /usr/libexec /usr/libx32 /usr/sbin /usr/share /usr/src
/usr/lib/locale /usr/lib/systemd /usr/lib/systemd/system /usr/lib/sysusers.d /usr/lib/tmpfiles.d /usr/lib/udev
/usr/local /usr/local/bin /usr/local/etc /usr/local/games /usr/local/include /usr/local/lib /usr/local/libexec
/usr/local/sbin /usr/local/share /usr/local/share/man /usr/local/src
/usr/share/applications /usr/share/bash-completion /usr/share/bash-completion/completions /usr/share/ca-certificates
/usr/share/common-licenses /usr/share/dict /usr/share/doc /usr/share/fonts /usr/share/icons /usr/share/info
/usr/share/keyrings /usr/share/licenses /usr/share/locale /usr/share/man /usr/share/man/man1 /usr/share/man/man5
/usr/share/man/man7 /usr/share/man/man8 /usr/share/misc /usr/share/pixmaps /usr/share/zoneinfo
/var/cache /var/lib /var/log /var/opt /var/spool
`

// standard is the set of the standard directories.
func standard() map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(standardDirectories) {
		set[name] = true
	}
	return set
}
