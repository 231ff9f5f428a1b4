// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/call"
)

// TestAwait runs a command that succeeds at the second attempt, one that never ends,
// and one that isn't there.
func TestAwait(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	for script, want := range map[string]call.ProbeAnswer{
		"[ -e " + file + " ] && echo well || { : >" + file + "; exit 1; }": {Body: []byte("well\n")},
		"exec sleep 1000": {Fault: "it doesn't end"},
	} {
		c := call.Await{Timeout: time.Hour, Command: []string{"sh", "-c", script}}
		if want.Fault != "" {
			c.Timeout = time.Millisecond
		}
		if got := awaited(t, c); got.Fault != want.Fault || string(got.Body) != string(want.Body) {
			t.Errorf("%s: %q, fault %q; want %q, fault %q", script, got.Body, got.Fault, want.Body, want.Fault)
		}
	}
}

func awaited(t *testing.T, c call.Await) (got call.ProbeAnswer) {
	t.Helper()
	var out bytes.Buffer
	if err := await(c, &out); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, out.Bytes())
	}
	return got
}

// TestAttempt says why a command fails.
func TestAttempt(t *testing.T) {
	for script, want := range map[string]string{"echo no >&2; exit 3": "it ends with status 3", "echo no; kill -9 $$": "signal: killed"} {
		if text, err := attempt(t.Context(), []string{"sh", "-c", script}); err == nil || err.Error() != want || string(text) != "no\n" {
			t.Errorf("%s: %q, error %v; want %q", script, text, err, want)
		}
	}
	if _, err := attempt(t.Context(), []string{"/none"}); err == nil || !strings.Contains(err.Error(), "/none") {
		t.Errorf("a command that isn't there: error %v", err)
	}
}
