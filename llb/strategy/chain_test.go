// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// TestLongChain plans a chain of targets in time that grows with its length: with the
// square of it, this one would take a minute, and with the cube hours.
func TestLongChain(t *testing.T) {
	const n = 5000
	var file strings.Builder
	file.WriteString("targets:\n  t0: {from: scratch}\n")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&file, "  t%d: {from: \"target:t%d\"}\n", i, i-1)
	}
	s, err := spec.Parse("strata.yaml", []byte(file.String()))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	p, err := strategy.Plan(t.Context(), strategy.Request{Spec: s, Target: fmt.Sprintf("t%d", n-1)})
	if err != nil || len(p.Images) != n {
		t.Fatal(len(p.Images), err)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}
