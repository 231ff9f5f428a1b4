// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	debinstall "github.com/strata-build/strata/internal/distro/debian/install"
)

// debianMain runs the subcommands about Debian's packages.
func debianMain(verb string, args []string, warn func(string)) (int, error) {
	var err error
	switch verb {
	case "unpack-deb":
		err = unpackDeb(args)
	case "check-deb":
		err = checkDeb(args)
	case "register-deb":
		err = installDeb(verb, args, 0, 0, warn, func(opt debinstall.Options, _ []string) error {
			return debinstall.Register(context.Background(), opt)
		})
	case "assemble-deb":
		err = assembleDeb(args, warn)
	case "native-deb":
		err = installDeb(verb, args, 1, math.MaxInt, warn, func(opt debinstall.Options, rest []string) error {
			return debinstall.Native(context.Background(), rest, opt)
		})
	}
	var exit *debinstall.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit) && exit.Status > 0:
		return exit.Status, err
	default:
		return ownFault, err
	}
}

func parseDebian(set *flag.FlagSet, args []string, least, most int) error {
	if err := set.Parse(args); err != nil {
		return fmt.Errorf("read arguments of %s: %w\n%s", set.Name(), err, usage)
	}
	if n := set.NArg(); n < least || n > most {
		return fmt.Errorf("read arguments of %s: got %d arguments beside flags\n%s", set.Name(), n, usage)
	}
	return nil
}

func unpackDeb(args []string) error {
	var filters, more list
	set := newFlags("unpack-deb")
	set.Var(&filters, "filter", "")
	set.Var(&more, "more", "")
	if err := parseDebian(set, args, 3, 3); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(set.Arg(0), "*.deb"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("unpack packages: there are none in %s", show(set.Arg(0)))
	}
	slices.Sort(files)
	return debinstall.Unpack(context.Background(), files, set.Arg(1), set.Arg(2), debinstall.UnpackOptions{Filters: debinstall.Filters(filters), More: more})
}

func checkDeb(args []string) error {
	set := newFlags("check-deb")
	if err := parseDebian(set, args, 3, 3); err != nil {
		return err
	}
	return debinstall.Check(set.Arg(0), set.Arg(1), set.Arg(2))
}

// assembleDeb installs packages in the image at /, where nothing can be run.
func assembleDeb(args []string, warn func(string)) error {
	var opt debinstall.Options
	var skip bool
	set := newFlags("assemble-deb")
	set.StringVar(&opt.Meta, "meta", "", "")
	set.BoolVar(&skip, "skip-scripts", false, "")
	if err := parseDebian(set, args, 0, 0); err != nil {
		return err
	}
	since, err := startTimes()
	if err != nil {
		return err
	}
	if err := debinstall.Assemble(opt, skip); err != nil {
		return err
	}
	return clampNew("/", since, warn)
}

// installDeb runs an installer on the image at /, and gives what it made there a
// time that is the same in every run.
func installDeb(verb string, args []string, least, most int, warn func(string), install func(debinstall.Options, []string) error) error {
	opt := debinstall.Options{Log: os.Stderr}
	set := newFlags(verb)
	set.StringVar(&opt.Base, "base", "", "")
	set.StringVar(&opt.Meta, "meta", "", "")
	if err := parseDebian(set, args, least, most); err != nil {
		return err
	}
	if err := adoptOrphans(); err != nil {
		return err
	}
	since, err := startTimes()
	if err != nil {
		return err
	}
	if runtime.NumCPU() > 1 {
		go ahead("/")
	}
	err = install(opt, set.Args())
	if err := errors.Join(err, killRest()); err != nil {
		return err
	}
	return clampNew("/", since, warn)
}
