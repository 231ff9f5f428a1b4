// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// contract is the number of the command line's contract. It grows when a
// step generated for an older helper would no longer work.
const contract = 1

// ownFault is the exit status for a fault of the helper itself, kept apart
// from the statuses a wrapped command may have.
const ownFault = 125

const ownUsage = `usage:
  strata-step skeleton SRC DST
  strata-step place [--skeleton DIR] [--from SUBPATH] [--keep PATH]... [--users DIR]
                    [--owner USER[:GROUP] | --preserve-owner] [--chown PATH=USER[:GROUP]]... SRC DST
  strata-step run [--user USER[:GROUP]] [--home DIR] [--skip PATH]... [--tmpfs MODE=PATH]... [--keep-times] -- COMMAND [ARGUMENT]...
  strata-step store [--dir DIR] [--report FILE] NAME,HASH,SIZE,FORMAT,INPUT... DST
  strata-step scan [--store DIR] [--content NAME] SRC DST
  strata-step link [--store DIR] [--mount DIR]... [--root PATH]... --into DIR DST
  strata-step exec [--env NAME]... -- COMMAND [ARGUMENT]...
  strata-step version`

// usage says how all subcommands are called.
func usage() string { return ownUsage + packageUsage() }

// Main runs the helper with the arguments after its name and returns the exit status.
func Main(args []string, stdout, stderr io.Writer) int {
	status, err := dispatch(args, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "strata-step: %v\n", err)
	}
	return status
}

func dispatch(args []string, stdout, stderr io.Writer) (int, error) {
	if len(args) == 0 {
		return ownFault, errors.New("no subcommand given\n" + usage())
	}
	warn := func(line string) { fmt.Fprintf(stderr, "strata-step: %s\n", line) }
	var err error
	switch rest := args[1:]; args[0] {
	case "skeleton":
		err = skeletonMain(rest)
	case "place":
		err = placeMain(rest, warn)
	case "store":
		err = storeMain(rest)
	case "scan":
		err = scanMain(rest)
	case "link":
		err = linkMain(rest, warn)
	case "run":
		return runMain(rest, warn)
	case "exec":
		return execMain(rest)
	case "version":
		_, err = fmt.Fprintf(stdout, "strata-step contract %d %s/%s\n", contract, runtime.GOOS, runtime.GOARCH)
	case "help", "-h", "--help":
		_, err = fmt.Fprintln(stdout, usage())
	default:
		if v, ok := packageVerb(args[0]); ok {
			return runPackageVerb(v, rest, warn)
		}
		err = fmt.Errorf("no subcommand is called %q\n%s", args[0], usage())
	}
	if err != nil {
		return ownFault, err
	}
	return 0, nil
}

func skeletonMain(args []string) error {
	set := newFlags("skeleton")
	src, dst, err := parseTwo(set, args)
	if err != nil {
		return err
	}
	return writeSkeleton(src, dst)
}

func placeMain(args []string, warn func(string)) error {
	opt := placeOptions{Warn: warn}
	set := newFlags("place")
	set.StringVar(&opt.Skeleton, "skeleton", "", "")
	set.StringVar(&opt.From, "from", "", "")
	set.StringVar(&opt.Users, "users", "", "")
	set.StringVar(&opt.Owner, "owner", "", "")
	set.BoolVar(&opt.PreserveOwner, "preserve-owner", false, "")
	set.Var((*list)(&opt.Keep), "keep", "")
	set.Var((*list)(&opt.Chown), "chown", "")
	src, dst, err := parseTwo(set, args)
	if err != nil {
		return err
	}
	return placeTree(src, dst, opt)
}

func storeMain(args []string) error {
	set := newFlags("store")
	dir := set.String("dir", "/nix/store", "")
	report := set.String("report", "", "")
	if err := set.Parse(args); err != nil {
		return fmt.Errorf("read arguments of store: %w\n%s", err, usage())
	}
	if set.NArg() < 2 {
		return fmt.Errorf("read arguments of store: want items and DST, got %d arguments\n%s", set.NArg(), usage())
	}
	var items []storeItem
	for _, text := range set.Args()[:set.NArg()-1] {
		item, err := parseItem(text)
		if err != nil {
			return fmt.Errorf("read arguments of store: %w", err)
		}
		items = append(items, item)
	}
	dst := set.Arg(set.NArg() - 1)
	err := fillStore(items, *dir, dst)
	if err == nil || *report == "" {
		return err
	}
	return os.WriteFile(filepath.Join(dst, *report), []byte(err.Error()), 0o644)
}

func scanMain(args []string) error {
	set := newFlags("scan")
	store := set.String("store", "/nix/store", "")
	content := set.String("content", "", "")
	src, dst, err := parseTwo(set, args)
	if err != nil {
		return err
	}
	return scanStore(src, dst, *store, *content)
}

func linkMain(args []string, warn func(string)) error {
	opt := linkOptions{Warn: warn}
	set := newFlags("link")
	set.StringVar(&opt.Store, "store", "/nix/store", "")
	set.StringVar(&opt.Into, "into", "", "")
	set.Var((*list)(&opt.Mounts), "mount", "")
	set.Var((*list)(&opt.Roots), "root", "")
	if err := set.Parse(args); err != nil {
		return fmt.Errorf("read arguments of link: %w\n%s", err, usage())
	}
	if set.NArg() != 1 || opt.Into == "" {
		return fmt.Errorf("read arguments of link: want --into and DST\n%s", usage())
	}
	return linkPaths(set.Arg(0), opt)
}

func runMain(args []string, warn func(string)) (int, error) {
	opt := runOptions{Warn: warn}
	set := newFlags("run")
	set.StringVar(&opt.User, "user", "", "")
	set.StringVar(&opt.Home, "home", "", "")
	set.Var((*list)(&opt.Skip), "skip", "")
	set.Var((*list)(&opt.Memory), "tmpfs", "")
	set.BoolVar(&opt.KeepTimes, "keep-times", false, "")
	if err := set.Parse(args); err != nil {
		return ownFault, fmt.Errorf("read arguments of run: %w\n%s", err, usage())
	}
	return runCommand(set.Args(), opt)
}

func execMain(args []string) (int, error) {
	var names list
	set := newFlags("exec")
	set.Var(&names, "env", "")
	if err := set.Parse(args); err != nil {
		return ownFault, fmt.Errorf("read arguments of exec: %w\n%s", err, usage())
	}
	return execCommand(set.Args(), names)
}

func newFlags(name string) *flag.FlagSet {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	return set
}

func parseTwo(set *flag.FlagSet, args []string) (src, dst string, err error) {
	if err := set.Parse(args); err != nil {
		return "", "", fmt.Errorf("read arguments of %s: %w\n%s", set.Name(), err, usage())
	}
	if set.NArg() != 2 {
		return "", "", fmt.Errorf("read arguments of %s: want SRC and DST, got %d arguments\n%s", set.Name(), set.NArg(), usage())
	}
	return set.Arg(0), set.Arg(1), nil
}

// A list is a flag that may be given more than once.
type list []string

func (l *list) String() string { return strings.Join(*l, " ") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}
