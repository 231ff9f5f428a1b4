// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"reflect"
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

// TestAttempt runs commands once: a status is no fault.
func TestAttempt(t *testing.T) {
	for script, want := range map[string]call.ProbeAnswer{
		"echo yes; echo no >&2; exit 3": {Status: 3, Body: []byte("yes\n"), Stderr: []byte("no\n")},
		"echo yes; kill -9 $$":          {Status: 137, Body: []byte("yes\n")},
		"sleep 3 & echo yes":            {Body: []byte("yes\n")},
	} {
		if got := awaited(t, call.Await{Once: true, Command: []string{"sh", "-c", script}}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", script, got, want)
		}
	}
	if got := awaited(t, call.Await{Once: true, Command: []string{"/none"}}); !strings.Contains(got.Fault, "/none") {
		t.Errorf("a command that isn't there: %+v", got)
	}
	if got := awaited(t, call.Await{Once: true, Command: []string{"head", "-c", "2000000", "/dev/zero"}}); len(got.Body) != call.MaxAnswer+1 {
		t.Errorf("much is kept as %d bytes", len(got.Body))
	}
}
