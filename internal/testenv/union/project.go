// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package union

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
)

// Project is a build file made by chance, with its base and its context.
type Project struct {
	Base, Context *Node
	// Scratch says that the image is put on nothing; commands run in the base.
	Scratch bool
	Layers  []Layer
	// in is what commands run in, if that isn't the base.
	in *Node
}

// Layer is a files layer, a command in place, or one that ships what it makes.
type Layer struct {
	Entries []Entry
	// Script is lines of rm -rf and mkdir, which change the image.
	Script []string
	// Ships is what a command makes; nil for another layer.
	Ships *Ships
}

// Ships is what a command makes apart from the image.
type Ships struct {
	// Out is what it leaves in $out, if it has that.
	Out *Node
	// Made is what it leaves in /made, of which the outputs ship.
	Made    *Node
	Outputs []Output
	// OnLayers says that it runs in the image so far.
	OnLayers bool
}

// Output is a path of a command's root, and its place in the image.
type Output struct{ Source, Dest string }

// Entry is an entry of a files layer. Content, Symlink, Source or nothing, for a
// directory, says what it puts at Dest.
type Entry struct {
	Dest, Content, Symlink, Source string
	Mode, Owner                    string
}

// NewProject makes a project from a seed; the same one each time.
func NewProject(seed uint64) *Project {
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // it must be the same each time
	p := &Project{Base: NewDir(), Context: NewDir()}
	fill(r, p.Base, 3)
	for _, name := range []string{"s", "t", "u"} {
		tree := NewDir()
		fill(r, tree, 2)
		p.Context.Kids[name] = tree
	}
	p.Context.Kids["file"] = &Node{Kind: File, Data: "file", Mode: 0o644}
	p.Context.Kids["to-file"] = &Node{Kind: Link, Data: "file", Mode: 0o777}
	p.Scratch = r.IntN(6) == 0
	for range 2 + r.IntN(4) {
		p.Layers = append(p.Layers, layer(r, len(p.Layers) > 0 && !p.Scratch))
	}
	return p
}

// fill puts files, links and directories into a directory.
func fill(r *rand.Rand, n *Node, depth int) {
	for _, name := range []string{"a", "b", "c"} {
		switch k := r.IntN(7); {
		case k < 2 && depth > 0:
			sub := NewDir()
			sub.Mode = []uint32{0o755, 0o700, 0o750}[r.IntN(3)]
			fill(r, sub, depth-1)
			n.Kids[name] = sub
		case k == 2:
			n.Kids[name] = &Node{Kind: File, Data: fmt.Sprint(r.IntN(1000)), Mode: 0o644}
		case k == 3:
			n.Kids[name] = &Node{Kind: Link, Data: target(r), Mode: 0o777}
		}
	}
}

// target is where a link leads.
func target(r *rand.Rand) string {
	return []string{"a", "b", "../b", "../a/c", "/a", "/c/b", "/b", "nowhere", "/c"}[r.IntN(9)]
}

// place is a path of one to three components.
func place(r *rand.Rand) string {
	p := "/"
	for range 1 + r.IntN(3) {
		p = path.Join(p, string(rune('a'+r.IntN(3))))
	}
	return p
}

func layer(r *rand.Rand, after bool) Layer {
	if r.IntN(5) == 0 {
		return Layer{Ships: ships(r)}
	}
	if after && r.IntN(7) == 0 {
		var l Layer
		for range 1 + r.IntN(2) {
			if r.IntN(3) == 0 {
				l.Script = append(l.Script, "mkdir "+place(r)+" 2>/dev/null || true")
			} else {
				l.Script = append(l.Script, "rm -rf "+place(r)+" 2>/dev/null || true")
			}
		}
		return l
	}
	var l Layer
	for range 1 + r.IntN(3) {
		l.Entries = append(l.Entries, entry(r))
	}
	return l
}

