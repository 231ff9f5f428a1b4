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
	"time"

	"github.com/strata-build/strata/internal/call"
)

// await runs a command until it succeeds, and says what the last attempt came to.
func await(c call.Await, out io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.Timeout)
	defer cancel()
	var answer call.ProbeAnswer
	for {
		text, err := attempt(ctx, c.Command)
		if err == nil {
			answer = call.ProbeAnswer{Body: text}
			break
		}
		// An attempt that was ended for the time says less than the one before.
		if ctx.Err() == nil || answer.Fault == "" {
			answer = call.ProbeAnswer{Body: text, Fault: err.Error()}
		}
		select {
		case <-ctx.Done():
		case <-time.After(c.Interval):
		}
		if ctx.Err() != nil {
			break
		}
	}
	return json.NewEncoder(out).Encode(answer)
}

// attempt runs a command once and returns the end of what it printed.
func attempt(ctx context.Context, words []string) ([]byte, error) {
	var text tail
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Stdout, cmd.Stderr = &text, &text
	// What it leaves running may keep its streams.
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	switch exit := new(exec.ExitError); {
	case ctx.Err() != nil:
		return text, errors.New("it doesn't end")
	case errors.Is(err, exec.ErrWaitDelay):
		return text, nil
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return text, fmt.Errorf("it ends with status %d", exit.ExitCode())
	}
	return text, err
}

// tail keeps the last bytes of what is written to it.
type tail []byte

// Write keeps the last 4096 bytes.
func (t *tail) Write(p []byte) (int, error) {
	*t = append(*t, p...)
	*t = (*t)[max(0, len(*t)-4096):]
	return len(p), nil
}
