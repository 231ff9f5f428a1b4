// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"slices"
	"strings"
	"testing"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
)

// TestContextsSayNoLogin loads contexts from addresses that have logins: the steps are
// called after them in the progress.
func TestContextsSayNoLogin(t *testing.T) {
	const address = "https://ann:secret@example.org/x.git"
	git, _, err := dockerui.DetectGitContext(address+"#main", nil)
	if err != nil {
		t.Fatal(err)
	}
	file := bk.HTTP(address, bk.WithCustomName("[context extra] "+address))
	st := bk.Merge([]bk.State{*git, file}, bk.WithCustomName("fetch "+address))
	asked, err := st.Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	by := asked.ToPB()
	HideLogins(by)
	def, err := (&Daemon{Client: capable{}}).Marshal(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"[context extra] https://…@example.org/x.git", "[internal] load git source https://…@example.org/x.git#main", "fetch " + address}
	for _, made := range []*pb.Definition{by, def.ToPB()} {
		var names []string
		for _, m := range made.Metadata {
			if name := m.Description[customName]; name != "" {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		if !slices.Equal(names, want) {
			t.Errorf("steps are called\n%s\nwant\n%s", strings.Join(names, "\n"), strings.Join(want, "\n"))
		}
	}
}
