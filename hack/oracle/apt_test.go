// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/debian/index"
)

// apt is apt-get with directories of its own; only the sources are the machine's.
type apt struct {
	state string // directory of lists, shared by all
	cache string // directory of the caches for this status
	path  string // status file, absolute: a relative one counts as empty
	extra []string
	// native is the machine's architecture, and foreign are further ones.
	native  string
	foreign []string
	// recommends is apt's own default; a base is made without.
	recommends bool
}

// options keep apt from everything of the machine but its sources.
func (a *apt) options() []string {
	empty := filepath.Join(a.state, "empty")
	options := []string{
		"Dir::State=" + a.state,
		"Dir::State::status=" + a.path,
		"Dir::State::extended_states=" + filepath.Join(a.state, "extended"),
		"Dir::Cache=" + a.cache,
		// Debian's images turn both caches off.
		"Dir::Cache::pkgcache=pkgcache.bin",
		"Dir::Cache::srcpkgcache=srcpkgcache.bin",
		"Dir::Etc::preferences=/dev/null",
		"Dir::Etc::preferencesparts=" + empty,
		"Acquire::Languages=none",
		"Debug::NoLocking=1",
		fmt.Sprintf("APT::Install-Recommends=%v", a.recommends),
		"APT::AutoRemove::SuggestsImportant=false",
		"APT::Get::HideAutoRemove=true",
	}
	if len(a.foreign) > 0 {
		options = append(options, "APT::Architectures="+strings.Join(append([]string{a.native}, a.foreign...), ","))
	}
	return append(options, a.extra...)
}

func (a *apt) command(args ...string) *exec.Cmd {
	words := []string{"-qq"}
	for _, o := range a.options() {
		words = append(words, "-o", o)
	}
	cmd := exec.Command("apt-get", append(words, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive")
	return cmd
}

// A server is apt's library, opened once for many questions.
type server struct {
	mu  sync.Mutex
	in  io.Writer
	out *bufio.Reader
}

// serve starts the library on the status of a.
func (a *apt) serve(t *testing.T) *server {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", append([]string{"apt.py"}, a.options()...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal("start apt's library:", err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error("apt's library:", err)
		}
	})
	return &server{in: in, out: bufio.NewReader(out)}
}

// ask puts the words of an apt-get install to the library.
func (s *server) ask(t *testing.T, words ...string) answer {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	question, err := json.Marshal(words)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(s.in, "%s\n", question); err != nil {
		t.Error("ask apt's library:", err)
		return answer{failed: true}
	}
	line, err := s.out.ReadBytes('\n')
	var reply struct {
		Failed  bool
		Reason  string
		Install map[string]string
		Remove  []string
	}
	if err == nil {
		err = json.Unmarshal(line, &reply)
	}
	if err != nil {
		t.Errorf("ask apt's library for %v: %v", words, err)
		return answer{failed: true}
	}
	a := answer{failed: reply.Failed, reason: reply.Reason, install: reply.Install, remove: map[string]bool{}}
	for _, name := range reply.Remove {
		a.remove[name] = true
	}
	return a
}

// An answer is what one of the two wants to do.
type answer struct {
	failed  bool
	reason  string            // of a failure
	install map[string]string // name to version
	remove  map[string]bool
}

var action = regexp.MustCompile(`(?m)^(Inst|Remv) (\S+) (?:\[[^\]]*\] ?)?(?:\((\S+) )?`)

// simulate asks apt what it would do to install packages.
func (a *apt) simulate(t *testing.T, words ...string) answer {
	t.Helper()
	return a.run(t, append([]string{"install"}, words...)...)
}

