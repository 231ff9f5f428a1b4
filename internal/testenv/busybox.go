// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// BusyboxTweaks changes the base image. The zero value changes nothing.
type BusyboxTweaks struct {
	// Release is the text of /usr/lib/release, "1\n" when empty. Two images that
	// differ in nothing else have the same directories, links and owners.
	Release string
	// Extra is added as a second layer.
	Extra []Entry
	// Config changes the image's configuration.
	Config func(*v1.Config)
	// Only, when set, is the one architecture of the image, which is then an
	// image and no index.
	Only string
}

// BusyboxImage pushes a small base image to repository[:tag] of the registry
// and returns its reference: an index for amd64 and arm64 with Debian's
// busybox, its applets, and the traps of a real distribution: /bin, /lib and
// /sbin are links into /usr, /tmp is 1777, /root is 0700, and /srv/app belongs to
// the user app, 1000:1000.
func BusyboxImage(t testing.TB, r *Registry, repository string, tweaks BusyboxTweaks) string {
	t.Helper()
	if tweaks.Only != "" {
		return r.Push(t, repository, busyboxImage(t, tweaks.Only, tweaks))
	}
	return r.PushIndex(t, repository, busyboxImage(t, "amd64", tweaks), busyboxImage(t, "arm64", tweaks))
}

func busyboxImage(t testing.TB, arch string, tweaks BusyboxTweaks) v1.Image {
	t.Helper()
	layers := [][]Entry{busyboxEntries(t, arch, tweaks.Release)}
	if tweaks.Extra != nil {
		layers = append(layers, tweaks.Extra)
	}
	config := v1.Config{
		Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Cmd: []string{"sh"},
	}
	if tweaks.Config != nil {
		tweaks.Config(&config)
	}
	return Image(t, arch, config, layers...)
}

func busyboxEntries(t testing.TB, arch, release string) []Entry {
	t.Helper()
	if release == "" {
		release = "1\n"
	}
	entries := []Entry{
		{Path: "bin", Symlink: "usr/bin"},
		{Path: "dev/"},
		{Path: "etc/"},
		{Path: "etc/group", Data: []byte("root:x:0:\nstaff:x:50:\napp:x:1000:\n")},
		{Path: "etc/passwd", Data: []byte("root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/srv/app:/bin/sh\n")},
		{Path: "lib", Symlink: "usr/lib"},
		{Path: "proc/", Mode: 0o555},
		{Path: "root/", Mode: 0o700},
		{Path: "sbin", Symlink: "usr/sbin"},
		{Path: "srv/"},
		{Path: "srv/app/", UID: 1000, GID: 1000},
		{Path: "srv/app/notes", Data: []byte("kept\n"), UID: 1000, GID: 1000},
		{Path: "sys/", Mode: 0o555},
		{Path: "tmp/", Mode: 0o1777},
		{Path: "usr/"},
		{Path: "usr/bin/"},
		{Path: "usr/bin/busybox", Data: busybox(t, arch), Mode: 0o755},
		{Path: "usr/lib/"},
		{Path: "usr/lib/release", Data: []byte(release)},
		{Path: "usr/local/"},
		{Path: "usr/local/bin/"},
		{Path: "usr/sbin/"},
		{Path: "var/"},
		{Path: "var/lib/"},
	}
	for _, applet := range strings.Fields(applets) {
		entries = append(entries, Entry{Path: "usr/bin/" + applet, Symlink: "busybox"})
	}
	return entries
}

// applets are the commands of the base image, all in /usr/bin.
const applets = `adduser addgroup awk basename cat chmod chown cp cut date dd df diff dirname du echo env
	expr false find grep gunzip gzip head hostname id ip ln ls md5sum mkdir mktemp mount mv nc nproc od
	printf ps pwd readlink realpath rm rmdir sed seq sh sha256sum sleep sort stat sync tail tar tee test
	time timeout touch tr true umount uname uniq unzip vi wc wget which whoami xargs`

// busybox returns the program for an architecture.
func busybox(t testing.TB, arch string) []byte {
	t.Helper()
	path := filepath.Join(Root(t), ".cache", "busybox", arch, "busybox")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read busybox: %v: run hack/install", err)
	}
	return data
}
