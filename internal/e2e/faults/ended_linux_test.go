// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestServersEnd ends the engine, and a daemon, in the middle of a build: its last line says
// what to do.
func TestServersEnd(t *testing.T) {
	asked := make(chan struct{}, 16)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer server.Close()
	daemon, cli := testenv.Buildkitd(t, testenv.DaemonOptions{}), testenv.Strata(t)
	for name, test := range map[string]struct {
		args []string
		pid  func() int
		want string
	}{
		"engine": {nil, func() int { return enginePID(t, cli) }, "the engine has ended: run the command again (its log is " + filepath.Join(cli.Root, "engine.log") + ")"},
		"daemon": {[]string{"--addr", daemon.Addr}, daemon.PID, "the daemon has ended, or closed the connection: run the command again"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := cli.Command(append([]string{"build", server.URL + "/" + name + ".tar"}, test.args...)...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-asked
			if err := syscall.Kill(test.pid(), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // the status is what counts
			if got := cmd.ProcessState.ExitCode(); got != 1 || !bytes.Contains(stderr.Bytes(), []byte(test.want)) {
				t.Errorf("exit status %d\n%s", got, &stderr)
			}
		})
	}
}

// enginePID is the process of a command line's engine.
func enginePID(t *testing.T, cli *testenv.CLI) int {
	t.Helper()
	ids, err := cli.Processes()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", id))
		if err == nil && bytes.Contains(line, []byte("\x00engine\x00")) {
			return id
		}
	}
	t.Fatal("there is no engine")
	return 0
}
