// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package download

import (
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestRootsWithoutList holds that an image without certificates gets a list of them. It runs in a
// process of its own, because a process looks for certificates once.
func TestRootsWithoutList(t *testing.T) {
	if os.Getenv("TEST_ROOTS") == "" {
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestRootsWithoutList$")
		nowhere := filepath.Join(t.TempDir(), "nowhere")
		cmd.Env = append(os.Environ(), "TEST_ROOTS=1", "SSL_CERT_FILE="+nowhere, "SSL_CERT_DIR="+nowhere)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	for range 2 {
		if _, err := newTransport(); err != nil {
			t.Fatal(err)
		}
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		t.Fatal(err)
	}
	if pool.Equal(x509.NewCertPool()) {
		t.Error("there are no certificates to trust")
	}
}
