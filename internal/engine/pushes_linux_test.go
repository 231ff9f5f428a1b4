// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"strings"
	"testing"

	"github.com/moby/buildkit/client"
	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/testenv"
)

// TestPushesThatOthersCanDo pushes to registries that do not say what they have, and to
// one that accepts manifests.
func TestPushesThatOthersCanDo(t *testing.T) {
	c := mustConnect(t, options(t))
	def, err := bk.Scratch().File(bk.Mkfile("/made", 0o644, []byte("pushed"))).Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	push := func(name string) error {
		_, err := c.Solve(t.Context(), def, client.SolveOpt{Exports: []client.ExportEntry{{
			Type: client.ExporterImage, Attrs: map[string]string{"name": name, "push": "true", "store": "false"},
		}}}, nil)
		return err
	}
	for name, q := range map[string]testenv.Quirks{
		"HEAD is forbidden": {HeadStatus: 403}, "HEAD is not allowed": {HeadStatus: 405}, "HEAD is not implemented": {HeadStatus: 501}, "manifests are accepted": {PutStatus: 202},
	} {
		t.Run(name, func(t *testing.T) {
			r := testenv.NewFakeRegistry(t, q)
			if err := push(r.Host + "/made:1"); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(r.Manifest("made:1")), `"layers"`) {
				t.Error("no image was pushed")
			}
		})
	}
	t.Run("pulls", func(t *testing.T) { // are not changed
		r := testenv.NewFakeRegistry(t, testenv.Quirks{HeadStatus: 403})
		_, err := solve(t.Context(), c, bk.Image(r.Host+"/made:1"), "", t.TempDir())
		if err == nil || !strings.Contains(err.Error(), "403 Forbidden") {
			t.Errorf("%v, want that it is forbidden", err)
		}
	})
}
