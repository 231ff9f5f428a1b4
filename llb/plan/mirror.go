// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

// Archives are all files that the plan's packages and store paths are fetched as.
func (p *Plan) Archives() []Archive {
	var out []Archive
	for _, img := range p.Images {
		for _, l := range img.Layers {
			out = append(out, archivesOf(l.Action)...)
		}
	}
	return out
}

// NextMirror leaves out the first address of every archive that has another one,
// and tells whether there was any. What was fetched before isn't fetched again:
// an archive is known by its digest.
func (p *Plan) NextMirror() bool {
	moved := false
	for _, img := range p.Images {
		for _, l := range img.Layers {
			archives := archivesOf(l.Action)
			for i := range archives {
				if a := &archives[i]; len(a.URLs) > 1 {
					a.URLs = a.URLs[1:]
					moved = true
				}
			}
		}
	}
	return moved
}

func archivesOf(a Action) []Archive {
	switch a := a.(type) {
	case *Unpack:
		return a.Archives
	case *Install:
		return a.Archives
	}
	return nil
}
