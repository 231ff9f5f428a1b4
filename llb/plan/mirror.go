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

// Again lets the files of the chosen addresses be fetched once more, and reports whether
// there are any.
func (p *Plan) Again(choose func(url string) bool) bool {
	found := false
	for _, img := range p.Images {
		for _, l := range img.Layers {
			archives := l.Action.Fetches()
			for i := range archives {
				if a := &archives[i]; len(a.URLs) > 0 && choose(a.URLs[0]) {
					a.Attempt++
					found = true
				}
			}
			if r, ok := l.Action.(repeater); ok {
				found = r.again(choose) || found
			}
		}
	}
	return found
}

// repeater is an action that has files of servers other than archives.
type repeater interface {
	again(choose func(url string) bool) bool
}

func (a *Store) again(choose func(url string) bool) bool {
	found := false
	for i := range a.Items {
		if item := &a.Items[i]; choose(item.URL) {
			item.Attempt++
			found = true
		}
	}
	return found
}

func (a *Files) again(choose func(url string) bool) bool {
	found := false
	for _, f := range a.fetches() {
		if choose(f.URL) {
			f.Attempt++
			found = true
		}
	}
	return found
}

// fetches are the files of servers that a layer has, and those of their signatures.
func (a *Files) fetches() []*HTTP {
	var out []*HTTP
	for _, e := range a.Entries {
		for f := e.HTTP; f != nil; {
			out = append(out, f)
			if f.Signature == nil {
				break
			}
			f = f.Signature.HTTP
		}
	}
	return out
}

// FetchApart has BuildKit fetch all archives, each as a source of its own, and reports
// whether steps fetched any.
func (p *Plan) FetchApart() bool {
	found := false
	for _, img := range p.Images {
		for _, l := range img.Layers {
			if a, ok := l.Action.(interface{ fetchApart() bool }); ok {
				found = a.fetchApart() || found
			}
		}
	}
	return found
}

func (a *Unpack) fetchApart() (was bool) {
	was, a.InStep = a.InStep, false
	return was
}

func (a *Store) fetchApart() (was bool) {
	was, a.InStep = a.InStep, false
	return was
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
