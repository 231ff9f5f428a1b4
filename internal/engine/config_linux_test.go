// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	control "github.com/moby/buildkit/api/services/control"
	bk "github.com/moby/buildkit/client/llb"
)

func TestLongDirNames(t *testing.T) {
	o := Options{Root: filepath.Join(t.TempDir(), strings.Repeat("long-directory-name/", 10), "state")}
	stopAtEnd(t, o)
	c := mustConnect(t, o)
	if _, err := c.Info(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAnotherConfigurationIsAnotherEngine(t *testing.T) {
	o := options(t)
	first, err := Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	before := enginePID(t, o.Root)
	first.Close()
	o.Config = writeConfig(t, "[worker.oci]\n  [worker.oci.labels]\n    answer = \"42\"\n")
	second := mustConnect(t, o)
	if after := enginePID(t, o.Root); after == before {
		t.Errorf("process %d serves two configurations", after)
	}
	workers, err := second.ListWorkers(t.Context())
	if err != nil || len(workers) != 1 || workers[0].Labels["answer"] != "42" {
		t.Errorf("the configuration does not hold: %v %+v", err, workers)
	}
}

func TestWorkerIsReady(t *testing.T) {
	o := options(t)
	c := mustConnect(t, o)
	workers, err := c.ListWorkers(t.Context())
	if err != nil || len(workers) != 1 {
		t.Fatalf("%v %+v", err, workers)
	}
	socket, err := os.Stat(filepath.Join(o.Root, socketName))
	if err != nil || socket.Mode().Perm() != 0o600 {
		t.Errorf("the control socket is %v, %v", socket, err)
	}
	if lock, err := tryLock(o.Root); lock != nil || err != nil {
		t.Errorf("the engine runs without the lock: %v %v", lock, err)
	}
	w := workers[0]
	if len(w.Platforms) == 0 {
		t.Error("the worker has no platform")
	}
	limited := false
	for _, rule := range w.GCPolicy {
		limited = limited || (rule.All && rule.MaxUsedSpace > 0)
	}
	if !limited {
		t.Errorf("nothing limits the cache: %+v", w.GCPolicy)
	}
}

// Records of past builds are only kept where the configuration asks for them.
func TestHistory(t *testing.T) {
	for text, want := range map[string]int{"": 0, "[history]\nmaxEntries = 5\n": 1} {
		o := options(t)
		o.Config = writeConfig(t, text)
		c := mustConnect(t, o)
		if _, err := solve(t.Context(), c, bk.Scratch().File(bk.Mkfile("/a", 0o644, nil)), t.TempDir(), ""); err != nil {
			t.Fatal(err)
		}
		events, err := c.ControlClient().ListenBuildHistory(t.Context(), &control.BuildHistoryRequest{EarlyExit: true})
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for {
			_, err := events.Recv()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got++
		}
		if got != want {
			t.Errorf("%q: %d builds are on record, want %d", text, got, want)
		}
	}
}

func TestBadConfigurationIsAnError(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown setting": {"debug = false\n[worker.oci]\nsnapshoter = \"native\"\n", `buildkitd.toml:3:1: buildkitd.toml has no such setting: ["worker" "oci" "snapshoter"]`},
		"syntax":          {"debug = \n", "buildkitd.toml:1:"},
		"no rootless":     {"[worker.oci]\nrootless = true\n", "does not have worker.oci.rootless"},
		"snapshotter":     {"[worker.oci]\nsnapshotter = \"floppy\"\n", `worker.oci.snapshotter is "floppy"`},
		"network":         {"[worker.oci]\nnetworkMode = \"pigeon\"\n", `worker.oci.networkMode is "pigeon"`},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			o.Config = writeConfig(t, c.text)
			_, err := Connect(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestMissingConfigurationIsAnError(t *testing.T) {
	o := options(t)
	o.Config = filepath.Join(t.TempDir(), "none.toml")
	if _, err := Connect(t.Context(), o); err == nil || !strings.Contains(err.Error(), "none.toml") {
		t.Errorf("got %v", err)
	}
}

// An engine stays for the next build, but not long where no one comes back.
func TestLinger(t *testing.T) {
	for ci, want := range map[string]time.Duration{"": DefaultLinger, "true": ciLinger} {
		t.Setenv("CI", ci)
		if o, err := (Options{Root: t.TempDir()}).resolve(); err != nil || o.Linger != want {
			t.Errorf("CI=%q: %v, %v, want %v", ci, o.Linger, err, want)
		}
	}
}