// run asks apt what a command would do in a build, which answers no questions but
// allows all but a change of what is held.
func (a *apt) run(t *testing.T, words ...string) answer {
	t.Helper()
	cmd := a.command(append([]string{"-s", "-y", "--allow-downgrades", "--allow-remove-essential"}, words...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 100 {
		return answer{failed: true, reason: strings.TrimSpace(stderr.String() + string(out))}
	}
	if err != nil {
		t.Fatalf("apt-get -s %v: %v\n%s", words, err, stderr.String())
	}
	result := answer{install: map[string]string{}, remove: map[string]bool{}}
	for _, m := range action.FindAllStringSubmatch(string(out), -1) {
		if m[1] == "Remv" {
			result.remove[m[2]] = true
		} else {
			result.install[m[2]] = m[3]
		}
	}
	return result
}

// indexes reads what apt fetched, in the order of its configuration.
func (a *apt) indexes(t testing.TB) []*index.Index {
	t.Helper()
	out, err := a.command("indextargets", "Created-By: Packages").Output()
	if err != nil {
		t.Fatal("list apt's indexes:", err)
	}
	targets, err := control.ParseParagraphs(string(out))
	if err != nil {
		t.Fatal(err)
	}
	var indexes []*index.Index
	for _, target := range targets {
		if _, err := os.Stat(target.Get("Filename")); err != nil && len(a.foreign) > 0 {
			continue
		}
		text, err := exec.Command("/usr/lib/apt/apt-helper", "cat-file", target.Get("Filename")).Output()
		if err != nil {
			t.Fatal("read an index of apt:", err)
		}
		index, err := index.ReadIndex(bytes.NewReader(text), index.Options{
			Repository: target.Get("Codename") + "/" + target.Get("Component"),
			Suite:      target.Get("Suite"), Codename: target.Get("Codename"), Component: target.Get("Component"),
			Origin: target.Get("Origin"), Label: target.Get("Label"), Version: target.Get("Version"),
			Architecture: a.native, Foreign: a.foreign, Site: site(t, target.Get("Site")),
		})
		if err != nil {
			t.Fatal(err)
		}
		indexes = append(indexes, index)
	}
	if len(indexes) == 0 {
		t.Fatal("apt of this machine has no source of packages")
	}
	return indexes
}

// site is the host of an address, by which pins know an archive.
func site(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Hostname()
}

// fetch runs apt-get update once; what it fetched stays in .cache.
func fetch(t testing.TB) *apt {
	t.Helper()
	return fetchInto(t, "../../.cache/apt-oracle")
}

// fetchForeign is fetch for a machine that takes packages of i386, too.
func fetchForeign(t testing.TB) *apt {
	t.Helper()
	return fetchInto(t, "../../.cache/apt-oracle/foreign", "i386")
}

func fetchInto(t testing.TB, root string, foreign ...string) *apt {
	t.Helper()
	root, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	native, err := exec.Command("dpkg", "--print-architecture").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	a := newStatus(t, root, "empty", "")
	a.native, a.foreign = strings.TrimSpace(string(native)), foreign
	done := filepath.Join(root, "fetched")
	if _, err := os.Stat(done); err == nil {
		return a
	}
	for _, dir := range []string{"lists/partial", "empty"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// A mirror may lack a list of another architecture; what is there will do then.
	if out, err := a.command("update").CombinedOutput(); err != nil && len(foreign) == 0 {
		t.Fatalf("apt-get update: %v\n%s", err, out)
	}
	if err := os.WriteFile(done, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return a
}

// newStatus returns apt on a status of that name, which stays in the cache.
func newStatus(t testing.TB, root, name, text string) *apt {
	t.Helper()
	return newStatusIn(t, root, root, name, text)
}

// newStatusIn returns apt on a status that is in a directory of its own.
func newStatusIn(t testing.TB, root, dir, name, text string) *apt {
	t.Helper()
	a := &apt{state: root, cache: filepath.Join(dir, "cache-"+name), path: filepath.Join(dir, "status-"+name)}
	if err := os.MkdirAll(filepath.Join(a.cache, "archives/partial"), 0o755); err != nil {
		t.Fatal(err)
	}
	// A status that was touched makes apt build its cache again.
	if old, err := os.ReadFile(a.path); err != nil || string(old) != text {
		if err := os.WriteFile(a.path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// readStatus parses apt's status with ours.
func (a *apt) readStatus(t *testing.T) *index.Status {
	t.Helper()
	f, err := os.Open(a.path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	status, err := index.ReadStatusWith(io.Reader(f), a.foreign)
	if err != nil {
		t.Fatal(err)
	}
	return status
}
