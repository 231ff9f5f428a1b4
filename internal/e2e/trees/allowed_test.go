// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package trees

import (
	"regexp"
	"slices"
	"strings"
)

// An allowance is a difference between a plain apt-get and Strata that is meant,
// or that no two runs of apt-get are without.
type allowance struct {
	paths *regexp.Regexp
	why   string
}

func allowances() []allowance {
	allow := func(why, paths string) allowance {
		return allowance{paths: regexp.MustCompile(`^(?:` + paths + `)$`), why: why}
	}
	return []allowance{
		allow("logs and caches of apt, dpkg and ldconfig are no part of an image",
			`/var/log/(dpkg|alternatives)\.log|/var/log/apt/.*|/var/cache/apt/.*|/var/lib/apt/lists/.*|/var/cache/ldconfig/aux-cache`),
		allow("copies of what a database was before",
			`/var/lib/dpkg/(status|diversions|statoverride)-old|/var/cache/debconf/.*-old|/usr/share/info/dir\.old`),
		allow("the day of a new account is the base's, not today's", `/etc/shadow-?`),
		allow("a machine's identity is made when a machine starts", `/etc/machine-id|/var/lib/dbus/machine-id`),
		allow("keys are random in every run", `/etc/ssh/ssh_host_.*|/etc/ssl/(certs/ssl-cert-snakeoil\.pem|private/ssl-cert-snakeoil\.key|certs/[0-9a-f]{8}\.0)`),
		allow("a database that a script creates has an identity and times of its own", `/var/lib/postgresql/.*/main/(global/pg_control|pg_stat/pgstat\.stat|pg_wal/.*)`),
		allow("man's indexes follow from where on the disk its pages are", `/var/cache/man/(.*/)?index\.db`),
		allow("font caches hold the times of directories", `/var/cache/fontconfig/.*`),
		allow("java's list of certificates holds the time of now, and is in the order of the disk", `/etc/ssl/certs/java/cacerts`),
	}
}

// unlike are the files that no two builds have alike.
func unlike() []allowance {
	return slices.DeleteFunc(allowances(), func(a allowance) bool {
		return !strings.HasPrefix(a.why, "keys are random") && !strings.HasPrefix(a.why, "a database that a script creates")
	})
}

// unexplained are the differences that nothing allows.
func unexplained(all []string, allowed []allowance) []string {
	var out []string
next:
	for _, d := range all {
		path, _, _ := strings.Cut(d, "\n")
		for _, a := range allowed {
			if a.paths.MatchString(path) {
				continue next
			}
		}
		out = append(out, d)
	}
	return out
}
