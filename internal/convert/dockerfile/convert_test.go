// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile_test

import (
	"flag"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/strata-build/strata/internal/convert/dockerfile"
	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/convert/report"
	"github.com/strata-build/strata/internal/testenv/converted"
)

var update = flag.Bool("update", false, "write what the tests see into testdata")

// TestGolden converts the Dockerfile of each archive in testdata, faithfully and as
// people write build files. An archive's files below context/ are the build context.
func TestGolden(t *testing.T) { converted.Archives(t, *update, golden) }

func golden(t *testing.T, a *txtar.Archive) (out []txtar.File) {
	var data []byte
	context := fstest.MapFS{}
	for _, f := range a.Files {
		name, isContext := strings.CutPrefix(f.Name, "context/")
		switch {
		case f.Name == "Dockerfile":
			data = f.Data
		case isContext:
			context[name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
		default:
			continue
		}
		out = append(out, f)
	}
	for _, name := range []string{"faithful", "idiomatic"} {
		o := dockerfile.Options{Faithful: name == "faithful"}
		if len(context) > 0 {
			o.Context = fs.FS(context)
		}
		text, notes := converted.Text(t, data, func(data []byte) (*draft.File, []report.Note, error) {
			r, err := dockerfile.Convert(data, o)
			if err != nil {
				return nil, nil, err
			}
			return r.File, r.Notes, nil
		})
		out = append(out, txtar.File{Name: name + ".yaml", Data: text})
		if len(notes) > 0 {
			out = append(out, txtar.File{Name: name + ".notes", Data: notes})
		}
	}
	return out
}
