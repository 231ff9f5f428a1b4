// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestServersEnd ends the engine, and a daemon, while a build waits for its context or a test
// for its command: what is printed says what to do.
func TestServersEnd(t *testing.T) {
	asked := make(chan struct{}, 16)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer server.Close()
	daemon, cli, project := testenv.Buildkitd(t, testenv.DaemonOptions{}), testenv.Strata(t), t.TempDir()
	base := testenv.BusyboxImage(t, testenv.NewRegistry(t, testenv.RegistryOptions{}), "base:1", testenv.BusyboxTweaks{Only: "amd64"})
	house.Write(t, filepath.Join(project, "strata.yaml"), []byte("from: "+base+"\ntests: [{name: long, run: exec sleep 4711}]\n"))
	engine := func() int { return processOf(t, "\x00engine\x00--root\x00"+cli.Root+"\x00") }
	const daemonEnded = "the daemon has ended, or closed the connection: run the command again"
	engineEnded := "the engine has ended: run the command again (its log is " + filepath.Join(cli.Root, "engine.log") + ")"
	for _, c := range []struct {
		name  string
		args  []string
		ready func()
		pid   func() int
		want  string
	}{
		{"engine", []string{"build", server.URL + "/a.tar"}, func() { <-asked }, engine, engineEnded},
		{"daemon", []string{"build", server.URL + "/b.tar", "--addr", daemon.Addr}, func() { <-asked }, daemon.PID, daemonEnded},
		{"engine of a test", []string{"test", project}, func() { processOf(t, "sleep\x004711\x00") }, engine, engineEnded},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := cli.Command(c.args...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			c.ready()
			if err := syscall.Kill(c.pid(), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // the status is what counts
			if got := cmd.ProcessState.ExitCode(); got != 1 || !bytes.Contains(stderr.Bytes(), []byte(c.want)) {
				t.Errorf("exit status %d\n%s", got, &stderr)
			}
		})
	}
}

// processOf is a process whose arguments, each with a zero byte behind it, have that part. It
// may still have to begin.
func processOf(t *testing.T, part string) int {
	t.Helper()
	for range 600 {
		paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, path := range paths {
			line, err := os.ReadFile(path)
			if err != nil || !bytes.Contains(line, []byte(part)) {
				continue
			}
			if id, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
				return id
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("no process has %q", part)
	return 0
}
