// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/strata-build/strata/frontend/fault"
)

func TestWithoutLinks(t *testing.T) {
	dir, link := uint32(os.ModeDir), uint32(os.ModeSymlink)
	dirs := map[string][]*fstypes.Stat{
		"":          {{Path: "lnk", Mode: link, Linkname: "real"}, {Path: "real", Mode: dir}, {Path: "loop", Mode: link, Linkname: "loop"}},
		"real":      {{Path: "real/in", Mode: link, Linkname: "deep"}, {Path: "real/deep", Mode: dir}, {Path: "real/a", Mode: 0o644}},
		"real/deep": {{Path: "real/deep/c", Mode: 0o644}},
	}
	list := fault.Lister(func(at string) ([]*fstypes.Stat, error) { return dirs[at], nil })
	got := withoutLinks(list, []string{"real/a", "lnk/a", "lnk/in/c", "real/in/*", "none/x", "top", "lnk", "loop/x"})
	want := []string{"lnk", "real/a", "lnk", "[r]eal/in", "real/deep/c", "[r]eal/in", "real/deep/*"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := withoutLinks(nil, []string{"a"}); got != nil {
		t.Errorf("without a list: %q", got)
	}
}