func entry(r *rand.Rand) Entry {
	e := Entry{Dest: place(r)}
	if r.IntN(4) == 0 {
		e.Owner = fmt.Sprintf("%d:%d", 1+r.IntN(3), 1+r.IntN(3))
	}
	switch k := r.IntN(10); {
	case k < 2:
		e.Content = fmt.Sprint("x", r.IntN(1000))
	case k == 2:
		e.Symlink = target(r)
	case k == 3:
		if r.IntN(2) == 0 {
			e.Mode = "0711"
		}
	default:
		e.Source = []string{"s", "t", "u", "s/a", "t/b", "file", "to-file"}[r.IntN(7)]
		if r.IntN(2) == 0 {
			e.Dest += "/"
		}
		if r.IntN(8) == 0 {
			e.Dest = "/"
		}
	}
	return e
}

// ships is a command with $out, with outputs or with both.
func ships(r *rand.Rand) *Ships {
	s := &Ships{OnLayers: r.IntN(4) == 0}
	if r.IntN(3) > 0 {
		s.Out = NewDir()
		fill(r, s.Out, 2)
		if r.IntN(3) > 0 {
			return s
		}
	}
	s.Made = NewDir()
	for len(s.Made.Kids) == 0 {
		fill(r, s.Made, 1)
	}
	names := slices.Sorted(maps.Keys(s.Made.Kids))
	for range 1 + r.IntN(3) {
		o := Output{Source: "/made/" + names[r.IntN(len(names))], Dest: place(r)}
		if r.IntN(2) == 0 {
			o.Dest += "/"
		}
		s.Outputs = append(s.Outputs, o)
	}
	return s
}

// YAML is the build file on a base, with a limit of layers unless it is 0.
func (p *Project) YAML(base string, limit int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "from: %s\n", p.on(base))
	if limit > 0 {
		fmt.Fprintf(&b, "max_layers: %d\n", limit)
	}
	p.writeLayers(&b, "", base, p.Layers)
	return b.String()
}

// Targets is the build file on a base with each layer in a target of its own, on the one
// before.
func (p *Project) Targets(base string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "from: target:t%d\ntargets:\n", len(p.Layers)-1)
	on := p.on(base)
	for i := range p.Layers {
		fmt.Fprintf(&b, "  t%d:\n    from: %s\n", i, on)
		p.writeLayers(&b, "    ", base, p.Layers[i:i+1])
		on = fmt.Sprintf("target:t%d", i)
	}
	return b.String()
}

// on is what the image is put on.
func (p *Project) on(base string) string {
	if p.Scratch {
		return "scratch"
	}
	return base
}

// OneByOne is the image of the build file that Targets is. An error means that it has to
// be refused, unless it is ErrMeets: files on what a command made are placed where nothing
// is known of it, which Image has rules for.
func (p *Project) OneByOne() (*Node, error) {
	base := p.Base
	for i, l := range p.Layers {
		part := &Project{Base: base, Context: p.Context, Scratch: p.Scratch && i == 0, in: p.Base, Layers: p.Layers[i : i+1]}
		made, err := part.Image()
		if err != nil {
			return nil, err
		}
		if l.Script != nil && i+1 < len(p.Layers) {
			return nil, ErrMeets
		}
		base = made
	}
	return base, nil
}

// writeLayers writes layers with something before each line.
func (p *Project) writeLayers(b *strings.Builder, before, base string, layers []Layer) {
	b.WriteString(before + "layers:\n")
	for _, l := range layers {
		if l.Script != nil {
			b.WriteString(before + "  - build:\n" + before + "      run: |\n")
			for _, line := range l.Script {
				b.WriteString(before + "        " + line + "\n")
			}
			continue
		}
		if l.Ships != nil {
			l.Ships.write(b, before, base)
			continue
		}
		b.WriteString(before + "  - files:\n")
		for _, e := range l.Entries {
			fmt.Fprintf(b, "%s      - {dest: %q", before, e.Dest)
			for _, key := range [][2]string{{"content", e.Content}, {"symlink", e.Symlink}, {"source", e.Source}, {"mode", e.Mode}, {"owner", e.Owner}} {
				if key[1] != "" {
					fmt.Fprintf(b, ", %s: %q", key[0], key[1])
				}
			}
			if e.Content == "" && e.Symlink == "" && e.Source == "" {
				b.WriteString(", directory: true")
			}
			b.WriteString("}\n")
		}
	}
}
