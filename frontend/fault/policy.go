// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"fmt"
	"path"
	"regexp"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/sourcepolicy/policysession"
)

// denial is how BuildKit says that a source policy denies a source: one of rules, or one
// that the client evaluates.
var denial = regexp.MustCompile(`source "([^"\n]+)" (?:denied|not allowed) by policy`)

// ofPolicy gives a denied source the lines that ask for it. BuildKit refuses the whole
// graph, before any step that has lines. Of another error it makes nothing else.
func ofPolicy(err error, def *bk.Definition) error {
	if err == nil {
		return nil
	}
	m := denial.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	text := fmt.Sprintf("source %q denied by policy", m[1])
	for _, why := range policysession.DenyMessages(err) {
		text += ": " + why.GetMessage()
	}
	err = &reworded{text: text, err: err}
	located := atOperations(err, def, func(o *pb.Op) bool { return o.GetSource().GetIdentifier() == m[1] })
	if len(errdefs.Sources(located)) == 0 {
		// The policy has taken it from elsewhere before, where it likely has the same name.
		located = atOperations(err, def, func(o *pb.Op) bool {
			return o.GetSource() != nil && path.Base(o.GetSource().GetIdentifier()) == path.Base(m[1])
		})
	}
	return located
}
