// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/llb/spec"
)

// manifest reports whether a file has a name by which tools know what is needed. No
// directory is called so.
func manifest(name string) bool {
	return regexp.MustCompile(`^(go\.(mod|sum|work|work\.sum|\*)|Cargo\.(toml|lock|\*)|pom\.xml|package(-lock)?\*?\.json|yarn\.lock|pnpm-(lock|workspace)\.yaml|\.(npm|yarn)rc(\.yml)?|tsconfig\.json|` +
		`requirements.*\.txt|pyproject\.toml|(poetry|uv|Pipfile|Gemfile|composer)\.lock|composer\.json|(build|settings)\.gradle(\.kts)?|gradle\.properties|Makefile|.*\.csproj)$`).MatchString(name)
}

// withoutCovered leaves out the files that a later entry of the whole context puts into
// the same place.
func withoutCovered(files []draft.Entry) []draft.Entry {
	whole := slices.IndexFunc(files, func(e draft.Entry) bool {
		return slices.Equal(e.Sources, []string{"."}) && plainEntry(&e)
	})
	if whole < 1 {
		return files
	}
	dir := path.Clean(files[whole].Dest)
	var comments []string
	var out []draft.Entry
	for i := range files {
		e := files[i]
		if i < whole && plainEntry(&e) && len(e.Sources) > 0 && !slices.ContainsFunc(e.Sources, func(from string) bool { return !lands(from, e.Dest, dir) }) {
			comments = append(comments, e.Comments...)
			continue
		}
		if i == whole {
			e.Comments = append(comments, e.Comments...)
		}
		out = append(out, e)
	}
	return out
}

// plainEntry reports whether an entry copies from the context and nothing else.
func plainEntry(e *draft.Entry) bool {
	return e.From == "" && e.Mode == "" && e.Owner == "" && !e.Extract && len(e.Include)+len(e.Exclude) == 0
}

// lands reports whether a path of the context goes where the whole of it, put into a
// directory, puts it, too.
func lands(from, dest, dir string) bool {
	want := path.Join(dir, from)
	if manifest(path.Base(from)) && strings.HasSuffix(dest, "/") {
		return path.Join(dest, path.Base(from)) == want
	}
	return path.Clean(dest) == want && !spec.HasGlob(from)
}

// withoutCoveredSources leaves out sources that the whole context has as well.
func withoutCoveredSources(all []draft.Source) []draft.Source {
	last := len(all) - 1
	if w := all[last]; w.Path != "." || w.From != "" || w.Dest != "" || len(w.Include)+len(w.Exclude) > 0 {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(s draft.Source) bool {
		own := s.Dest == "" || s.Dest == s.Path
		return s.From == "" && len(s.Exclude) == 0 && own && (s.Path != "." && (!strings.Contains(s.Path, "/") || s.Dest == s.Path) || len(s.Include) > 0)
	})
}

// written are sources as they are written: patterns that need not match anything as one,
// and a single one so that it means the same without a list.
func writtenSources(all []draft.Source) []draft.Source {
	var out []draft.Source
	for _, s := range all {
		n := len(out)
		if n > 0 && s.Path == "." && out[n-1].Path == "." && len(s.Include) > 0 && len(out[n-1].Include) > 0 && s.From+s.Dest+out[n-1].From+out[n-1].Dest == "" && len(s.Exclude)+len(out[n-1].Exclude) == 0 {
			out[n-1].Include = append(slices.Clone(out[n-1].Include), s.Include...)
			continue
		}
		out = append(out, s)
	}
	if len(out) != 1 {
		return out
	}
	switch s := &out[0]; {
	case s.Dest == "./":
		s.Dest = ""
	case s.Dest == "" && s.Path != "." && !manifest(path.Base(s.Path)):
		if s.Dest = path.Base(s.Path); spec.HasGlob(s.Path) {
			s.Dest = ""
		}
	}
	return out
}
