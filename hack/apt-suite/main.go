// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Command apt-suite runs the scenarios of apt's own integration tests, from a checkout
// of apt, and says where Strata's resolver answers otherwise than apt does:
//
//	go run ./hack/apt-suite [-v] [-run PATTERN] path/to/apt
//	go run ./hack/apt-suite [-v] -sets N [-seed N]
//
// The scripts run with the machine's apt in a mount and a process namespace, as root.
// Whenever one of them installs packages or upgrades the system, "apt-get -s" is asked
// first what it would do, and ours about the same state: the status, the indexes, the
// preferences and the options. What the script expects doesn't count, so that the
// checkout need not be of the machine's version of apt.
//
// With -sets so many small archives are made up, with a status and preferences, and both
// are asked for some packages of each.
//
// Differences that are meant have a reason in this program. The exit status is 1 when
// there is one without.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
)

func main() {
	if name := filepath.Base(os.Args[0]); name == "apt-get" || name == "apt" {
		os.Exit(standIn(name, os.Args[1:]))
	}
	verbose := flag.Bool("v", false, "print a line for each scenario")
	only := flag.String("run", ".", "only scripts with such a name")
	seed := flag.Uint64("seed", 1, "what archives are drawn by")
	sets := flag.Uint64("sets", 0, "how many archives are made up")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil || (flag.NArg() == 1) != (*sets == 0) || flag.NArg() > 1 {
		fmt.Fprintln(os.Stderr, "usage: apt-suite [-v] [-run PATTERN] path/to/apt, or apt-suite [-v] -sets N [-seed N]")
		os.Exit(2)
	}
	wrong := 0
	if *sets > 0 {
		wrong, err = runSets(os.Stdout, *seed, *sets, *verbose)
	} else {
		wrong, err = run(os.Stdout, flag.Arg(0), pattern, *verbose)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "apt-suite:", err)
		os.Exit(2)
	}
	if wrong > 0 {
		os.Exit(1)
	}
}

// run runs the scripts and returns how many scenarios have another answer without a
// reason.
func run(w io.Writer, dir string, pattern *regexp.Regexp, verbose bool) (wrong int, err error) {
	s, err := newSuite(dir)
	if err != nil {
		return 0, err
	}
	defer s.close()
	scripts, err := s.scripts(pattern)
	if err != nil {
		return 0, err
	}
	var t tally
	for _, script := range scripts {
		scenarios, err := s.run(script)
		if err != nil {
			return 0, err
		}
		for _, sc := range scenarios {
			sc.judge()
			t.add(sc)
			if verbose || sc.Kind == differs {
				fmt.Fprintln(w, sc)
			}
		}
	}
	t.report(w, fmt.Sprintf("%d scripts", len(scripts)))
	return t.kinds[differs], nil
}
