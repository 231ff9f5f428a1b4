// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"strata": main})
}

// TestScript runs the scripts that need no daemon.
func TestScript(t *testing.T) {
	runScripts(t, "testdata/script", func(env *testscript.Env) string {
		return "unix://" + env.WorkDir + "/no-daemon.sock"
	})
}

// runScripts runs the scripts of a directory with BUILDKIT_HOST set.
func runScripts(t *testing.T, dir string, addr func(*testscript.Env) string) {
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status,
			"fill":   fill,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("DOCKER_CONFIG", env.WorkDir+"/no-docker")
			env.Setenv("BUILDKIT_HOST", addr(env))
			dir, _, _ := strings.Cut(env.Getenv("PATH"), string(os.PathListSeparator))
			image, err := filepath.Abs("testdata/image.sh") // makes an image of files
			env.Setenv("IMAGE", image)
			env.Setenv("STRATA", filepath.Join(dir, "strata")) // for scripts with another PATH
			return err
		},
	})
}

// status runs a command that has to end with an exit status:
// "status N command…".
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command [argument...]")
	}
	want := args[0]
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = exitStatus(err)
	}
	if got != want {
		ts.Fatalf("exit status %s, want %s", got, want)
	}
}

// fill writes a file of N equal bytes: "fill FILE N BYTE".
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: fill FILE N BYTE")
	}
	ts.Check(fillFile(ts.MkAbs(args[0]), args[1], args[2]))
}
