// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// checkout is a build file that takes a repository.
func checkout(address string) map[string]string {
	return map[string]string{"strata.yaml": fmt.Sprintf("layers:\n  - files: [{dest: /src, git: %q}]\n", address)}
}

// gits are repositories and their servers.
func (s *site) gits() []input {
	of := func(tries, refused, taken string, change func(t *testing.T, b *box, g *testenv.Git) string) input {
		return input{tries, refused, taken, func(t *testing.T, b *box) error {
			g := testenv.GitServer(t, map[string]string{"a": "a text\n"})
			ref := change(t, b, g)
			return s.build(t, b, project(t, checkout(g.URL+"#"+ref)))
		}}
	}
	submodule := func(tries, refused, taken string, config func(t *testing.T, b *box) string) input {
		return of(tries, refused, taken, func(t *testing.T, b *box, g *testenv.Git) string {
			commit := g.Commit
			g.Add(t, map[string]string{".gitmodules": config(t, b)})
			g.Run(t, "update-index", "--add", "--cacheinfo", "160000,"+commit+",sub")
			g.Run(t, "commit", "--quiet", "--message", "submodule")
			return "main"
		})
	}
	module := func(name, url, more string) func(t *testing.T, b *box) string {
		return func(*testing.T, *box) string {
			return fmt.Sprintf("[submodule %q]\n\tpath = sub\n\turl = %s\n%s", name, url, more)
		}
	}
	tree := func(tries, refused, taken, ref string, entries func(b *box) []treeEntry) input {
		return of(tries, refused, taken, func(t *testing.T, b *box, g *testenv.Git) string {
			var object []byte
			for _, e := range entries(b) {
				object = append(object, e.object(t, g)...)
			}
			id := g.Run(t, "commit-tree", "-m", "tree", literally(t, g, "tree", object))
			g.Run(t, "update-ref", "refs/heads/odd", id)
			return ref
		})
	}
	one := func(tries, refused, taken string, entries ...treeEntry) input {
		return tree(tries, refused, taken, "odd", func(*box) []treeEntry { return entries })
	}
	served := func(tries, refused string, answer http.HandlerFunc) input {
		return input{tries, refused, "", func(t *testing.T, b *box) error {
			server := httptest.NewServer(answer)
			defer server.Close()
			return s.build(t, b, project(t, checkout(server.URL+"/x.git#main")))
		}}
	}
	refs := func(lines ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
			fmt.Fprint(w, pktLine("# service=git-upload-pack\n")+"0000")
			for _, l := range lines {
				fmt.Fprint(w, l)
			}
		}
	}
	id := strings.Repeat("1", 40)
	return []input{
		of("nothing odd", "", "it is the repository that the others are made of", func(*testing.T, *box, *testenv.Git) string { return "main" }),
		submodule("a submodule that is a directory of the machine", "transport 'file' not allowed", "", func(t *testing.T, _ *box) string {
			dir := t.TempDir()
			testenv.Output(t, "git", "init", "--quiet", dir)
			return module("sub", "file://"+dir, "")(t, nil)
		}),
		submodule("a submodule that is a path of the machine", "not allowed", "", func(t *testing.T, _ *box) string {
			dir := t.TempDir()
			testenv.Output(t, "git", "init", "--quiet", dir)
			return module("sub", dir, "")(t, nil)
		}),
		submodule("a submodule whose address is a command", "transport 'ext' not allowed", "", func(t *testing.T, b *box) string {
			return module("sub", "ext::sh -c 'touch "+b.outside("x")+"'", "")(t, b)
		}),
		submodule("a submodule whose address is an option", "submodule", "", module("sub", "--upload-pack=touch${IFS}x", "")),
		submodule("a submodule called ../../x", "submodule", "", module("../../x", "http://127.0.0.1:1/x", "")),
		submodule("a submodule that is updated by a command", "submodule", "", func(t *testing.T, b *box) string {
			return module("sub", "http://127.0.0.1:1/x", "\tupdate = !touch "+b.outside("x")+"\n")(t, b)
		}),
		tree("a list of submodules that is a link", "invalid path '.gitmodules'", "", "odd", func(b *box) []treeEntry {
			return []treeEntry{{mode: "120000", name: ".gitmodules", text: b.outside("secret")}}
		}),
		of("a branch called -x", "-x", "", func(t *testing.T, _ *box, g *testenv.Git) string {
			g.Run(t, "update-ref", "refs/heads/-x", g.Commit)
			return "-x"
		}),
		of("a branch that is an option", "upload-pack", "", func(_ *testing.T, b *box, _ *testenv.Git) string {
			return "--upload-pack=touch " + b.outside("x")
		}),
		of("a directory ../../etc", "etc", "", func(*testing.T, *box, *testenv.Git) string { return "main:../../etc" }),
		tree("a directory that is a link out", "dir", "", "odd:dir", func(b *box) []treeEntry {
			return []treeEntry{{mode: "120000", name: "dir", text: b.outside("")}}
		}),
		of("a deletion of /src/passwd in the image", "deletion", "", func(t *testing.T, _ *box, g *testenv.Git) string {
			g.Add(t, map[string]string{".wh.passwd": ""})
			return "main"
		}),
		of("a pointer to a large file elsewhere", "", "it is the pointer: no server is asked", func(t *testing.T, _ *box, g *testenv.Git) string {
			g.Add(t, map[string]string{
				".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", ".lfsconfig": "[lfs]\n\turl = http://127.0.0.1:1/\n",
				"a.bin": "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("0", 64) + "\nsize 1099511627776\n",
			})
			return "main"
		}),
		of("configuration and hooks among the files", "", "they are files", func(t *testing.T, b *box, g *testenv.Git) string {
			g.Add(t, map[string]string{
				"config": "[core]\n\tfsmonitor = touch " + b.outside("x") + "\n", "hooks/post-checkout": "#!/bin/sh\ntouch " + b.outside("x") + "\n",
				"HEAD": "ref: refs/heads/main\n", "objects/x": "", "refs/x": "",
			})
			return "main"
		}),
		of("60 MB of zeros in a pack of 60 kB", "", "it is there: the build file asks for the repository", func(t *testing.T, _ *box, g *testenv.Git) string {
			g.Add(t, map[string]string{"zeros": strings.Repeat("\x00", 60<<20)})
			return "main"
		}),
		one("a file .git/hooks/post-checkout", "invalid path", "", treeEntry{mode: "40000", name: ".git", in: []treeEntry{{mode: "40000", name: "hooks", in: []treeEntry{{mode: "100755", name: "post-checkout", text: "#!/bin/sh\n"}}}}}),
		one("a file .GIT/config", "invalid path", "", treeEntry{mode: "40000", name: ".GIT", in: []treeEntry{{mode: "100644", name: "config", text: "[core]\n"}}}),
		one("a file ../x", "invalid path", "", treeEntry{mode: "40000", name: "..", in: []treeEntry{{mode: "100644", name: "x", text: "x\n"}}}),
		one("a file with a slash in its name", "", "its directories are made", treeEntry{mode: "100644", name: "a/b", text: "x\n"}),
		one("an empty name", "empty filename", "", treeEntry{mode: "100644", name: "", text: "x\n"}),
		tree("a link out, and a directory in its place", "", "git makes one of the two", "odd", func(b *box) []treeEntry {
			return []treeEntry{{mode: "120000", name: "a", text: b.outside("")}, {mode: "40000", name: "a", in: []treeEntry{{mode: "100644", name: "secret", text: "x\n"}}}}
		}),
		one("a name with a terminal's commands", "", "it is a name in the image", treeEntry{mode: "100644", name: "a\x1b[31m", text: "x\n"}),
		one("a device", "submodule", "", treeEntry{mode: "20666", name: "null", text: "x\n"}),
		one("a file that may become root", "", "git knows no such bits", treeEntry{mode: "104755", name: "su", text: "x\n"}),
		served("a page in place of the references", "git", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>Welcome to the hotel</html>") }),
		served("references of a length that is none", "git", refs("zzzz"+id+" refs/heads/main\n")),
		served("a reference with a terminal's commands", "git", refs(pktLine(id+" refs/heads/\x1b[31mmain\x00agent=x\n"), "0000")),
		served("a reference refs/heads/../../x", "git", refs(pktLine(id+" refs/heads/../../x\x00agent=x\n"), "0000")),
		served("a refusal with a terminal's commands", "git", refs(pktLine("ERR \x1b]0;owned\x07no\n"))),
		served("a reference to an object that isn't there", "git", func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/info/refs") {
				refs(pktLine(id+" refs/heads/main\x00agent=x\n"), "0000")(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
			fmt.Fprint(w, pktLine("NAK\n"), "PACK\x00\x00\x00\x02\xff\xff\xff\xff")
		}),
		served("a server that sends to a file of the machine", "git", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		}),
	}
}

// pktLine is a text as git sends it.
func pktLine(text string) string { return fmt.Sprintf("%04x%s", len(text)+4, text) }

// A treeEntry is one of a tree that git itself would not make.
type treeEntry struct {
	mode, name string
	// text is a file's, and in what a directory has.
	text string
	in   []treeEntry
}

func (e treeEntry) object(t *testing.T, g *testenv.Git) []byte {
	t.Helper()
	var id string
	if e.in == nil {
		id = literally(t, g, "blob", []byte(e.text))
	} else {
		var inside []byte
		for _, in := range e.in {
			inside = append(inside, in.object(t, g)...)
		}
		id = literally(t, g, "tree", inside)
	}
	raw, err := hex.DecodeString(id)
	must(t, err)
	return append([]byte(e.mode+" "+e.name+"\x00"), raw...)
}

// literally writes an object whatever is wrong with it.
func literally(t *testing.T, g *testenv.Git, kind string, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "object")
	must(t, os.WriteFile(file, data, 0o644))
	return g.Run(t, "hash-object", "-w", "--literally", "-t", kind, file)
}
