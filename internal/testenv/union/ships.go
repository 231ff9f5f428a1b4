// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package union

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// write writes the layer of a command that runs in a base, with something before each line.
func (s *Ships) write(b *strings.Builder, before, base string) {
	b.WriteString(before + "  - build:\n")
	if s.OnLayers {
		base = "layers"
	}
	b.WriteString(before + "      from: " + base + "\n")
	if len(s.Outputs) > 0 {
		b.WriteString(before + "      outputs:\n")
		for _, o := range s.Outputs {
			fmt.Fprintf(b, "%s        - {source: %q, dest: %q}\n", before, o.Source, o.Dest)
		}
	}
	b.WriteString(before + "      run: |\n")
	for _, line := range s.script() {
		b.WriteString(before + "        " + line + "\n")
	}
}

// script is the command's lines.
func (s *Ships) script() []string {
	lines := []string{"true"}
	if s.Out != nil {
		lines = append(lines, "true $out")
		lines = commands(lines, s.Out, "$out")
	}
	if s.Made != nil {
		lines = append(lines, "mkdir /made")
		lines = commands(lines, s.Made, "/made")
	}
	return lines
}

// commands adds those that make what is in a directory.
func commands(lines []string, n *Node, at string) []string {
	for _, name := range slices.Sorted(maps.Keys(n.Kids)) {
		kid, p := n.Kids[name], at+"/"+name
		switch kid.Kind {
		case Link:
			lines = append(lines, "ln -s "+kid.Data+" "+p)
		case File:
			lines = append(lines, "printf "+kid.Data+" > "+p)
		default:
			lines = append(lines, "mkdir "+p)
			lines = commands(lines, kid, p)
			lines = append(lines, fmt.Sprintf("chmod %o %s", kid.Mode, p))
		}
	}
	return lines
}

// make does what one of these lines does. The directory above the path is there.
func (n *Node) make(words []string, p string) error {
	switch words[0] {
	case "mkdir":
		n.Put(p, NewDir())
	case "printf":
		n.Put(p, &Node{Kind: File, Data: words[1], Mode: 0o644})
	case "ln":
		n.Put(p, &Node{Kind: Link, Data: words[2], Mode: 0o777})
	case "chmod":
		_, err := fmt.Sscanf(words[1], "%o", &n.At(p).Mode)
		return err
	case "true":
	default:
		return fmt.Errorf("run %q: not modelled", words)
	}
	return nil
}

// tree is what ships of a command that runs in an image, before it is put on one: outputs
// over what is in $out, each over the ones before.
func (s *Ships) tree(in *Node) (*Node, error) {
	root, step := NewDir(), in.Clone()
	if s.Out != nil {
		root = s.Out.Clone()
	}
	if s.Made != nil {
		step.Kids["made"] = s.Made
	}
	for _, o := range s.Outputs {
		real, ok := step.Real(o.Source)
		src := step.At(real)
		if !ok || src == nil {
			return nil, ErrRefused
		}
		into, dest := strings.HasSuffix(o.Dest, "/"), path.Clean(o.Dest)
		if into && src.Kind != Dir {
			dest = path.Join(dest, path.Base(o.Source))
		}
		if there := root.At(dest); there != nil && there.Kind == Dir && src.Kind != Dir {
			return nil, ErrMeets
		}
		over := NewDir()
		over.Put(dest, src.Clone())
		root.Over(over)
	}
	return root, nil
}
