// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"regexp"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

// refusedRight and refusedDevices are how BuildKit says that a command asks for more than
// the request allows, lackedDevice that a daemon has no devices at all, and unknownDevice
// that it hasn't this one.
var (
	refusedRight   = regexp.MustCompile(`\b(security\.insecure|network\.host) is not allowed`)
	refusedDevices = regexp.MustCompile(`\bdevices? (\S+(?:, \S+)*) (?:is|are) requested by the build but not allowed`)
	lackedDevice   = regexp.MustCompile(`\bCDI device ("[^"]+") is required by step .*, but CDI device support is disabled`)
	unknownDevice  = regexp.MustCompile(`\brequired device ("[^"]+") is not registered`)
)

// right is what a command asks for and doesn't get.
type right struct {
	// words are what it asks for and why it doesn't get that.
	words string
	asks  func(*pb.ExecOp) bool
}

// refusedBy finds the right that BuildKit's message is about; ok is false for another
// message.
func refusedBy(text string) (r right, ok bool) {
	const allow = ", which isn't allowed; if that is meant, add --allow "
	takesDevices := func(e *pb.ExecOp) bool { return len(e.GetCdiDevices()) > 0 }
	if m := refusedDevices.FindStringSubmatch(text); m != nil {
		return right{"devices (" + m[1] + ")" + allow + "device", takesDevices}, true
	}
	if m := lackedDevice.FindStringSubmatch(text); m != nil {
		return right{"the device " + m[1] + ", and this daemon gives none; switch them on in its buildkitd.toml ([cdi] disabled = false)", takesDevices}, true
	}
	if m := unknownDevice.FindStringSubmatch(text); m != nil {
		return right{"the device " + m[1] + ", which the builder doesn't have (docker buildx inspect lists its devices)", takesDevices}, true
	}
	m := refusedRight.FindStringSubmatch(text)
	switch {
	case m == nil:
		return right{}, false
	case m[1] == "network.host":
		return right{"the host's network" + allow + m[1], func(e *pb.ExecOp) bool { return e.GetNetwork() == pb.NetMode_HOST }}, true
	default:
		return right{"all rights (security: insecure)" + allow + m[1], func(e *pb.ExecOp) bool { return e.GetSecurity() == pb.SecurityMode_INSECURE }}, true
	}
}

// ofPermission gives a right that the request doesn't allow the lines of the commands that
// ask for it, and names the flag. BuildKit refuses the whole graph, before any step that
// has lines. Of another error it makes nothing else.
func ofPermission(err error, def *bk.Definition) error {
	if err == nil {
		return nil
	}
	r, ok := refusedBy(err.Error())
	if !ok {
		return err
	}
	err = &reworded{text: "the command asks for " + r.words, err: err}
	return atOperations(err, def, func(o *pb.Op) bool { return o.GetExec() != nil && r.asks(o.GetExec()) })
}

// atOperations gives an error the lines of the operations of a graph that are asked for.
func atOperations(err error, def *bk.Definition, wanted func(*pb.Op) bool) error {
	for _, data := range def.Def {
		var o pb.Op
		if o.UnmarshalVT(data) == nil && wanted(&o) {
			err = atLines(err, def, digest.FromBytes(data))
		}
	}
	return err
}
