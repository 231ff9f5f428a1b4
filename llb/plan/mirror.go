// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

// Archives are all files that the plan's packages and store paths are fetched as.
func (p *Plan) Archives() []Archive {
	var out []Archive
	for _, img := range p.Images {
		for _, l := range img.Layers {
			out = append(out, l.Action.Fetches()...)
		}
	}
	return out
}

// NextMirror leaves out the first address of the archives that are chosen by it and
// have another one, and reports whether there was any. Each of the others stays
// what it was, so that it isn't fetched again.
func (p *Plan) NextMirror(choose func(url string) bool) bool {
	moved := false
	for _, img := range p.Images {
		for _, l := range img.Layers {
			moved = NextMirror(l.Action.Fetches(), choose) || moved
		}
	}
	return moved
}

// NextMirror does so with some archives.
func NextMirror(archives []Archive, choose func(url string) bool) bool {
	moved := false
	for i := range archives {
		if a := &archives[i]; len(a.URLs) > 1 && choose(a.URLs[0]) {
			a.URLs = a.URLs[1:]
			a.Attempt++
			moved = true
		}
	}
	return moved
}
