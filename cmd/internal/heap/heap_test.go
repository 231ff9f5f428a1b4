// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package heap

import (
	"math"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// kept keeps the compiler from leaving allocations out.
var kept []byte

func waste(bytes int) {
	for range bytes / 4096 {
		kept = make([]byte, 4096)
	}
}

// TestCollectFrom runs in a process of its own, which has collected nothing yet.
func TestCollectFrom(t *testing.T) {
	if os.Getenv("TEST_COLLECT_FROM") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestCollectFrom$", "-test.count=1")
		cmd.Env = append(os.Environ(), "TEST_COLLECT_FROM=1", "GOGC=", "GOMEMLIMIT=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	before := collections()
	CollectFrom(Enough)
	waste(Enough / 2)
	if n := collections() - before; n != 0 {
		t.Errorf("%d collections below the mark, want none", n)
	}
	waste(Enough)
	for range 200 {
		if debug.SetMemoryLimit(-1) == math.MaxInt64 {
			break
		}
		time.Sleep(5 * time.Millisecond)
		waste(4096)
	}
	if got := debug.SetMemoryLimit(-1); got != math.MaxInt64 {
		t.Errorf("the limit is %d still, want none", got)
	}
	if got := debug.SetGCPercent(100); got != 100 {
		t.Errorf("collected at %d %%, want 100 %%", got)
	}
	if collections() == before {
		t.Error("nothing was collected")
	}
}

func TestCollectFromLeavesWhatOthersSet(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	CollectFrom(Enough)
	debug.SetGCPercent(300)
	for range 200 {
		runtime.GC()
		if debug.SetMemoryLimit(-1) == math.MaxInt64 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if got := debug.SetMemoryLimit(-1); got != math.MaxInt64 {
		t.Errorf("the limit is %d still, want none", got)
	}
	if got := debug.SetGCPercent(100); got != 300 {
		t.Errorf("collected at %d %%, want 300 %%", got)
	}
}

func TestCollectFromHeedsTheEnvironment(t *testing.T) {
	t.Setenv("GOGC", "50")
	CollectFrom(Enough)
	if got := debug.SetMemoryLimit(-1); got == Enough {
		t.Error("GOGC is set, and the limit changed")
	}
}

func collections() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumGC
}
