// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/strata-build/strata/internal/convert/apko"
	"github.com/strata-build/strata/internal/convert/dhi"
	"github.com/strata-build/strata/internal/convert/report"
	"github.com/strata-build/strata/llb/spec"
)

var dir = flag.String("dir", "..", "the `directory` whose definitions are converted; also those in archives of txtar")

// tally is what is counted over a collection.
type tally struct {
	definitions, withUses, refused, failed, lossy, lossyWithUses int
	lines, was                                                   int
	ratios                                                       []float64
	lost                                                         map[string]int
}

// TestCatalog converts every definition below a directory. None may fail, and what
// becomes of it must be a build file.
func TestCatalog(t *testing.T) {
	sum := tally{lost: map[string]int{}}
	err := filepath.WalkDir(*dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".yaml" && filepath.Ext(path) != ".txtar" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if filepath.Ext(path) == ".txtar" {
			if data = txtar.Parse(data).Files[0].Data; filepath.Base(filepath.Dir(filepath.Dir(path))) == "dockerfile" {
				return nil
			}
		}
		if dhi.Is(data) || apko.Is(data) {
			sum.definition(t, path, data)
		}
		return nil
	})
	if err != nil || sum.definitions == 0 {
		t.Fatalf("%d definitions in %s: %v", sum.definitions, *dir, err)
	}
	for _, what := range slices.SortedFunc(maps.Keys(sum.lost), func(a, b string) int { return sum.lost[b] - sum.lost[a] }) {
		fmt.Printf("%6d %s\n", sum.lost[what], what)
	}
	fmt.Printf("init-catalog: %d definitions, %d with actions; %d refused at a line, %d became no build file; lost something: %d without actions, %d of the others; %d lines for %d (%.2f, median %.2f)\n",
		sum.definitions, sum.withUses, sum.refused, sum.failed, sum.lossy, sum.lossyWithUses, sum.lines, sum.was, float64(sum.lines)/float64(sum.was), median(sum.ratios))
}

// median is 0 of nothing.
func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func (s *tally) definition(t *testing.T, path string, data []byte) {
	s.definitions++
	made, err := convert(data)
	if at := (*report.LineError)(nil); errors.As(err, &at) {
		t.Logf("%s:%d: %v", path, at.Line, at.Err)
		s.refused++
		return
	}
	if err != nil {
		t.Errorf("%s: %v", path, err)
		s.failed++
		return
	}
	text, err := made.File.Bytes()
	if err == nil {
		_, err = spec.Parse("strata.yaml", text)
	}
	if err != nil {
		t.Errorf("%s: %v\n", path, err)
		s.failed++
		return
	}
	lines, was := strings.Count(string(text), "\n"), strings.Count(string(data), "\n")
	s.lines, s.was, s.ratios = s.lines+lines, s.was+was, append(s.ratios, float64(lines)/float64(max(1, was)))
	lossy := false
	for _, n := range made.Notes {
		if n.Kind != report.Lost {
			continue
		}
		key, _, _ := strings.Cut(n.Text, ":")
		s.lost[key]++
		lossy = lossy || !strings.HasSuffix(key, "pipeline.uses")
	}
	switch {
	case len(made.Uses) > 0:
		s.withUses++
		if lossy {
			s.lossyWithUses++
		}
	case lossy:
		s.lossy++
	}
}

// convert takes a file for what it is.
func convert(data []byte) (*dhi.Result, error) {
	if dhi.Is(data) {
		return dhi.Convert(data)
	}
	made, err := apko.Convert(data, apko.Options{})
	if err != nil {
		return nil, err
	}
	return &dhi.Result{File: made.File, Notes: made.Notes}, nil
}
