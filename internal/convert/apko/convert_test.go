// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package apko_test

import (
	"flag"
	"testing"

	"github.com/strata-build/strata/internal/convert/apko"
	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/convert/report"
	"github.com/strata-build/strata/internal/testenv/converted"
)

var update = flag.Bool("update", false, "write what the tests see into testdata")

func convert(data []byte) (*draft.File, []report.Note, error) {
	made, err := apko.Convert(data, apko.Options{})
	if err != nil {
		return nil, nil, err
	}
	return made.File, made.Notes, nil
}

// TestGolden converts the definition of each archive in testdata.
func TestGolden(t *testing.T) { converted.Definition(t, *update, apko.Is, convert) }

// FuzzConvert converts anything.
func FuzzConvert(f *testing.F) { converted.Fuzz(f, convert) }
