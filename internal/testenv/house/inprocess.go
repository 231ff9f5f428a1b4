// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package house

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/tonistiigi/fsutil"

	"github.com/strata-build/strata/internal/helper/program"
	"github.com/strata-build/strata/internal/testenv"
)

// InProcess runs a build function in this process on the daemon, and pushes the image.
func (h *House) InProcess(t *testing.T, dir, name string, attrs map[string]string, build gateway.BuildFunc) error {
	t.Helper()
	steps := t.TempDir()
	for _, arch := range []string{"amd64", "arm64"} {
		data, err := os.ReadFile(testenv.Binary(t, "strata-step", arch))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(steps, program.File(arch)), data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	opt := client.SolveOpt{FrontendAttrs: attrs, LocalMounts: map[string]fsutil.FS{}, Exports: []client.ExportEntry{{
		Type:  client.ExporterImage,
		Attrs: map[string]string{"name": h.Registry.Host + "/" + name, "push": "true", "oci-mediatypes": "true"},
	}}}
	for source, directory := range map[string]string{"context": dir, "dockerfile": dir, program.Source: steps} {
		fs, err := fsutil.NewFS(directory)
		if err != nil {
			t.Fatal(err)
		}
		opt.LocalMounts[source] = fs
	}
	_, err := h.Daemon.Client(t).Build(context.Background(), opt, "", build, nil)
	return err
}
