// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/child"
)

// await runs a command until it succeeds, or once, and says what the last attempt came
// to.
func await(c call.Await, out io.Writer) error {
	if c.Once {
		return json.NewEncoder(out).Encode(attempt(context.Background(), c.Command))
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.Timeout)
	defer cancel()
	last := call.ProbeAnswer{Fault: "it doesn't end"}
	for ctx.Err() == nil {
		answer := attempt(ctx, c.Command)
		if answer.Fault == "" && answer.Status == 0 {
			last = answer
			break
		}
		if ctx.Err() != nil { // it was ended for the time, and says less than the one before
			break
		}
		if last = answer; last.Fault == "" {
			last.Fault = fmt.Sprintf("it ends with status %d", last.Status)
		}
		select {
		case <-ctx.Done():
		case <-time.After(c.Interval):
		}
	}
	return json.NewEncoder(out).Encode(last)
}

// attempt runs a command once. A fault is why it has no status.
func attempt(ctx context.Context, words []string) call.ProbeAnswer {
	var stdout, stderr start
	err := new(child.Starter).Run(func() *exec.Cmd {
		cmd := exec.CommandContext(ctx, words[0], words[1:]...)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		// What it leaves running may keep its streams.
		cmd.WaitDelay = time.Second
		return cmd
	})
	answer := call.ProbeAnswer{Body: stdout, Stderr: stderr}
	switch exit := new(exec.ExitError); {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
	case errors.As(err, &exit):
		answer.Status = exit.ExitCode()
		if ended, ok := exit.Sys().(syscall.WaitStatus); ok && ended.Signaled() {
			answer.Status = 128 + int(ended.Signal()) // as container runtimes say it
		}
	default:
		answer.Fault = err.Error()
	}
	return answer
}

// start keeps the first of what is written to it.
type start []byte

// Write takes everything.
func (s *start) Write(p []byte) (int, error) {
	*s = append(*s, p[:min(len(p), maxAnswer-len(*s))]...)
	return len(p), nil
}
