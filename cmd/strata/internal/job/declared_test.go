// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/frontend"
)

const declaring = "tags: [example.org/app:1]\n"

// TestDeclaredHere looks for tags in the build file that is built, and in no other that is
// called like it here.
func TestDeclaredHere(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	abs := filepath.Join(dir, frontend.DefaultFile)
	if err := os.WriteFile(abs, []byte(declaring), 0o600); err != nil {
		t.Fatal(err)
	}
	const remote = "https://example.org/app.git"
	for _, c := range []struct {
		context, file   string
		here, elsewhere bool
	}{
		{context: ".", here: true},
		{context: ".", file: "strata.yaml", here: true},
		{context: ".", file: "none.yaml"},
		{context: remote, elsewhere: true},
		{context: remote, file: "strata.yaml", elsewhere: true},
		{context: remote, file: abs, here: true},
		{context: "-", file: "strata.yaml"},
		{context: "-", file: abs, here: true},
		{context: "-"},
	} {
		o := Options{Input: Input{Context: c.context, File: c.file}}
		s, elsewhere := o.parseHere()
		if (s != nil) != c.here || elsewhere != c.elsewhere {
			t.Errorf("context %s, file %q: parsed here %t, elsewhere %t", c.context, c.file, s != nil, elsewhere)
		}
	}
}

// TestQuestionLeavesArchive asks for targets without the archive on the standard input,
// which only the build can read, unless the build file is in it.
func TestQuestionLeavesArchive(t *testing.T) {
	abs := filepath.Join(t.TempDir(), "app.yaml")
	if err := os.WriteFile(abs, []byte(declaring), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{abs: declaring, "app.yaml": "archive"} {
		o := Options{Input: Input{Context: "-", File: file}}
		archive := strings.NewReader("archive")
		_, in, err := o.questionTargets(archive)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(in); err != nil || string(text) != want {
			t.Errorf("%s: the question reads %q, %v", file, text, err)
		}
		if file == abs && archive.Len() == 0 {
			t.Error("nothing of the archive is left for the build")
		}
	}
}

// TestHandedBuildFile reads a build file that a shell hands over once, for what it says of
// tags and for each of several targets.
func TestHandedBuildFile(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString(declaring); err != nil {
		t.Fatal(err)
	}
	w.Close()
	term, o := parse(t, nil, t.TempDir(), "-f", fmt.Sprintf("/dev/fd/%d", r.Fd()))
	if err := o.Input.keepText(t.Context(), &term); err != nil {
		t.Fatal(err)
	}
	if !o.mayDeclare() {
		t.Error("its tags aren't seen")
	}
	for _, target := range []string{"one", "two"} {
		j, err := newJob(t.Context(), term, o.forTarget(target))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = j.close() }()
		f, err := j.solveOpt.LocalMounts[buildFileSource].Open(j.solveOpt.FrontendAttrs["filename"])
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if text, err := io.ReadAll(f); err != nil || string(text) != declaring {
			t.Errorf("target %s gets %q, %v", target, text, err)
		}
	}
}
