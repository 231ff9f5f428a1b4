// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import "testing"

func TestFirstLine(t *testing.T) {
	for script, want := range map[string]string{
		"make install": "make install",
		"set -eux\nmkdir -p $out/bin\ncp a $out/bin":  "cp a $out/bin",
		"set -eux; mkdir $out && cp a $out":           "cp a $out",
		"#!/bin/sh\n# copies\n\ncd /src\nCC=gcc make": "CC=gcc make",
		"VERSION=1 ARCH=x\nexport VERSION\ncurl -O x": "curl -O x",
		"mkdir -p $out/empty":                         "mkdir -p $out/empty",
		"set -e\nmkdir $out/a\nmkdir $out/b":          "mkdir $out/a",
		"mkdir '/a;b' && make":                        "mkdir '/a;b' && make",
		"set -eux":                                    "a command",
		"":                                            "a command",
		"X=$(make thing; echo)":                       "X=$(make thing; echo)",
		"echo 0123456789012345678901234567890123456789012345678901234567890": "echo 012345678901234567890123456789012345678901234567890123…",
	} {
		if got := firstLine(script); got != want {
			t.Errorf("%q is called %q, want %q", script, got, want)
		}
	}
}
