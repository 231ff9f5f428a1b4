// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package fhs knows the directories of the Filesystem Hierarchy Standard, and
// those that distributions add to it, which are 0755 and root's unless an image
// says otherwise.
package fhs

import "strings"

// linked are those that every distribution's own image has, as directories or as links.
const linked = `
/bin /lib /lib64 /sbin /usr/lib64 /usr/sbin
`

// plain are those that every distribution's own image has as directories.
const plain = `
/etc /home /mnt /opt /run /srv /usr /usr/bin /usr/include /usr/lib
/usr/libexec /usr/local /usr/local/bin /usr/local/etc /usr/local/lib /usr/local/sbin /usr/local/share
/usr/share /var /var/cache /var/lib /var/log /var/opt /var/spool
`

// usual are the others.
const usual = `
/ /boot /dev /lib32 /libx32 /media /proc /sys /etc/alternatives /etc/apt /etc/cron.d /etc/cron.daily
/etc/default /etc/init.d /etc/ld.so.conf.d /etc/logrotate.d /etc/opt /etc/pam.d /etc/profile.d /etc/security
/etc/skel /etc/ssl /etc/ssl/certs /etc/systemd /etc/systemd/system /etc/xdg /usr/games /usr/lib32 /usr/libx32
/usr/src /usr/lib/locale /usr/lib/systemd /usr/lib/systemd/system /usr/lib/sysusers.d /usr/lib/tmpfiles.d
/usr/lib/udev /usr/local/games /usr/local/include /usr/local/libexec /usr/local/share/man /usr/local/src
/usr/share/applications /usr/share/bash-completion /usr/share/bash-completion/completions
/usr/share/ca-certificates /usr/share/common-licenses /usr/share/dict /usr/share/doc /usr/share/fonts
/usr/share/icons /usr/share/info /usr/share/keyrings /usr/share/licenses /usr/share/locale /usr/share/man
/usr/share/man/man1 /usr/share/man/man5 /usr/share/man/man7 /usr/share/man/man8 /usr/share/misc
/usr/share/pixmaps /usr/share/zoneinfo
`

// Directories are some of the standard directories.
type Directories map[string]bool

// Basic are the standard directories that every distribution's own image has, some of
// them as links.
func Basic() Directories { return directories(linked + plain) }

// Plain are the basic ones that are no links: who finds that an image lacks one may take
// it for 0755 and root's.
func Plain() Directories { return directories(plain) }

// Standard are all of them, "/" as well. Packages and commands ship them with
// other modes now and then, so that they are only taken for 0755 and root's where
// nothing can be asked.
func Standard() Directories { return directories(linked + plain + usual) }

func directories(names string) Directories {
	set := Directories{}
	for name := range strings.FieldsSeq(names) {
		set[name] = true
	}
	return set
}
