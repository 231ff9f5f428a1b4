// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package trees

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/llb/plan"
)

// own makes a package with control files of that name and content, in turn.
func own(t *testing.T, name string, control ...string) []byte {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root")
	files := map[string]string{
		"DEBIAN/control":              "Package: " + name + "\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: test\n",
		"usr/share/" + name + "/data": name + "\n",
	}
	for i := 0; i < len(control); i += 2 {
		files["DEBIAN/"+control[i]] = control[i+1]
	}
	for file, text := range files {
		mode := os.FileMode(0o644)
		if strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		at := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("dpkg-deb", "-Znone", "--root-owner-group", "--build", root, root+".deb").CombinedOutput(); err != nil {
		t.Fatalf("dpkg-deb: %v\n%s", err, out)
	}
	data, err := os.ReadFile(root + ".deb")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// served are packages of a server.
func served(t *testing.T, debs map[string][]byte, names ...string) []plan.Archive {
	t.Helper()
	files := map[string][]byte{}
	for name, data := range debs {
		files["/"+name+".deb"] = data
	}
	server := testenv.FileServer(t, files)
	var out []plan.Archive
	for _, name := range names {
		out = append(out, plan.Archive{Name: name, Version: "1.0", Arch: "all", URLs: []string{server.URL + "/" + name + ".deb"}, Digest: server.Digest("/" + name + ".deb")})
	}
	return out
}

// TestFailingScripts shows that a failed script is named with its last words by
// both installers, and that the guard rails see what must not be registered.
func TestFailingScripts(t *testing.T) {
	h := newHouse(t)
	debs := map[string][]byte{
		"good":    own(t, "good", "preinst", "#!/bin/sh\nset -e\nif [ \"$1\" = upgrade ]; then rm -rf /etc; fi\nmkdir -p /var/lib/good-made\n", "triggers", "interest-noawait /usr/share/late\n", "postinst", "#!/bin/sh\n[ \"$1\" != triggered ] || echo \"$2\" >>/var/lib/good-made/triggered\n"),
		"late":    own(t, "late", "conffiles", ""),
		"bad":     own(t, "bad", "postinst", "#!/bin/sh\necho one thing is wrong >&2\nexit 3\n"),
		"divert":  own(t, "divert", "preinst", "#!/bin/sh\ndpkg-divert --package divert --add --rename --divert /usr/bin/x.real /usr/bin/x\n"),
		"refuse":  own(t, "refuse", "preinst", "#!/bin/sh\necho not on this system >&2\nexit 3\n"),
		"deletes": own(t, "deletes", "postinst", "#!/bin/sh\n: >/etc/.wh.passwd\n"),
		"grabber": own(t, "grabber", "preinst", "#!/usr/bin/perl\nexit 0\n"),
	}
	bad := served(t, debs, "good", "bad")
	for name, actions := range map[string][]plan.Action{
		"register": grouped(bad, 2),
		"native":   {&plan.Install{Format: "deb", Installer: plan.Native, Archives: bad}},
	} {
		err := h.build(h.lower(t, false, actions...), tree{}.read)
		if err == nil || !strings.Contains(err.Error(), "a maintainer script of bad failed") || !strings.Contains(err.Error(), "  one thing is wrong") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	refuse := &plan.Install{Format: "deb", Installer: plan.Native, Archives: served(t, debs, "refuse")}
	if err := h.build(h.lower(t, false, refuse), tree{}.read); err == nil || !strings.Contains(err.Error(), "a maintainer script of refuse failed") || !strings.Contains(err.Error(), "not on this system") {
		t.Errorf("a package that refuses: error %v", err)
	}
	deletes := h.build(h.lower(t, false, grouped(served(t, debs, "deletes"), 1)...), tree{}.read)
	if deletes == nil || !strings.Contains(deletes.Error(), "/etc/.wh.passwd") {
		t.Errorf("a script that deletes: error %v", deletes)
	}
	good := served(t, debs, "late", "good")
	if v := h.verdict(t, &plan.Unpack{Format: "deb", Archives: good}); v.Installer != "register" {
		t.Errorf("verdict on good packages: %+v", v)
	}
	got := tree{}
	if err := h.build(h.lower(t, false, grouped(good, 1)...), got.read); err != nil {
		t.Fatal(err)
	}
	if _, ok := got["/var/lib/good-made"]; !ok {
		t.Error("the script before unpacking wasn't run")
	}
	native := tree{}
	if err := h.build(h.lower(t, false, &plan.Install{Format: "deb", Installer: plan.Native, Archives: good}), native.read); err != nil {
		t.Fatal(err)
	}
	if diff := differences(native, got, 1<<40); len(diff) > 0 {
		t.Errorf("registered packages differ from installed ones:\n%s", strings.Join(diff, "\n"))
	}
	for _, name := range []string{"divert", "grabber", "refuse"} {
		if v := h.verdict(t, &plan.Unpack{Format: "deb", Archives: served(t, debs, name)}); v.Installer != "native" || !strings.Contains(v.Why, name) {
			t.Errorf("verdict on %s: %+v", name, v)
		}
	}
}
