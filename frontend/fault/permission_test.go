// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"errors"
	"testing"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
)

// TestPermissions gives what BuildKit refuses the lines of the commands that ask for it.
func TestPermissions(t *testing.T) {
	file := bk.NewSourceMap(nil, "strata.yaml", "yaml", []byte("1\n2\n3\n4\n"))
	at := func(line int32) bk.ConstraintsOpt {
		return file.Location([]*pb.Range{{Start: &pb.Position{Line: line}, End: &pb.Position{Line: line}}})
	}
	st := bk.Scratch().Run(bk.Args([]string{"/plain"}), at(1)).
		Run(bk.Args([]string{"/all"}), bk.Security(pb.SecurityMode_INSECURE), at(2)).
		Run(bk.Args([]string{"/net"}), bk.Network(pb.NetMode_HOST), at(3)).
		Run(bk.Args([]string{"/dev"}), bk.AddCDIDevice(bk.CDIDeviceName("v/gpu=all")), at(4)).Root()
	def, err := st.Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]struct {
		words string
		line  int32
	}{
		"failed to load LLB: security.insecure is not allowed": {"the command asks for all rights (security: insecure), which isn't allowed; if that is meant, add --allow security.insecure", 2},
		"failed to load LLB: network.host is not allowed":      {"the command asks for the host's network, which isn't allowed; if that is meant, add --allow network.host", 3},
		"failed to load LLB: device v/gpu=all is requested by the build but not allowed": {
			"the command asks for devices (v/gpu=all), which isn't allowed; if that is meant, add --allow device", 4,
		},
		"failed to load LLB: devices v/a=0, v/b=1 are requested by the build but not allowed": {
			"the command asks for devices (v/a=0, v/b=1), which isn't allowed; if that is meant, add --allow device", 4,
		},
		`failed to load LLB: CDI device "v/gpu=all" is required by step "/dev", but CDI device support is disabled`: {
			`the command asks for the device "v/gpu=all", and this daemon gives none; switch them on in its buildkitd.toml ([cdi] disabled = false)`, 4,
		},
		`required device "v/gpu=all" is not registered`: {
			`the command asks for the device "v/gpu=all", which the builder doesn't have (docker buildx inspect lists its devices)`, 4,
		},
		"security.insecure is another thing": {words: "security.insecure is another thing"},
	} {
		got := OfGraph(errors.New(text), def)
		if got.Error() != want.words {
			t.Errorf("%s: it says %q, want %q", text, got, want.words)
		}
		lines := errdefs.Sources(got)
		if want.line == 0 && len(lines) == 0 {
			continue
		}
		if len(lines) != 1 || lines[0].Ranges[0].Start.Line != want.line {
			t.Errorf("%s: lines %v, want %d", text, lines, want.line)
		}
	}
}

// TestPolicies gives a denied source its lines, whether rules or the client deny it.
func TestPolicies(t *testing.T) {
	file := bk.NewSourceMap(nil, "strata.yaml", "yaml", []byte("1\n"))
	st := bk.Image("docker.io/library/x:1", file.Location([]*pb.Range{{Start: &pb.Position{Line: 1}, End: &pb.Position{Line: 1}}}))
	def, err := st.Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const id = "docker-image://docker.io/library/x:1"
	for text, lines := range map[string]int{
		`source "` + id + `" denied by policy: source denied by policy`: 1,
		`source "` + id + `" not allowed by policy: action DENY`:        1,
		`source "docker-image://y" not allowed by policy: action DENY`:  0,
	} {
		if got := OfGraph(errors.New(text), def); len(errdefs.Sources(got)) != lines {
			t.Errorf("%s: %d places, want %d", text, len(errdefs.Sources(got)), lines)
		}
	}
}
