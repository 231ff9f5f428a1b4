// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"os"
	"os/exec"
	"testing"
)

func TestMarkedProcessesAreFoundAndEnded(t *testing.T) {
	entry := markerName + "=" + Dir(t)
	cmd := exec.Command("sleep", "1000")
	cmd.Env = append(os.Environ(), entry)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waited := make(chan error, 1)
	go func() { waited <- cmd.Wait() }()
	ids, err := marked(entry)
	if err != nil || len(ids) != 1 || ids[0] != cmd.Process.Pid {
		t.Errorf("marked processes: %v, %v; want %d", ids, err, cmd.Process.Pid)
	}
	if err := endMarked(entry); err != nil {
		t.Error(err)
	}
	if err := <-waited; err == nil {
		t.Error("the marked process ended by itself")
	}
}

func TestCommandsDoNotSeeTheUsersSettings(t *testing.T) {
	for _, name := range []string{"BUILDKIT_HOST", "DOCKER_HOST", "XDG_DATA_HOME", "SOURCE_DATE_EPOCH"} {
		t.Setenv(name, "of the user")
	}
	cmd := exec.Command("sh", "-c", "echo ${BUILDKIT_HOST-}${DOCKER_HOST-}${XDG_DATA_HOME-}${SOURCE_DATE_EPOCH-}")
	cmd.Env = cleanEnv()
	if out := output(t, cmd); out != "\n" {
		t.Errorf("a command sees %q", out)
	}
}
