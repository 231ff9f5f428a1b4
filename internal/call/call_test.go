// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package call_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/strata-build/strata/internal/call"
)

// again reads what a call's arguments say.
func again[C interface{ Args() []string }](parse func([]string) (C, error)) func(any) (any, error) {
	return func(c any) (any, error) { return parse(c.(C).Args()[1:]) }
}

func TestArgumentsAreReadAsTheyWereMade(t *testing.T) {
	sum := strings.Repeat("0f", 32)
	for _, c := range []struct {
		made any
		read func(any) (any, error)
	}{
		{call.Skeleton{Source: "/in", Out: "/out"}, again(call.ParseSkeleton)},
		{call.Place{Source: "/in", Out: "/out"}, again(call.ParsePlace)},
		{call.Place{
			Skeleton: "/skeleton", Users: "/users", From: "out", Owner: "app:staff", Keep: []string{"/a", "/b c"},
			Chown: map[string]string{"/a=b": "0:0", "/c": "app"}, Source: "-in", Out: "--out",
		}, again(call.ParsePlace)},
		{call.Place{PreserveOwner: true, Source: "/in", Out: "/out"}, again(call.ParsePlace)},
		{call.Run{Command: []string{"--", "-x"}}, again(call.ParseRun)},
		{call.Run{
			Memory: []call.Memory{{Mode: 0o1777, Path: "/tmp"}, {Mode: 0, Path: "/a=b"}}, User: "app", Home: "/root", Skip: []string{"/x", "/y"},
			KeepTimes: true, Command: []string{"sh", "-c", "true"},
		}, again(call.ParseRun)},
		{call.Exec{Env: []string{"PATH", "HOME"}, Command: []string{"nix", "--version"}}, again(call.ParseExec)},
		{call.Store{Dir: "/s", Report: "/report", Out: "/out", Items: []call.Item{
			{Name: "a", Hash: sum, Size: 1 << 40, Format: "zstd", Input: "/in/0"},
			{Name: "a/b", Format: call.FormatModes, Input: "/in/1,2"},
		}}, again(call.ParseStore)},
		{call.Scan{Store: "/s", Content: "content", Source: "/in", Out: "/out"}, again(call.ParseScan)},
		{call.Link{Store: "/s", Into: "/usr/local", Mounts: []string{"/in/0", "/in/1"}, Roots: []string{"/s/a"}, Out: "/out"}, again(call.ParseLink)},
	} {
		got, err := c.read(c.made)
		if diff := cmp.Diff(c.made, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("error %v, it was read as another one (-made +read):\n%s", err, diff)
		}
	}
}

// parsers read arguments, and return those of what was read.
func parsers() map[string]func([]string) ([]string, error) {
	return map[string]func([]string) ([]string, error){
		"skeleton": made(call.ParseSkeleton), "place": made(call.ParsePlace), "run": made(call.ParseRun), "exec": made(call.ParseExec),
		"store": made(call.ParseStore), "scan": made(call.ParseScan), "link": made(call.ParseLink),
	}
}

func made[C interface{ Args() []string }](parse func([]string) (C, error)) func([]string) ([]string, error) {
	return func(args []string) ([]string, error) {
		c, err := parse(args)
		if err != nil {
			return nil, err
		}
		return c.Args(), nil
	}
}

func TestBadArguments(t *testing.T) {
	for _, line := range []string{
		"skeleton", "skeleton /in", "skeleton /in /out /more", "skeleton --nope /in /out",
		"place /in", "place --chown /x /in /out", "place --chown =app /in /out", "place --owner a --preserve-owner /in /out",
		"run", "run --", "run --tmpfs 0755 -- x", "run --tmpfs 9=/x -- x", "run --tmpfs 17777=/x -- x", "exec --env A", "exec -h",
		"store /out", "store a,b /out", "store a,-,-,gzip,/in /out", "scan /in", "link /out", "link --into /usr",
	} {
		words := strings.Fields(line)
		_, err := parsers()[words[0]](words[1:])
		var bad *call.ArgumentsError
		if !errors.As(err, &bad) || bad.Name != words[0] {
			t.Errorf("%s: error %v", line, err)
		}
	}
}

// FuzzParse holds what is read to what it is written as: that is read the same way.
func FuzzParse(f *testing.F) {
	for _, line := range []string{
		"skeleton\n/in\n/out", "place\n--chown\n/a=b=c\n--keep\n/x\n--\n-in\n/out", "run\n--tmpfs\n01777=/tmp\n--user=app\nsh\n-c", "exec\n--env\nA\n--\n--",
		"store\n--\n-a,-,-,modes,/in\n/out", "store\na," + strings.Repeat("0", 64) + ",+7,tree,/in\n/out", "scan\n--store=\n/in\n/out", "link\n--into\n/\n--root\n\n/out",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, lines string) {
		words := strings.Split(lines, "\n")
		parse, ok := parsers()[words[0]]
		if !ok {
			return
		}
		once, err := parse(words[1:])
		if err != nil {
			return
		}
		twice, err := parse(once[1:])
		if diff := cmp.Diff(once, twice); err != nil || diff != "" {
			t.Errorf("%q was read, and then written as %q and read otherwise (error %v):\n%s", words, once, err, diff)
		}
	})
}
