// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package purl

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// distributions are the finders of the archives of distributions.
func distributions() map[string]finder {
	return map[string]finder{
		"deb.debian.org": debian, "ftp.debian.org": debian, "security.debian.org": debian, "snapshot.debian.org": debian, "archive.debian.org": debian,
		"archive.ubuntu.com": debian, "security.ubuntu.com": debian, "ports.ubuntu.com": debian, "old-releases.ubuntu.com": debian, "snapshot.ubuntu.com": debian,
		"dl-cdn.alpinelinux.org": alpine, "packages.wolfi.dev": alpine,
	}
}

// debian has pool/…/NAME_VERSION_ARCH.deb, and sources; a version's epoch is in no
// file's name.
func debian(u *url.URL, at []string) (URL, bool) {
	file := last(at)
	if !slices.Contains(at, "pool") {
		return URL{}, false
	}
	vendor := "debian"
	if strings.HasSuffix(u.Hostname(), "ubuntu.com") {
		vendor = "ubuntu"
	}
	for _, ext := range []string{".deb", ".udeb", ".ddeb"} {
		stem, ok := strings.CutSuffix(file, ext)
		if parts := strings.Split(stem, "_"); ok && len(parts) == 3 {
			return made("deb", vendor, parts[0], parts[1], "arch", parts[2]), true
		}
	}
	name, rest, ok := strings.Cut(file, "_")
	if !ok {
		return URL{}, false
	}
	version := rest
	for _, ext := range []string{".dsc", ".gz", ".xz", ".bz2", ".zst", ".tar", ".debian", ".orig", ".diff"} {
		version = strings.TrimSuffix(version, ext)
	}
	return made("deb", vendor, name, version, "arch", "source"), version != rest
}

// apkVersion is NAME-VERSION-rN.
var apkVersion = regexp.MustCompile(`^(.+)-([0-9][^-]*-r[0-9]+)$`)

// alpine has …/ARCH/NAME-VERSION-rN.apk.
func alpine(u *url.URL, at []string) (URL, bool) {
	stem, ok := strings.CutSuffix(last(at), ".apk")
	m := apkVersion.FindStringSubmatch(stem)
	if !ok || m == nil || len(at) < 2 {
		return URL{}, false
	}
	vendor := "alpine"
	if strings.HasSuffix(u.Hostname(), "wolfi.dev") {
		vendor = "wolfi"
	}
	return made("apk", vendor, m[1], m[2], "arch", at[len(at)-2]), true
}
