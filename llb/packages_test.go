// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
)

func archive(name, version, digit string) plan.Archive {
	return plan.Archive{
		Name: name, Version: version, Arch: "amd64", Size: 1000, Digest: "sha256:" + strings.Repeat(digit, 64),
		URLs: []string{"https://archive.example.org/pool/" + name + ".deb", "https://mirror.example.org/" + name + ".deb"},
	}
}

// withPackages is an image with layers on a base.
func withPackages(actions ...plan.Action) *plan.Plan {
	img := &plan.Image{Target: "default", Platform: "linux/arm64", From: plan.Tree{Kind: plan.Registry, Name: "registry.example.org/base:1"}}
	for _, a := range actions {
		img.Layers = append(img.Layers, plan.Layer{Words: "packages", Action: a})
	}
	return &plan.Plan{Platform: "linux/arm64", Images: []*plan.Image{img}}
}

func lowerPackages(p *plan.Plan, chain bool) (*bk.Definition, error) {
	w := newWorld()
	res, err := llb.Lower(context.Background(), p, llb.Options{
		Sources: w, Prober: w, Step: w.step, Chain: chain, BuildPlatform: ocispecs.Platform{OS: "linux", Architecture: "amd64"},
	})
	if err != nil {
		return nil, err
	}
	return res.State.Marshal(context.Background(), bk.LinuxArm64)
}

// TestPackageGraphs compares the graphs of packages with those that a person has
// read: unpacking is independent of the base and runs on the build platform.
func TestPackageGraphs(t *testing.T) {
	jq, onig, curl := archive("jq", "1.6-2.1", "b"), archive("libonig5", "6.9", "a"), archive("curl", "7.88", "c")
	local := archive("local", "1", "d")
	local.URLs, local.Copy = nil, &plan.Copy{From: plan.Tree{Kind: plan.Main}, Path: "/dist/local.deb"}
	content := "x"
	file := &plan.Files{Entries: []plan.Entry{{Dest: "/etc/motd", Content: &content}}}
	for name, actions := range map[string][]plan.Action{
		"register": {
			&plan.Unpack{Format: "deb", Archives: []plan.Archive{jq, onig}, Filters: []string{"-/usr/share/doc/*"}}, file,
			&plan.Unpack{Format: "deb", Archives: []plan.Archive{curl}},
			&plan.Install{Format: "deb", Installer: plan.Register, Archives: []plan.Archive{onig, jq, curl}},
		},
		"parts": {
			&plan.Unpack{Format: "deb", Archives: []plan.Archive{jq}, Parts: 3},
			&plan.Install{Format: "deb", Installer: plan.Register, Archives: []plan.Archive{jq}},
		},
		"files": {
			&plan.Unpack{Format: "deb", Archives: []plan.Archive{jq, local}},
			&plan.Install{Format: "deb", Installer: plan.Register, Archives: []plan.Archive{jq, local}, Files: []string{"local"}},
		},
		"fetched": {
			&plan.Unpack{Format: "deb", Archives: []plan.Archive{jq, onig, local}, InStep: true},
			&plan.Install{Format: "deb", Installer: plan.Register, Archives: []plan.Archive{jq, onig, local}, Files: []string{"local"}},
		},
		"native-files": {&plan.Install{Format: "deb", Installer: plan.Native, Why: "the base has local", Archives: []plan.Archive{local}, Files: []string{"local"}}},
		"skip": {
			&plan.Unpack{Format: "deb", Archives: []plan.Archive{jq}},
			&plan.Install{Format: "deb", Installer: plan.Assemble, Archives: []plan.Archive{jq}, SkipScripts: true},
		},
		"native": {
			file, &plan.Install{Format: "deb", Installer: plan.Native, Why: "the base has curl", Archives: []plan.Archive{onig, jq}},
		},
	} {
		for kind, chain := range map[string]bool{"merge": false, "chain": true} {
			def, err := lowerPackages(withPackages(actions...), chain)
			if err != nil {
				t.Fatal(err)
			}
			var text bytes.Buffer
			if err := llb.Dump(&text, def); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "graphs", "packages-"+name+"."+kind)
			if *update {
				if err := os.WriteFile(golden, text.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), text.String()); diff != "" {
				t.Errorf("%s, %s: unexpected graph (-want +got):\n%s", name, kind, diff)
			}
		}
	}
}

func TestUnknownPackageFormats(t *testing.T) {
	for _, a := range []plan.Action{
		&plan.Unpack{Format: "rar"}, &plan.Install{Format: "rar"}, &plan.Install{Format: "deb", Installer: "magic"},
	} {
		_, err := lowerPackages(withPackages(a), false)
		var fault *plan.Fault
		if !errors.As(err, &fault) {
			t.Errorf("%+v: error %v, want a fault", a, err)
		}
	}
}

func TestMessagesWithoutTheHelper(t *testing.T) {
	for message, want := range map[string]string{
		`x: process "/dev/.strata/helper/step run --skip /src -- make all" did not complete successfully: exit code: 2`:  `x: process "make all" did not complete successfully: exit code: 2`,
		`x: process "/dev/.strata/helper/step register-deb --base /b" did not complete successfully: exit code: 1`:       `x: install packages: exit code: 1; the step's last lines say why`,
		`process "/dev/.strata/helper/step unpack-deb /d /out /meta" did not complete successfully: exit code: 125`:      `unpack packages: exit code: 125; the step's last lines say why`,
		`process "/dev/.strata/helper/step install-apk --meta /m" did not complete successfully: exit code: 1`:           `install packages: exit code: 1; the step's last lines say why`,
		`process "/dev/.strata/helper/step accounts --group a:1 /in /out" did not complete successfully: exit code: 125`: `enter users and groups: exit code: 125; the step's last lines say why`,
		`process "sh -c 'echo /dev/.strata'" did not complete successfully: exit code: 1`:                                `process "sh -c 'echo /dev/.strata'" did not complete successfully: exit code: 1`,
	} {
		if diff := cmp.Diff(want, llb.WithoutHelper(message)); diff != "" {
			t.Errorf("unexpected message (-want +got):\n%s", diff)
		}
	}
}

// TestFoldedTimes folds a files layer onto packages: their files keep the times of
// their archives, as they do in a chain.
func TestFoldedTimes(t *testing.T) {
	content := "x"
	p := withPackages(
		&plan.Unpack{Format: "deb", Archives: []plan.Archive{archive("jq", "1.6", "b")}},
		&plan.Files{Entries: []plan.Entry{{Dest: "/etc/motd", Content: &content}}},
		&plan.Files{Entries: []plan.Entry{{Dest: "/etc/issue", Content: &content}}},
	)
	p.Images[0].Layers[1].Fold, p.Images[0].Layers[2].Fold = true, true
	def, err := lowerPackages(p, false)
	if err != nil {
		t.Fatal(err)
	}
	var stamped, kept int
	for _, dt := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(dt); err != nil {
			t.Fatal(err)
		}
		if len(op.Inputs) != 2 || op.GetFile() == nil {
			continue
		}
		for _, a := range op.GetFile().Actions {
			if c := a.GetCopy(); c != nil && c.Timestamp < 0 {
				kept++
			} else if c != nil {
				stamped++
			}
		}
	}
	if kept != 2 || stamped != 2 { // the packages twice, each file once
		t.Errorf("%d trees keep their times and %d get one; want 2 and 2", kept, stamped)
	}
}
