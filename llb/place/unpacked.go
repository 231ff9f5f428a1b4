// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"strings"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
)

// unpackedPath is what an archive becomes in the state of the step that unpacks it: a
// directory, or a file that was packed alone.
const unpackedPath = "/" + call.Extracted

// unpacked is what the step helper makes of an item's archive, or of all that match if
// the source is a pattern. The step knows the archives alone, and what of them is
// wanted.
func (o opener) unpacked(it item) (bk.State, error) {
	from := it.from
	c := call.Extract{Into: it.Into, Report: o.report, Source: "/in", Out: "/out"}
	if it.HTTP != nil {
		c.Name = it.HTTP.Name()
	} else {
		from = bk.Scratch().File(bk.Copy(o.looked(it), it.src, "/", &bk.CopyInfo{
			FollowSymlinks: true, AllowWildcard: it.pattern, AllowEmptyWildcard: it.Optional, Mode: &bk.ChmodOpt{Mode: op.Mode(0o644)},
		}), o.ops.At(it.Range), bk.WithCustomName("[internal] find the archive for "+it.Dest))
	}
	if m := it.Members; m != nil {
		c.Include, c.Exclude, c.Strip = m.Include, m.Exclude, m.Strip
	}
	return o.ops.Tree(o.ops.Name("unpack for "+it.Dest), c.Args(), bk.AddMount(c.Source, from, bk.Readonly), o.ops.At(it.Range))
}

// IsUnpackStep reports whether a message of BuildKit is about a step that unpacks what
// a files layer has.
func IsUnpackStep(message string) bool {
	return strings.Contains(message, op.HelperPath+" "+call.ExtractName+" ")
}

// Report is the step that unpacks the archive of an entry, run for what it says: a tree
// with a file of that, if there is something wrong.
func (p *Placer) Report(ctx context.Context, ops *op.Maker, e *plan.Entry, file string) (bk.State, error) {
	it, err := opener{placer: p, ops: ops, report: file}.item(ctx, e)
	return it.from, err
}
