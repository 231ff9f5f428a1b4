// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// trustIn is a system's trust in a directory, with some of this machine's
// certificates, also under names that the script changes.
func trustIn(t *testing.T, dir string) trust {
	t.Helper()
	s := trust{
		script: systemTrust().script, conf: dir + "/conf", certs: dir + "/certs", local: dir + "/local", hooks: dir + "/hooks", links: dir + "/links",
	}
	found, err := filepath.Glob(filepath.Join(certificatesDir, "mozilla", "*.crt"))
	if err != nil || len(found) < 20 {
		t.Fatalf("this machine has %d certificates: %v", len(found), err)
	}
	conf := "# a comment\n\n"
	for i, file := range found[:20] {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		switch i {
		case 0:
			name, text = "a name (with, all).crt", bytes.TrimSuffix(text, []byte("\n"))
		case 1:
			name = "dir/b.c.crt"
		case 2:
			name = "no-suffix"
		}
		writeFile(t, filepath.Join(s.certs, name), string(text))
		conf += name + "\n"
	}
	writeFile(t, s.conf, conf)
	if err := os.Mkdir(s.links, 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}

// linksIn is what a directory holds: names, modes, targets and contents.
func linksIn(t *testing.T, dir string) []string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		line := fmt.Sprint(strings.TrimPrefix(path, dir), " ", info.Mode(), " ")
		if d.Type() == fs.ModeSymlink {
			to, _ := os.Readlink(path)
			lines = append(lines, line+strings.ReplaceAll(to, filepath.Dir(dir), ""))
			return nil
		}
		text, err := os.ReadFile(path)
		lines = append(lines, line+string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

// TestTrustAsTheScript changes two systems alike, and updates one by the script.
func TestTrustAsTheScript(t *testing.T) {
	ours, theirs := trustIn(t, t.TempDir()), trustIn(t, t.TempDir())
	steps := []struct {
		name   string
		change func(s trust)
	}{
		{"at first", func(trust) {}},
		{"once more", func(trust) {}},
		{"with a changed certificate", func(s trust) {
			must(t, os.Remove(s.certs+"/no-suffix"))
			must(t, os.Link(s.certs+"/dir/b.c.crt", s.certs+"/no-suffix"))
		}},
		{"with another one", func(s trust) {
			must(t, os.Remove(s.certs+"/dir/b.c.crt"))
			writeFile(t, s.certs+"/dir/b.c.crt", "-----BEGIN CERTIFICATE-----\n")
		}},
		{"with links that lead elsewhere", func(s trust) {
			must(t, errors.Join(os.Remove(s.links+"/b.c.pem"), os.Symlink("/nothing", s.links+"/b.c.pem"), os.Symlink("gone", s.links+"/orphan.pem")))
		}},
		{"with an empty directory of hooks", func(s trust) { must(t, os.Mkdir(s.hooks, 0o755)) }},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			step.change(ours)
			step.change(theirs)
			var said bytes.Buffer
			if done, err := ours.update(nil, &said, &said); !done || err != nil {
				t.Fatalf("updated: %v, %v", done, err)
			}
			out, err := exec.Command(theirs.script, "--certsconf", theirs.conf, "--certsdir", theirs.certs, "--localcertsdir", theirs.local,
				"--hooksdir", theirs.hooks, "--etccertsdir", theirs.links).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if diff := cmp.Diff(linksIn(t, theirs.links), linksIn(t, ours.links)); diff != "" {
				t.Error(diff)
			}
			got := strings.ReplaceAll(said.String(), filepath.Dir(ours.links), "")
			if want := strings.ReplaceAll(string(out), filepath.Dir(theirs.links), ""); got != want {
				t.Errorf("it says\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestTrustLeavesItToTheScript has what only the script does.
func TestTrustLeavesItToTheScript(t *testing.T) {
	tests := map[string]func(s *trust) (args []string){
		"another script":           func(s *trust) []string { s.script = "/bin/true"; return nil },
		"no script":                func(s *trust) []string { s.script = "/nothing"; return nil },
		"--fresh":                  func(*trust) []string { return []string{"--fresh"} },
		"an unknown argument":      func(*trust) []string { return []string{"--what"} },
		"one that isn't trusted":   func(s *trust) []string { writeFile(t, s.conf, "!no-suffix\n"); return nil },
		"one that is missing":      func(s *trust) []string { writeFile(t, s.conf, "no-suffix\nother\n"); return nil },
		"blanks in front":          func(s *trust) []string { writeFile(t, s.conf, " no-suffix\n"); return nil },
		"a backslash":              func(s *trust) []string { writeFile(t, s.conf, "no\\-suffix\n"); return nil },
		"no line break":            func(s *trust) []string { writeFile(t, s.conf, "no-suffix"); return nil },
		"none":                     func(s *trust) []string { writeFile(t, s.conf, "#\n"); return nil },
		"an administrator's own":   func(s *trust) []string { writeFile(t, s.local+"/x.crt", "x"); return nil },
		"a hook":                   func(s *trust) []string { writeFile(t, s.hooks+"/x", "x"); return nil },
		"a file instead of a link": func(s *trust) []string { writeFile(t, s.links+"/no-suffix.pem", "x"); return nil },
		"no directory for links":   func(s *trust) []string { must(t, os.Remove(s.links)); return nil },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			s := trustIn(t, t.TempDir())
			args := change(&s)
			var said bytes.Buffer
			if done, err := s.update(args, &said, &said); done || err != nil || said.Len() > 0 {
				t.Errorf("updated: %v, %v, %q", done, err, said.String())
			}
		})
	}
}
