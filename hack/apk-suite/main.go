// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Command apk-suite runs the tests that apk-tools has for its solver and for its order
// of versions, from a checkout of apk-tools, and says where Strata's answers are others:
//
//	go run ./hack/apk-suite [-v] path/to/apk-tools
//	go run ./hack/apk-suite [-v] -apk COMMAND [-seed N] [-sets N]
//
// A test of the solver is a command of apk, repositories, what is installed, and what
// apk prints. What a build file can ask for, "apk add" and "apk upgrade", is resolved
// and compared: the packages, their versions, what goes, and the order of installation.
//
// With -apk the questions are made up, and apk itself answers them.
//
// The exit status is 1 when there is a difference.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	verbose := flag.Bool("v", false, "print a line for each question")
	command := flag.String("apk", "", "apk, and words before its own, to ask about questions that are made up")
	seed := flag.Uint64("seed", 1, "what these are drawn by")
	sets := flag.Uint64("sets", 1000, "how many")
	flag.Parse()
	s := &suite{out: os.Stdout, verbose: *verbose}
	var err error
	switch {
	case *command != "" && flag.NArg() == 0:
		err = s.runSets(&apk{strings.Fields(*command)}, *seed, *sets)
	case *command == "" && flag.NArg() == 1:
		err = s.runTests(flag.Arg(0))
	default:
		fmt.Fprintln(os.Stderr, "usage: apk-suite [-v] path/to/apk-tools, or apk-suite [-v] -apk COMMAND")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "apk-suite:", err)
		os.Exit(2)
	}
	if s.wrong > 0 {
		os.Exit(1)
	}
}

// A suite prints what comes of questions.
type suite struct {
	out     io.Writer
	verbose bool
	wrong   int // answers that are others
	tally   tally
}

// runTests runs all tests of a checkout.
func (s *suite) runTests(dir string) error {
	if err := s.runVersions(dir); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, "test/solver/*.test"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s has no tests of the solver: want test/solver/*.test, as apk-tools 3 has them", dir)
	}
	for _, file := range files {
		q, err := readQuestion(file)
		if err == nil {
			err = s.compare(q)
		}
		if err != nil {
			return err
		}
	}
	s.tally.report(s.out, "tests of the solver")
	return nil
}

// runSets asks apk, too, about questions that are made up.
func (s *suite) runSets(program *apk, seed, sets uint64) error {
	for n := range sets {
		q := generate(seed, n)
		var err error
		if q.want, err = program.ask(q); err == nil {
			err = s.compare(q)
		}
		if err != nil {
			return err
		}
	}
	s.tally.report(s.out, fmt.Sprintf("sets of seed %d", seed))
	return nil
}

// compare counts a question, and prints it if it came out wrong.
func (s *suite) compare(q *question) error {
	v, err := q.compare()
	if err != nil {
		return err
	}
	s.tally.add(v)
	if v.kind == differs {
		s.wrong++
	}
	if s.verbose || v.kind == differs {
		fmt.Fprintln(s.out, v)
	}
	return nil
}
