// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/moby/buildkit/client"
	"github.com/tonistiigi/fsutil"

	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/testenv"
)

// A program builds through BuildKit's client: the build file is in a local
// directory, and the image's files come back as a tar archive.
func ExampleBuild() {
	addr, err := testenv.SharedAddr() // unix:///run/buildkit/buildkitd.sock, for example
	if err != nil {
		fmt.Println(err)
		return
	}
	var image bytes.Buffer
	if err := buildTar(context.Background(), addr, `layers: [{files: [{dest: /etc/greeting, content: "hello\n"}]}]`, &image); err != nil {
		fmt.Println(err)
		return
	}
	for r := tar.NewReader(&image); ; {
		h, err := r.Next()
		if err != nil {
			return
		}
		fmt.Println(h.Name)
	}
	// Output:
	// etc/
	// etc/greeting
}

// buildTar builds a build file for the daemon's own platform.
func buildTar(ctx context.Context, addr, buildFile string, out io.Writer) error {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.WriteFile(filepath.Join(dir, frontend.DefaultFile), []byte(buildFile), 0o644); err != nil {
		return err
	}
	files, err := fsutil.NewFS(dir)
	if err != nil {
		return err
	}
	c, err := client.New(ctx, addr)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Build(ctx, client.SolveOpt{
		LocalMounts: map[string]fsutil.FS{"context": files, "dockerfile": files},
		Exports: []client.ExportEntry{{
			Type:   client.ExporterTar,
			Output: func(map[string]string) (io.WriteCloser, error) { return nopCloser{out}, nil },
		}},
	}, "", frontend.Build, nil)
	return err
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
