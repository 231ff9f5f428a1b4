// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// TestInterrupt ends a build that waits for its context, and looks for what it
// leaves.
func TestInterrupt(t *testing.T) {
	daemon := testenv.Buildkitd(t, testenv.DaemonOptions{})
	asked := make(chan struct{}, 16)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer server.Close()
	for name, test := range map[string]struct {
		signal syscall.Signal
		status int
	}{
		"ctrl-C":    {syscall.SIGINT, 130},
		"terminate": {syscall.SIGTERM, 143},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "out.tar")
			if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("strata", "build", server.URL+"/"+name+".tar", "--addr", daemon.Addr,
				"-o", "type=oci,dest="+path, "-o", "type=oci,tar=false,dest="+dir+"/layout", "--metadata-file", dir+"/meta.json")
			cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+dir+"/none")
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-asked
			if err := cmd.Process.Signal(test.signal); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // the status is what counts
			if got := cmd.ProcessState.ExitCode(); got != test.status {
				t.Errorf("exit status %d, want %d\n%s", got, test.status, &stderr)
			}
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != 1 {
				t.Errorf("left behind: %v %v", entries, err)
			}
			if data, _ := os.ReadFile(path); string(data) != "before" {
				t.Errorf("out.tar is now %q", data)
			}
		})
	}
}
