// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import "testing"

func TestPlaceRespectsWhatIsAbove(t *testing.T) {
	base := []string{"d 0755 0:0 /usr/bin", "l 0:0 /bin usr/bin", "d 1777 0:0 /tmp", "d 0700 5:5 /data"}
	for _, c := range []placeCase{{
		name: "a directory", base: base,
		tree:  []string{"f 0644 0:0 /a/b/x 1", "f 0644 0:0 /tmp/x 1"},
		flags: []string{"--directory", "1770:7:8:/a/b", "--directory", "0711:0:0:/tmp"},
		want:  []string{"d 0755 0:0 /a", "d 1770 7:8 /a/b", "f 0644 0:0 /a/b/x 1", "d 0711 0:0 /tmp", "f 0644 0:0 /tmp/x 1"},
	}, {
		name: "one that the base may have", base: base,
		tree:  []string{"f 0644 0:0 /a/x 1", "f 0644 0:0 /data/x 1"},
		flags: []string{"--likely", "0750:7:7:/a", "--likely", "0750:7:7:/data"},
		want:  []string{"d 0750 7:7 /a", "f 0644 0:0 /a/x 1", "d 0700 5:5 /data", "f 0644 0:0 /data/x 1"},
	}, {
		name: "one through a link of the base", base: base,
		tree:  []string{"f 0644 0:0 /bin/own/x 1"},
		flags: []string{"--directory", "0700:7:7:/bin/own"},
		want:  []string{"d 0755 0:0 /usr", "d 0755 0:0 /usr/bin", "d 0700 7:7 /usr/bin/own", "f 0644 0:0 /usr/bin/own/x 1"},
	}, {
		name: "a link to a directory of the base, and one to none", base: base,
		tree:  []string{"f 0644 0:0 /d/x 1", "f 0644 0:0 /n/x 1", "f 0644 0:0 /f 1"},
		flags: []string{"--link", "/d//data", "--link", "/n//../new/n", "--link", "/f//data/f"},
		want:  []string{"d 0700 5:5 /data", "f 0644 0:0 /data/x 1", "f 0644 0:0 /f 1", "d 0755 0:0 /new", "d 0755 0:0 /new/n", "f 0644 0:0 /new/n/x 1"},
	}, {
		name: "a link in a circle", base: base,
		tree:  []string{"f 0644 0:0 /c/x 1"},
		flags: []string{"--link", "/c//c"},
		fails: "follow the base's link /c",
	}, {
		name: "what a link doesn't lead to", base: base,
		tree:  []string{"f 0644 0:0 /c 1"},
		flags: []string{"--link", "/c//c", "--directory", "0700:0:0:/c/d"},
		fails: "follow /c/d: too many symbolic links",
	}} {
		t.Run(c.name, c.run)
	}
}
