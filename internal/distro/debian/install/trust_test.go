// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

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

// trustIn is a system's trust in a folder, with some of this machine's
// certificates, also under names that the script changes.
func trustIn(t *testing.T, dir string) Trust {
	t.Helper()
	s := Trust{
		Script: SystemTrust().Script, Conf: dir + "/conf", Certs: dir + "/certs", Local: dir + "/local", Hooks: dir + "/hooks", Links: dir + "/links",
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
		writeFile(t, filepath.Join(s.Certs, name), string(text))
		conf += name + "\n"
	}
	writeFile(t, s.Conf, conf)
	if err := os.Mkdir(s.Links, 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}

func writeFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// linksIn is what a folder holds: names, modes, targets and contents.
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
		change func(s Trust)
	}{
		{"at first", func(Trust) {}},
		{"once more", func(Trust) {}},
		{"with a changed certificate", func(s Trust) {
			must(t, os.Remove(s.Certs+"/no-suffix"))
			must(t, os.Link(s.Certs+"/dir/b.c.crt", s.Certs+"/no-suffix"))
		}},
		{"with another one", func(s Trust) {
			must(t, os.Remove(s.Certs+"/dir/b.c.crt"))
			writeFile(t, s.Certs+"/dir/b.c.crt", "-----BEGIN CERTIFICATE-----\n")
		}},
		{"with links that lead elsewhere", func(s Trust) {
			must(t, errors.Join(os.Remove(s.Links+"/b.c.pem"), os.Symlink("/nothing", s.Links+"/b.c.pem"), os.Symlink("gone", s.Links+"/orphan.pem")))
		}},
		{"with an empty folder of hooks", func(s Trust) { must(t, os.Mkdir(s.Hooks, 0o755)) }},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			step.change(ours)
			step.change(theirs)
			var said bytes.Buffer
			if done, err := ours.Update(nil, &said, &said); !done || err != nil {
				t.Fatalf("updated: %v, %v", done, err)
			}
			out, err := exec.Command(theirs.Script, "--certsconf", theirs.Conf, "--certsdir", theirs.Certs, "--localcertsdir", theirs.Local,
				"--hooksdir", theirs.Hooks, "--etccertsdir", theirs.Links).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if diff := cmp.Diff(linksIn(t, theirs.Links), linksIn(t, ours.Links)); diff != "" {
				t.Error(diff)
			}
			got := strings.ReplaceAll(said.String(), filepath.Dir(ours.Links), "")
			if want := strings.ReplaceAll(string(out), filepath.Dir(theirs.Links), ""); got != want {
				t.Errorf("it says\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestTrustLeavesItToTheScript has what only the script does.
func TestTrustLeavesItToTheScript(t *testing.T) {
	tests := map[string]func(s *Trust) (args []string){
		"another script":           func(s *Trust) []string { s.Script = "/bin/true"; return nil },
		"no script":                func(s *Trust) []string { s.Script = "/nothing"; return nil },
		"--fresh":                  func(*Trust) []string { return []string{"--fresh"} },
		"an unknown argument":      func(*Trust) []string { return []string{"--what"} },
		"one that isn't trusted":   func(s *Trust) []string { writeFile(t, s.Conf, "!no-suffix\n"); return nil },
		"one that is missing":      func(s *Trust) []string { writeFile(t, s.Conf, "no-suffix\nother\n"); return nil },
		"blanks in front":          func(s *Trust) []string { writeFile(t, s.Conf, " no-suffix\n"); return nil },
		"a backslash":              func(s *Trust) []string { writeFile(t, s.Conf, "no\\-suffix\n"); return nil },
		"no line break":            func(s *Trust) []string { writeFile(t, s.Conf, "no-suffix"); return nil },
		"none":                     func(s *Trust) []string { writeFile(t, s.Conf, "#\n"); return nil },
		"an administrator's own":   func(s *Trust) []string { writeFile(t, s.Local+"/x.crt", "x"); return nil },
		"a hook":                   func(s *Trust) []string { writeFile(t, s.Hooks+"/x", "x"); return nil },
		"a file instead of a link": func(s *Trust) []string { writeFile(t, s.Links+"/no-suffix.pem", "x"); return nil },
		"no folder for links":      func(s *Trust) []string { must(t, os.Remove(s.Links)); return nil },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			s := trustIn(t, t.TempDir())
			args := change(&s)
			var said bytes.Buffer
			if done, err := s.Update(args, &said, &said); done || err != nil || said.Len() > 0 {
				t.Errorf("updated: %v, %v, %q", done, err, said.String())
			}
		})
	}
}
