// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/strata-build/strata/internal/distro/alpine/install"
)

func unpackAPK(args []string) error {
	var image string
	set := newFlags("unpack-apk")
	set.StringVar(&image, "skeleton", "", "")
	if err := parseDebian(set, args, 3, 3); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(set.Arg(0), "*.apk"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("unpack packages: there are none in %s", show(set.Arg(0)))
	}
	slices.Sort(files)
	return install.Unpack(context.Background(), files, set.Arg(1), set.Arg(2), image)
}

// installAPK enters packages in the database of the image at /, and gives what
// that made there a time that is the same in every run.
func installAPK(args []string, warn func(string)) (int, error) {
	opt := install.Options{Log: os.Stderr}
	scripts := string(install.Run)
	set := newFlags("install-apk")
	set.StringVar(&opt.Meta, "meta", "", "")
	set.StringVar(&scripts, "scripts", scripts, "")
	set.Var((*list)(&opt.Wanted), "want", "")
	if err := set.Parse(args); err != nil || set.NArg() > 0 || opt.Meta == "" {
		return ownFault, fmt.Errorf("read arguments of install-apk: %w\n%s", errors.Join(err, errors.New("want --meta and flags")), usage)
	}
	opt.Scripts = install.Scripts(scripts)
	if err := adoptOrphans(); err != nil {
		return ownFault, err
	}
	since, err := startTimes()
	if err != nil {
		return ownFault, err
	}
	err = install.Install(context.Background(), opt)
	if err := errors.Join(err, killRest()); err != nil {
		var exit *install.ExitError
		if errors.As(err, &exit) && exit.Status > 0 {
			return exit.Status, err
		}
		return ownFault, err
	}
	if err := clampNew("/", since, warn); err != nil {
		return ownFault, err
	}
	return 0, nil
}
