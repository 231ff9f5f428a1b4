// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/testenv"
)

// A process is what a daemon takes of the machine.
type process struct {
	pid int
	// files are what it has open.
	files []string
	// peak is the most memory that it ever had, in MB.
	peak int
}

// look looks at a process.
func look(t *testing.T, pid int) process {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	open, err := os.ReadDir(dir)
	must(t, err)
	var files []string
	for _, e := range open {
		if of, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil { // it may be closed meanwhile
			files = append(files, of)
		}
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	must(t, err)
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		t.Fatalf("process %d has ended", pid)
	}
	kb, err := strconv.Atoi(fields[0])
	must(t, err)
	return process{pid, files, kb / 1024}
}

// mostMemory is what a daemon may take, in MB, whatever is asked of it at once.
const mostMemory = 2048

// compare holds the process to what it was. Connections of clients that are gone are closed
// a while after, and files that Go collects, after two minutes. Meanwhile keep keeps an engine
// from ending, which it does after one without clients.
func (p process) compare(t *testing.T, what string, keep func() error) {
	t.Helper()
	after := look(t, p.pid)
	for i := range 1500 {
		if len(after.files) <= len(p.files)+leeway {
			break
		}
		if i%200 == 199 {
			must(t, keep())
		}
		time.Sleep(100 * time.Millisecond)
		after = look(t, p.pid)
	}
	if len(after.files) > len(p.files)+leeway {
		t.Errorf("it has %d files open, and had %d:\n%s", len(after.files), len(p.files), strings.Join(after.files, "\n"))
	}
	if after.peak > mostMemory {
		t.Errorf("it had %d MB of memory", after.peak)
	}
	t.Logf("%s: %d MB of memory at most, %d files open before and %d after", what, after.peak, len(p.files), len(after.files))
}

// leeway is how many more files a process may have open in the end: the pipes of some steps,
// which BuildKit leaves to Go's garbage collector.
const leeway = 64

// engine is the process of the engine that builds.
func (c *crowd) engine(t *testing.T) int {
	t.Helper()
	ids := enginesOf(t, c.cli)
	if len(ids) == 0 {
		t.Fatal("there is no engine")
	}
	best := process{}
	for _, id := range ids { // one is a parent that does nothing
		if one := look(t, id); len(one.files) >= len(best.files) {
			best = one
		}
	}
	return best.pid
}

// enginesOf are the processes of an engine.
func enginesOf(t *testing.T, cli *testenv.CLI) []int {
	t.Helper()
	ids, err := cli.Processes()
	must(t, err)
	var out []int
	for _, id := range ids {
		words, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", id))
		if err == nil && strings.Contains(string(words), "\x00engine\x00") {
			out = append(out, id)
		}
	}
	return out
}

// digestIn is the image's digest in a file of metadata.
func digestIn(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		return "", err
	}
	digest, _ := m["containerimage.digest"].(string)
	return digest, nil
}
