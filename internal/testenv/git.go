// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"net/http/cgi"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Git is a git repository that is served by http.
type Git struct {
	// URL is the address to clone.
	URL string
	// Commit is the id of the latest commit.
	Commit string
	*Recorder

	work string
	// signer signs with a key what is made; nil for no one.
	signer  *GPG
	signKey string
}

// GitServer serves a repository with one commit of the files, on the branch
// main. The keys are relative paths.
func GitServer(t testing.TB, files map[string]string) *Git {
	t.Helper()
	dir := Dir(t)
	g := &Git{work: filepath.Join(dir, "repo")}
	g.git(t, "init", "--quiet", "--initial-branch=main", g.work)
	g.Add(t, files)
	// Builders fetch commits and tags by id as well as by name.
	g.git(t, "-C", g.work, "config", "uploadpack.allowAnySHA1InWant", "true")
	g.Recorder = &Recorder{next: &cgi.Handler{
		Path: Program(t, "git"),
		Args: []string{"http-backend"},
		Env:  append(g.env(), "GIT_PROJECT_ROOT="+dir, "GIT_HTTP_EXPORT_ALL=1"),
		Dir:  dir,
	}}
	g.URL = "http://" + serve(t, g.Recorder) + "/repo/.git"
	return g
}

// Add commits the files on top of what is there.
func (g *Git) Add(t testing.TB, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(g.work, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatalf("make directory: %v", err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatalf("write file: %v", err)
		}
	}
	g.git(t, "-C", g.work, "add", "--all")
	g.git(t, "-C", g.work, "commit", "--quiet", "--message", "files")
	g.Commit = strings.TrimSpace(g.git(t, "-C", g.work, "rev-parse", "HEAD"))
}

// Tag names the latest commit.
func (g *Git) Tag(t testing.TB, name string) {
	t.Helper()
	g.git(t, "-C", g.work, "tag", "--annotate", "--message", name, name)
}

// Run runs git in the repository, and returns what it prints without blanks around it.
func (g *Git) Run(t testing.TB, args ...string) string {
	t.Helper()
	return strings.TrimSpace(g.git(t, append([]string{"-C", g.work}, args...)...))
}

func (g *Git) git(t testing.TB, args ...string) string {
	t.Helper()
	if g.signer != nil {
		args = append([]string{"-c", "user.signingkey=" + g.signKey, "-c", "commit.gpgsign=true"}, args...)
	}
	cmd := command(t, "git", args...)
	cmd.Env = append(os.Environ(), g.env()...)
	if g.signer != nil {
		cmd.Env = append(g.signer.env, g.env()...)
	}
	return output(t, cmd)
}

// env makes commits the same every time, whatever the user's configuration.
func (g *Git) env() []string {
	when := fixedTime().Format("2006-01-02T15:04:05Z")
	return []string{
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "HOME=/nonexistent",
		"GIT_AUTHOR_NAME=test", "GIT_AUTHOR_EMAIL=test@example.org", "GIT_AUTHOR_DATE=" + when,
		"GIT_COMMITTER_NAME=test", "GIT_COMMITTER_EMAIL=test@example.org", "GIT_COMMITTER_DATE=" + when,
	}
}
