// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/nix/grouping"
	"github.com/strata-build/strata/internal/nix/resolve"
	"github.com/strata-build/strata/internal/spell"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

const (
	// defaultStoreLayers is how many layers a closure gets at most when nothing else
	// is said: with more, a change is hardly cheaper.
	defaultStoreLayers = 40
	// fewStoreLayers is how many it gets at most when it is small.
	fewStoreLayers = 16
	// storeLayerSize is how many bytes a layer has then on the average, at least: a
	// smaller one takes longer to make and to pull than it saves.
	storeLayerSize = 3 << 20
)

// layers are those of a closure: of groups of the paths that ship, which are those that
// the image hasn't yet, and after them what makes all of it easy to use.
func (d derived) layers(c *closure, ship []*resolve.Info) ([]plan.Layer, error) {
	groups, err := d.group(c, ship)
	if err != nil {
		return nil, err
	}
	var stores []*plan.Store
	var layers []plan.Layer
	for _, g := range groups {
		store := c.store(g, d.described.Range)
		stores = append(stores, store)
		layers = append(layers, d.made(storeWords(g), store))
	}
	if d.described.Registration {
		registration, err := d.registration(c)
		if err != nil {
			return nil, err
		}
		layers = append(layers, d.made("registration of store paths", registration))
	}
	if d.described.Link.IsSet() {
		into, _, err := d.t.read.dest(d.described.Link)
		if err == nil {
			err = checkName(d.t.read, d.described.Link.Pos, into)
		}
		if err != nil {
			return nil, err
		}
		link := c.link(into, stores)
		link.Image = len(ship) < len(c.graph.Paths)
		layers = append(layers, d.made("link store paths to "+into, link))
	}
	return layers, nil
}

// made is a layer of the derivation.
func (d derived) made(words string, a plan.Action) plan.Layer {
	return plan.Layer{Name: d.layer.Name, Strategy: "derivation", Words: words, Range: d.layer.Range, Action: a}
}

// group divides paths of a closure among layers.
func (d derived) group(c *closure, ship []*resolve.Info) ([]grouping.Layer, error) {
	algorithm, err := d.t.read.expand(d.described.Algorithm)
	if err != nil {
		return nil, err
	}
	pins, err := d.pins(c, ship)
	if err != nil {
		return nil, err
	}
	nodes := make([]grouping.Node, len(ship))
	for i, info := range ship {
		refs := slices.DeleteFunc(slices.Clone(info.References), func(ref string) bool { return !ships(ship, ref) })
		nodes[i] = grouping.Node{Path: info.Path, Name: resolve.Name(info.Path), Size: info.NarSize, References: refs}
	}
	groups, err := grouping.Group(nodes, grouping.Options{Algorithm: grouping.Algorithm(algorithm), Max: d.budget(ship), Pins: pins})
	if err != nil {
		return nil, d.groupFault(err)
	}
	return groups, nil
}

// ships reports whether a path is among others, which are sorted.
func ships(among []*resolve.Info, p string) bool {
	_, ok := slices.BinarySearchFunc(among, p, func(info *resolve.Info, p string) int { return strings.Compare(info.Path, p) })
	return ok
}

// groupFault says why paths can't be grouped, and which limit stands against it.
func (d derived) groupFault(err error) error {
	pos := d.described.MaxLayersPos
	if pos.IsZero() {
		pos = d.described.Range.Start
	}
	fault := d.t.read.errorf(pos, "derivation: %w", err)
	var few *grouping.TooFewError
	switch room := d.room(); {
	case !errors.As(err, &few):
		return fault
	case few.Needed <= room:
		return fault.WithHint(fmt.Sprintf("set max_layers of the derivation to %d or more, or take another algorithm", few.Needed))
	default:
		return fault.WithHint(fmt.Sprintf("max_layers of the target leaves %d for the store paths; take another algorithm", max(room, 1)))
	}
}

// store is a layer of paths.
func (c *closure) store(g grouping.Layer, at spec.Range) *plan.Store {
	a := &plan.Store{Range: at, InStep: c.inStep, Dir: c.graph.Store, Size: g.Size, Caches: c.caches, Keys: c.keys}
	for _, p := range g.Paths {
		a.Items = append(a.Items, c.item(c.graph.Path(p)))
		if c.files[p] != "" {
			a.From = c.from
		}
	}
	return a
}

