// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
)

// manyFiles is an image on scratch of n layers with one file each.
func manyFiles(n int) *plan.Plan {
	img := &plan.Image{Target: "default", Platform: "linux/amd64", From: plan.Tree{Kind: plan.Scratch}}
	for i := range n {
		content := fmt.Sprint(i)
		img.Layers = append(img.Layers, plan.Layer{
			Strategy: "files", Words: "files",
			Action: &plan.Files{Entries: []plan.Entry{{Dest: fmt.Sprintf("/etc/app/%d", i), Content: &content}}},
		})
	}
	return &plan.Plan{Platform: "linux/amd64", Images: []*plan.Image{img}}
}

func definition(t testing.TB, p *plan.Plan) *bk.Definition {
	t.Helper()
	res, err := llb.Lower(context.Background(), p, llb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	def, err := res.State.Marshal(context.Background(), bk.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	return def
}

func TestDumpOfFilesOnScratch(t *testing.T) {
	var text bytes.Buffer
	if err := llb.Dump(&text, definition(t, manyFiles(2))); err != nil {
		t.Fatal(err)
	}
	const want = `1 file
    mkdir /etc 0755 0:0
    mkdir /etc/app 0755 0:0
2 file
    copy / from 1 to / time 0
    mkfile /etc/app/0 0644 0:0 "0"
    copy / from 1 to / time 0
3 file
    copy / from 1 to / time 0
    mkfile /etc/app/1 0644 0:0 "1"
    copy / from 1 to / time 0
4 merge 2 3
5 result 4
`
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("unexpected graph (-want +got):\n%s", diff)
	}
}
