// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/helper/download"
)

// contract is the number of the command line's contract. It grows when a
// step generated for an older helper would no longer work.
const contract = 1

// ownFault is the exit status for a fault of the helper itself, kept apart
// from the statuses a wrapped command may have.
const ownFault = 125

// verb is a subcommand that isn't about packages.
type verb struct {
	// usage is its name and what it takes.
	usage string
	// run does it, with the arguments after the name, and returns the exit status.
	run func(args []string, warn func(string)) (int, error)
}

// ownVerbs are the subcommands that aren't about packages.
func ownVerbs() []verb {
	return []verb{
		{call.SkeletonUsage, only(runSkeleton)},
		{call.PlaceUsage, runPlace},
		{call.RunUsage, runRun},
		{call.StoreUsage, only(runStore)},
		{call.ScanUsage, only(runScan)},
		{call.LinkUsage, only(runLink)},
		{call.ExtractUsage, only(runExtract)},
		{call.VerifyUsage, only(runVerify)},
		{call.ExecUsage, runExec},
		{call.FetchUsage, only(runFetch)},
		{call.FetchedUsage, runFetched},
		{call.InfosUsage, only(runInfos)},
		{call.ProbeUsage, only(runProbe)},
		{call.AwaitUsage, only(runAwait)},
		{call.AccountsUsage, only(runAccounts)},
		{call.HollowUsage, only(runHollow)},
	}
}

// only is what a subcommand runs that starts no command, and so has no status but its
// own.
func only(run func(args []string, warn func(string)) error) func([]string, func(string)) (int, error) {
	return func(args []string, warn func(string)) (int, error) {
		if err := run(args, warn); err != nil {
			return ownFault, err
		}
		return 0, nil
	}
}

// usage says how all subcommands are called.
func usage() string {
	var lines strings.Builder
	lines.WriteString("usage:")
	for _, v := range ownVerbs() {
		fmt.Fprintf(&lines, "\n  strata-step %s", v.usage)
	}
	lines.WriteString("\n  strata-step version")
	return lines.String() + packageUsage()
}

// Main runs the helper with the arguments after its name and returns the exit status.
func Main(args []string, stdout, stderr io.Writer) int {
	status, err := dispatch(args, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "strata-step: %v\n", err)
	}
	var bad *call.ArgumentsError
	if errors.As(err, &bad) {
		fmt.Fprintln(stderr, usage())
	}
	return status
}

func dispatch(args []string, stdout, stderr io.Writer) (int, error) {
	if len(args) == 0 {
		return ownFault, errors.New("no subcommand given\n" + usage())
	}
	switch args[0] {
	case "version":
		_, err := fmt.Fprintf(stdout, "strata-step contract %d %s/%s\n", contract, runtime.GOOS, runtime.GOARCH)
		return 0, err
	case "help", "-h", "--help":
		_, err := fmt.Fprintln(stdout, usage())
		return 0, err
	}
	return subcommand(args, func(line string) { fmt.Fprintf(stderr, "strata-step: %s\n", line) })
}

// subcommand does what a subcommand does, which stands before its arguments.
func subcommand(args []string, warn func(string)) (int, error) {
	name, rest := args[0], args[1:]
	for _, v := range ownVerbs() {
		if own, _, _ := strings.Cut(v.usage, " "); own == name {
			return v.run(rest, warn)
		}
	}
	if v, ok := packageVerb(name); ok {
		return runPackageVerb(v, rest, warn)
	}
	return ownFault, fmt.Errorf("no subcommand is called %q\n%s", name, usage())
}

func runSkeleton(args []string, _ func(string)) error {
	c, err := call.ParseSkeleton(args)
	if err != nil {
		return err
	}
	return writeSkeleton(c.Source, c.Out)
}

func runAccounts(args []string, _ func(string)) error {
	c, err := call.ParseAccounts(args)
	if err != nil {
		return err
	}
	return enterAccounts(c)
}

func runHollow(args []string, _ func(string)) error {
	c, err := call.ParseHollow(args)
	if err != nil {
		return err
	}
	return writeHollow(c)
}

func runPlace(args []string, warn func(string)) (int, error) {
	c, err := call.ParsePlace(args)
	if err != nil {
		return ownFault, err
	}
	var output *outputError
	switch err := placeTree(c, warn); {
	case errors.As(err, &output) && output.status == call.MissingOutput:
		return output.status + output.n, nil // the frontend says it, with the line
	case errors.As(err, &output):
		return output.status + output.n, err // the frontend has no names for it
	case err != nil:
		return ownFault, err
	}
	return 0, nil
}

func runStore(args []string, _ func(string)) error {
	c, err := call.ParseStore(args)
	if err != nil {
		return err
	}
	err = fillStore(c.Items, c.Dir, c.Out)
	if err == nil || c.Report == "" {
		return err
	}
	return os.WriteFile(filepath.Join(c.Out, c.Report), []byte(err.Error()), 0o644)
}

func runScan(args []string, _ func(string)) error {
	c, err := call.ParseScan(args)
	if err != nil {
		return err
	}
	return scanStore(c)
}

func runLink(args []string, warn func(string)) error {
	c, err := call.ParseLink(args)
	if err != nil {
		return err
	}
	return linkPaths(c, warn)
}

func runInfos(args []string, _ func(string)) error {
	c, err := call.ParseInfos(args)
	if err != nil {
		return err
	}
	return download.Infos(context.Background(), c)
}

func runFetch(args []string, _ func(string)) error {
	c, err := call.ParseFetch(args)
	if err != nil {
		return err
	}
	return download.Run(c)
}

func runProbe(args []string, _ func(string)) error {
	c, err := call.ParseProbe(args)
	if err != nil {
		return err
	}
	return probe(c)
}

func runAwait(args []string, _ func(string)) error {
	c, err := call.ParseAwait(args)
	if err != nil {
		return err
	}
	return await(c, os.Stdout)
}

func runRun(args []string, warn func(string)) (int, error) {
	c, err := call.ParseRun(args)
	if err != nil {
		return ownFault, err
	}
	return runCommand(c, warn)
}

func runExec(args []string, _ func(string)) (int, error) {
	c, err := call.ParseExec(args)
	if err != nil {
		return ownFault, err
	}
	return execCommand(c)
}