// link are the links to what is in the roots.
func (c *closure) link(into string, stores []*plan.Store) *plan.Link {
	a := &plan.Link{Into: into, Dir: c.graph.Store, Stores: stores}
	for _, root := range c.graph.Roots {
		a.Roots = append(a.Roots, path.Join(root, c.content))
	}
	return a
}

// budget is how many layers the closure may have: what was asked for, as far as
// there is room.
func (d derived) budget(ship []*resolve.Info) int {
	most := d.described.MaxLayers
	if most == 0 {
		most = sensibleLayers(ship)
	}
	// With too few, the fitting afterwards joins layers or says so.
	return max(min(most, d.room()), 1)
}

// room is how many layers the base and all other layers leave.
func (d derived) room() int {
	limit := d.t.described.MaxLayers
	if limit == 0 {
		limit = plan.MaxLayers
	}
	// Packages that are divided among layers give way.
	limit -= d.t.baseLayers() + len(d.t.image.Layers)
	after := false
	for i := range d.t.described.Layers {
		if after {
			limit--
		}
		after = after || &d.t.described.Layers[i] == d.layer
	}
	if d.described.Link.IsSet() {
		limit--
	}
	if d.described.Registration {
		limit--
	}
	return limit
}

// sensibleLayers is how many layers are worth it for the size of paths.
func sensibleLayers(ship []*resolve.Info) int {
	var size int64
	for _, info := range ship {
		size += info.NarSize
	}
	return int(min(max(size/storeLayerSize, fewStoreLayers), defaultStoreLayers))
}

// item is a path as it is put into the store.
func (c *closure) item(info *resolve.Info) plan.StorePath {
	p := plan.StorePath{
		Name: path.Base(info.Path), NarHash: info.NarHash.String(), NarSize: info.NarSize,
		Format: info.Compression, URL: info.URL, Digest: info.FileHash.String(),
	}
	if file := c.files[info.Path]; file != "" {
		p.URL, p.File = "", file
	}
	if c.content != "" {
		p.Name, p.Format, p.NarHash, p.NarSize = path.Join(p.Name, c.content), call.FormatModes, "", 0
	}
	return p
}

// storeWords say what a group holds.
func storeWords(g grouping.Layer) string {
	const most = 3
	names := make([]string, 0, len(g.Paths))
	for _, p := range g.Paths {
		names = append(names, resolve.Name(p))
	}
	slices.Sort(names)
	if len(names) > most {
		names = append(names[:most-1], fmt.Sprintf("%d more", len(names)-most+1))
	}
	return "store paths " + strings.Join(names, ", ")
}

// pins finds the paths of each group that gets a layer of its own, among those that
// ship. They are named by their whole path, by their name, or by their name without a
// version.
func (d derived) pins(c *closure, ship []*resolve.Info) ([][]string, error) {
	var pins [][]string
	for _, names := range d.described.Pin {
		var paths []string
		for _, name := range names {
			wanted, err := d.t.read.expand(name)
			if err != nil {
				return nil, err
			}
			found := false
			for _, info := range c.graph.Paths {
				if !pinned(info.Path, wanted) {
					continue
				}
				found = true
				if ships(ship, info.Path) {
					paths = append(paths, info.Path)
				}
			}
			if !found {
				return nil, d.unknownPin(c.graph, name, wanted)
			}
		}
		pins = append(pins, paths)
	}
	return pins, nil
}

func pinned(p, wanted string) bool {
	return p == wanted || resolve.Name(p) == wanted || resolve.Program(p) == wanted
}

func (d derived) unknownPin(graph *resolve.Graph, name spec.String, wanted string) error {
	var known []string
	for _, info := range graph.Paths {
		known = append(known, resolve.Program(info.Path))
	}
	fault := d.t.read.errorf(name.Pos, "pin: no path of the closure is called %q", wanted)
	if hint := spell.DidYouMean(wanted, known); hint != "" {
		fault = fault.WithHint(hint)
	}
	return fault
}

var errNoRegistration = errors.New("registration is for Nix's stores")

// registration is what Nix needs to know of the paths.
func (d derived) registration(c *closure) (*plan.Files, error) {
	if c.content != "" {
		return nil, d.t.read.errorf(d.described.Range.Start, "derivation: %w", errNoRegistration)
	}
	var text strings.Builder
	if err := resolve.WriteRegistration(&text, c.graph.Paths); err != nil {
		return nil, err
	}
	content, mode := text.String(), plan.Mode(0o444)
	return &plan.Files{Entries: []plan.Entry{{Range: d.described.Range, Dest: "/nix-path-registration", Content: &content, Mode: &mode}}}, nil
}
