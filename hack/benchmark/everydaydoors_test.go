// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// doors are the ways by which the two sides of [BenchmarkEveryday] come to the daemon.
type doors struct {
	ours, theirs door
	// words are of the measure, against of the other side.
	words, against string
}

// door is one way to build.
type door struct {
	// ext is the ending of its build files.
	ext string
	// build builds and pushes what it makes under a name, or doesn't push without one.
	build func(h *house, dir, file, name string)
}

// images are the frontends' images, which the daemon starts, by the same client.
func (w *workday) images() doors {
	through := func(frontend string) func(h *house, dir, file, name string) {
		return func(h *house, dir, file, name string) {
			h.Helper()
			output := ""
			if name != "" {
				output = "type=image,push=true,name=" + name
			}
			h.build(frontend, dir, file, output)
		}
	}
	return doors{
		ours: door{".yaml", through(w.strata)}, theirs: door{".dockerfile", through(w.dockerfile)},
		against: "a well-layered Dockerfile",
	}
}

// commands are the command lines as one types them: strata build, which has the frontend
// in it, and docker buildx build, for which the daemon has it.
func (w *workday) commands(b *testing.B) doors {
	buildx, strata := testenv.NewBuildx(b, w.daemon), testenv.Binary(b, "strata", "")
	flags := func(h *house, dir, file, name string) []string {
		args := []string{"build", "--progress=plain", "--file=" + file, "--build-arg=BASE=" + h.base}
		for _, option := range h.options {
			args = append(args, "--build-arg="+strings.TrimPrefix(option, "--opt=build-arg:"))
		}
		if name != "" {
			args = append(args, "--push", "--tag="+name)
		}
		return append(args, dir)
	}
	return doors{
		ours: door{".yaml", func(h *house, dir, file, name string) {
			h.Helper()
			cmd := exec.Command(strata, append(flags(h, dir, file, name), "--addr="+h.daemon.Addr)...)
			cmd.Dir = dir
			h.run(cmd)
		}},
		theirs: door{".dockerfile", func(h *house, dir, file, name string) {
			h.Helper()
			cmd := buildx.Command(append([]string{"buildx"}, append(flags(h, dir, file, name), "--provenance=false")...)...)
			cmd.Dir = dir
			h.run(cmd)
		}},
		words: ", strata build", against: "docker buildx build of a well-layered Dockerfile",
	}
}
