// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"os/exec"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

func TestBusyboxImageUnpacks(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{})
	BusyboxImage(t, r, "base:1", BusyboxTweaks{})
	layout := PullLayout(t, r, "base:1")
	for _, arch := range []string{"amd64", "arm64"} {
		root := layout.Unpack(t, arch)
		listing := Listing(t, root)
		for _, want := range []string{
			"l 0777 0:0 7 2024-02-03T04:05:06 /bin -> usr/bin\n",
			"d 1777 0:0 0 2024-02-03T04:05:06 /tmp\n",
			"d 0700 0:0 0 2024-02-03T04:05:06 /root\n",
			"d 0755 1000:1000 0 2024-02-03T04:05:06 /srv/app\n",
		} {
			if !strings.Contains(listing, want) {
				t.Errorf("%s: no line %q in\n%s", arch, want, listing)
			}
		}
		layout.Validate(t, arch)
		out, err := exec.Command("chroot", root, "/bin/sh", "-c", "id -u app && cat /usr/lib/release").CombinedOutput()
		if err != nil || string(out) != "1000\n1\n" {
			t.Errorf("%s: the image's shell gives %q, %v", arch, out, err)
		}
	}
}

func TestBusyboxTweaksChangeContentOnly(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{})
	BusyboxImage(t, r, "base:1", BusyboxTweaks{Only: "amd64"})
	BusyboxImage(t, r, "base:2", BusyboxTweaks{Only: "amd64", Release: "2\n"})
	one := strings.Split(PullLayout(t, r, "base:1").LayerListings(t, "amd64")[0], "\n")
	two := strings.Split(PullLayout(t, r, "base:2").LayerListings(t, "amd64")[0], "\n")
	var different []string
	for i := range one {
		if one[i] != two[i] {
			different = append(different, one[i])
		}
	}
	if len(different) != 1 || !strings.Contains(different[0], "usr/lib/release") {
		t.Errorf("the two bases differ in %q", different)
	}
	config := PullLayout(t, r, "base:1").Config(t, "amd64")
	if len(config.Config.Env) != 1 || !strings.HasPrefix(config.Config.Env[0], "PATH=") {
		t.Errorf("environment: %q", config.Config.Env)
	}
}

func TestValidateFindsAWrongLayer(t *testing.T) {
	image := Image(t, "amd64", v1.Config{}, []Entry{{Path: "greeting", Data: []byte("hello\n")}})
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.RootFS.DiffIDs[0].Hex = strings.Repeat("0", 64)
	wrong, err := mutate.ConfigFile(image, config)
	if err != nil {
		t.Fatal(err)
	}
	ref := NewRegistry(t, RegistryOptions{}).Push(t, "wrong:1", wrong)
	if out, err := command(t, "crane", "validate", "--remote", ref).CombinedOutput(); err == nil {
		t.Errorf("crane validates an image with a wrong diff id:\n%s", out)
	}
}
