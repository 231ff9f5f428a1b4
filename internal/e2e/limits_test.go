// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/testenv"
)

// TestHostileBuildFiles builds what is not a build file and means harm. It costs
// the command line neither time nor memory; through buildx it is an error too.
func TestHostileBuildFiles(t *testing.T) {
	h := newHouse(t)
	syntax := "# syntax=" + testenv.FrontendImage(t, h.registry) + "\n"
	buildx := testenv.NewBuildx(t, h.daemon)
	h.mustBuild(t, "--progress=quiet", directory(t, map[string]string{"strata.yaml": "from: scratch\n"})) // the daemon is awake
	for name, text := range map[string]string{
		"bomb":   syntax + bomb(),
		"nested": syntax + "layers: " + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
		"large":  syntax + strings.Repeat("# "+strings.Repeat("x", 1022)+"\n", 50<<10),
		"binary": syntax + string(bytes.Repeat([]byte{0x7f, 'E', 'L', 'F', 0, 1, 2, 0xff}, 4096)),
	} {
		t.Run(name, func(t *testing.T) {
			dir := directory(t, map[string]string{"strata.yaml": text})
			cmd := h.cli.Command(h.args("--progress=quiet", dir)...)
			var words bytes.Buffer
			cmd.Stdout, cmd.Stderr = &words, &words
			peak, err := runAndWatch(cmd)
			out := words.Bytes()
			if err == nil || cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "strata.yaml") || len(out) > 8<<10 {
				t.Errorf("exit status %d, want 2 and a short word about the file:\n%.8192s", cmd.ProcessState.ExitCode(), out)
			}
			if peak == 0 || peak > 200<<20 {
				t.Errorf("it took %d MB of memory, want at most 200", peak>>20)
			}
			// Its own time, which a busy machine does not lengthen.
			if spent := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(); spent > time.Second {
				t.Errorf("it took %v, want at most a second", spent)
			}
			if out, err := buildx.Build("-f", filepath.Join(dir, "strata.yaml"), dir); err == nil {
				t.Errorf("buildx succeeded:\n%s", out)
			}
		})
	}
}

// runAndWatch runs a command and returns the most memory it held, in bytes. The
// resource usage of a child does not tell: it begins with what its parent held
// when it was started.
func runAndWatch(cmd *exec.Cmd) (peak int64, err error) {
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	status := fmt.Sprintf("/proc/%d/status", cmd.Process.Pid)
	for {
		select {
		case err := <-done:
			return peak, err
		case <-time.After(2 * time.Millisecond):
			if held, ok := peakOf(status); ok && held > peak {
				peak = held
			}
		}
	}
}

// peakOf reads the most memory a process ever held, in bytes. A process that
// has ended holds none.
func peakOf(status string) (int64, bool) {
	text, err := os.ReadFile(status)
	if err != nil {
		return 0, false
	}
	_, after, ok := strings.Cut(string(text), "VmHWM:")
	if !ok {
		return 0, false
	}
	var kib int64
	_, err = fmt.Sscanf(after, "%d kB", &kib)
	return kib << 10, err == nil
}

// bomb is a small file that aliases make large.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < 12; i++ {
		last := string(rune('a' + i - 1))
		this := string(rune('a' + i))
		b.WriteString(this + "0: &" + this + "0 [" + strings.TrimSuffix(strings.Repeat("*"+last+"0,", 10), ",") + "]\n")
	}
	b.WriteString("layers: *l0\n")
	return b.String()
}
