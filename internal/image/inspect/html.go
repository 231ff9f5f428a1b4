// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"cmp"
	_ "embed"
	"html/template"
	"io"
	"slices"
	"strings"
)

//go:embed page.html
var page string

// pageFiles is how many files the page lists; the smaller ones of more are summed
// up by layer.
const pageFiles = 50_000

// pageData is what the page's script gets.
type pageData struct {
	Name     string      `json:"name"`
	Platform string      `json:"platform"`
	Digest   string      `json:"digest"`
	Layers   []pageLayer `json:"layers"`
	// Files are lists of path, layer, size and whether it is gone.
	Files [][4]any `json:"files"`
	// Left are the files that are not listed.
	Left int `json:"left"`
}

type pageLayer struct {
	Digest   string   `json:"digest"`
	Strategy string   `json:"strategy"`
	Made     string   `json:"made"`
	Size     int64    `json:"size"`
	Unpacked int64    `json:"unpacked"`
	Wasted   int64    `json:"wasted"`
	Files    int      `json:"files"`
	Holds    []string `json:"holds"`
}

// WriteHTML writes a page that needs nothing else: a map of the layers, in which
// an area is as large as its file, and a list of the files to sort.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := template.New("page").Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(w, r.pageData())
}

func (r *Report) pageData() pageData {
	d := pageData{Name: r.Name, Platform: r.Platform, Digest: r.Manifest.String(), Files: [][4]any{}}
	for _, l := range r.Layers {
		d.Layers = append(d.Layers, pageLayer{
			Digest: l.Digest.String(), Strategy: l.Strategy, Made: text(l.Made), Size: l.Size, Unpacked: l.Unpacked,
			Wasted: l.Wasted, Files: l.Files, Holds: append(append([]string{}, l.Packages...), l.StorePaths...),
		})
	}
	all := r.All
	if len(all) > pageFiles {
		all = slices.SortedStableFunc(slices.Values(all), func(a, b File) int { return cmp.Compare(b.Size, a.Size) })
		d.Left = len(all) - pageFiles
		all = all[:pageFiles]
	}
	for _, f := range all {
		d.Files = append(d.Files, [4]any{text(f.Path), f.Layer, f.Size, f.Gone})
	}
	return d
}

// text is a name that may have any bytes, as text.
func text(s string) string { return strings.ToValidUTF8(s, "�") }
