// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lint_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// TestMany checks build files that have very many of something: each takes a second or two,
// and minutes where all are looked at for each.
func TestMany(t *testing.T) {
	const most = 90 * time.Second
	for name, text := range map[string]string{
		"arguments":         "args:\n" + many(40_000, "  A%d: x\n"),
		"missing ones":      "args:\n" + many(100_000, "  A%d:\n"),
		"variables":         "from: base:1\nconfig:\n  env:\n" + many(60_000, "    A%d: x\n"),
		"users":             "users: [" + many(40_000, "u%d, ") + "]\n",
		"users and groups":  "users: [" + many(40_000, "u%d, ") + "]\ngroups: [" + many(40_000, "g%d, ") + "]\n",
		"members":           "users: [" + many(40_000, "u%d, ") + "]\ngroups: [{name: g, members: [" + many(40_000, "u%d, ") + "]}]\n",
		"targets":           "layers:\n  - files:\n" + many(12_000, "      - {dest: /a%[1]d, from: \"target:a%[1]d\", source: /x}\n") + "targets:\n" + many(12_000, "  a%d: {from: base:1}\n"),
		"blocks of nothing": "x-a:\n" + strings.Repeat("  - |\n", 150_000),
	} {
		start := time.Now()
		s, err := spec.Parse("strata.yaml", []byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		lint.File(s, "", nil, lint.Config{})
		parsed := time.Since(start)
		amd64 := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
		_, err = strategy.Plan(t.Context(), strategy.Request{Spec: s, Platform: amd64, BuildPlatform: amd64, Bases: bases{}})
		if err != nil && name != "missing ones" {
			t.Errorf("%s: %v", name, err)
		}
		t.Logf("%s: %d bytes, %v and %v", name, len(text), parsed, time.Since(start)-parsed)
		if took := time.Since(start); took > most {
			t.Errorf("%s: it takes %v", name, took)
		}
	}
}

func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}
