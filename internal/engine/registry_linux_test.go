// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/moby/buildkit/client"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/tonistiigi/fsutil"
)

// A registry with a private authority is one that works by configuration only;
// the authority's path is relative to the configuration's directory.
func TestConfigurationOfRegistriesHolds(t *testing.T) {
	server := httptest.NewUnstartedServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "https://")
	o := options(t)
	o.Config = writeConfig(t, fmt.Sprintf("[registry.%q]\n  http = false\n  ca = [\"ca.pem\"]\n", host))
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(filepath.Dir(o.Config), "ca.pem"), ca, 0o644); err != nil {
		t.Fatal(err)
	}
	c := mustConnect(t, o)
	name := host + "/made:1"
	def, err := bk.Scratch().File(bk.Mkfile("/made", 0o644, []byte("pushed and pulled"))).Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	push := client.SolveOpt{Exports: []client.ExportEntry{{
		Type: client.ExporterImage, Attrs: map[string]string{"name": name, "push": "true", "store": "false"},
	}}}
	if _, err := c.Solve(t.Context(), def, push, nil); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	pulled := bk.Scratch().File(bk.Copy(bk.Image(name), "/made", "/got"))
	if _, err := solve(t.Context(), c, pulled, "", out); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(out, "got")); err != nil || string(got) != "pushed and pulled" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestDockerfileFrontendIsThere(t *testing.T) {
	c := mustConnect(t, options(t))
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY Dockerfile /copied\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	local, err := fsutil.NewFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	_, err = c.Solve(t.Context(), nil, client.SolveOpt{
		Frontend:    "dockerfile.v0",
		LocalMounts: map[string]fsutil.FS{"context": local, "dockerfile": local},
		Exports:     []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: out}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(out, "copied")); err != nil {
		t.Error(err)
	}
}
