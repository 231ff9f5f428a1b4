// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

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

// derivation is the strategy that ships store paths.
type derivation struct{}

var _ Strategy = derivation{}

// closure is a derivation while it is planned.
type closure struct {
	t     *Target
	d     *spec.Derivation
	layer *spec.Layer
	// roots are the store paths that were asked for, and asked is where.
	roots []string
	asked map[string]spec.Pos
	graph *resolve.Graph
	// from is where paths without a URL lie.
	from *plan.StoreSource
	// files are the paths of archives or trees in from, by store path.
	files map[string]string
	// binary are the binary caches, and trusted their keys.
	binary, trusted []string
	// content is the directory within each path that ships; empty for all of it.
	content string
}

// Plan makes a layer of each group of paths, the roots' last, and then those that
// make them easy to use.
func (derivation) Plan(ctx context.Context, t *Target, l *spec.Layer) ([]plan.Layer, error) {
	c := &closure{t: t, d: l.Derivation, layer: l, files: map[string]string{}, asked: map[string]spec.Pos{}}
	if err := c.findRoots(); err != nil {
		return nil, err
	}
	if t.pass.req.AllowMissing {
		_, _, err := c.caches()
		return nil, err
	}
	if err := c.resolve(ctx); err != nil {
		return nil, err
	}
	layers, err := c.group()
	if err != nil {
		return nil, err
	}
	extra, err := c.extras(layers)
	return append(layers, extra...), err
}

// findRoots reads the store paths, each a single one.
func (c *closure) findRoots() error {
	all, err := c.t.read.expandAll(c.d.Paths)
	if err != nil {
		return err
	}
	for i, p := range all {
		if _, err := resolve.CheckRoots(append(slices.Clone(c.roots), p)); err != nil {
			return c.t.read.errorf(c.d.Paths[i].Pos, "%w", err)
		}
		if _, ok := c.asked[p]; !ok {
			c.roots = append(c.roots, p)
			c.asked[p] = c.d.Paths[i].Pos
		}
	}
	return nil
}

// resolve finds the closure, wherever it is.
func (c *closure) resolve(ctx context.Context) error {
	switch {
	case c.d.Build != nil:
		return c.built(ctx)
	case c.d.Store != nil:
		return c.exported(ctx)
	case len(c.d.Substituters) == 0:
		return c.t.read.errorf(c.d.Range.Start, "derivation: it doesn't say where the store path comes from; set substituters, store or build")
	default:
		return c.substituted(ctx)
	}
}

// substituted finds the closure in binary caches.
func (c *closure) substituted(ctx context.Context) error {
	caches, keys, err := c.caches()
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return c.t.read.errorf(c.d.Range.Start, "derivation: trusted_public_keys is missing; without a key what a cache sends cannot be verified")
	}
	if c.t.pass.req.Fetch == nil {
		return c.t.read.errorf(c.d.Range.Start, "derivation: nothing can fetch here")
	}
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.String()
	}
	c.binary, c.trusted = caches, names
	if ok, err := c.locked(caches, names); ok || err != nil {
		if ok {
			c.keepLocked(caches, names)
		}
		return err
	}
	known, err := c.known(caches, names)
	if err != nil {
		return err
	}
	c.graph, err = resolve.Closure(ctx, c.roots, resolve.Options{Fetcher: c.t.pass.req.Fetch, Caches: caches, Keys: keys, Known: known})
	if err != nil {
		return c.fault(err)
	}
	c.keepLocked(caches, names)
	return nil
}

// caches reads the binary caches and their keys.
func (c *closure) caches() (caches []string, keys []resolve.Key, err error) {
	if caches, err = c.t.read.expandAll(c.d.Substituters); err != nil {
		return nil, nil, err
	}
	for i, cache := range caches {
		if err := resolve.CheckCache(cache); err != nil {
			return nil, nil, c.t.read.errorf(c.d.Substituters[i].Pos, "%w", err)
		}
	}
	texts, err := c.t.read.expandAll(c.d.TrustedPublicKeys)
	if err != nil {
		return nil, nil, err
	}
	for i, text := range texts {
		key, err := resolve.ParseKey(text)
		if err != nil {
			return nil, nil, c.t.read.errorf(c.d.TrustedPublicKeys[i].Pos, "%w", err)
		}
		keys = append(keys, key)
	}
	return caches, keys, nil
}

// fault is an error about a store path, at the line that asks for it or for the
// closure.
func (c *closure) fault(err error) error {
	pos := c.d.Range.Start
	if len(c.d.Paths) > 0 {
		pos = c.d.Paths[0].Pos
	}
	var missing *resolve.MissingError
	var refused *resolve.Fault
	path := ""
	switch {
	case errors.As(err, &missing):
		path = missing.Path
	case errors.As(err, &refused):
		path = refused.Path
	}
	if at, ok := c.asked[path]; ok {
		pos = at
	}
	fault := c.t.read.errorf(pos, "derivation: %w", err)
	fault.External = true
	return fault
}

// group makes a layer of each group of paths.
func (c *closure) group() ([]plan.Layer, error) {
	algorithm, err := c.t.read.expand(c.d.Algorithm)
	if err != nil {
		return nil, err
	}
	pins, err := c.pins()
	if err != nil {
		return nil, err
	}
	nodes := make([]grouping.Node, len(c.graph.Paths))
	for i, info := range c.graph.Paths {
		nodes[i] = grouping.Node{Path: info.Path, Name: resolve.Name(info.Path), Size: info.NarSize, References: info.References}
	}
	groups, err := grouping.Group(nodes, grouping.Options{Algorithm: grouping.Algorithm(algorithm), Max: c.budget(), Pins: pins})
	if err != nil {
		pos := c.d.MaxLayersPos
		if pos.IsZero() {
			pos = c.d.Range.Start
		}
		return nil, c.t.read.errorf(pos, "derivation: %w", err)
	}
	layers := make([]plan.Layer, len(groups))
	for i, g := range groups {
		a := &plan.Store{Range: c.d.Range, Dir: c.graph.Store, Size: g.Size, Caches: c.binary, Keys: c.trusted}
		for _, p := range g.Paths {
			a.Items = append(a.Items, c.item(c.graph.Path(p)))
			if c.files[p] != "" {
				a.From = c.from
			}
		}
		layers[i] = plan.Layer{Name: c.layer.Name, Strategy: "derivation", Words: storeWords(g), Range: c.layer.Range, Action: a}
	}
	return layers, nil
}

// budget is how many layers the closure may have: what was asked for, as far as
// the base and all other layers leave it.
func (c *closure) budget() int {
	limit := c.t.described.MaxLayers
	if limit == 0 {
		limit = plan.MaxLayers
	}
	// Packages that are divided among layers give way.
	limit -= c.t.baseLayers() + len(c.t.image.Layers)
	after := false
	for i := range c.t.described.Layers {
		if after {
			limit--
		}
		after = after || &c.t.described.Layers[i] == c.layer
	}
	if c.d.Link.IsSet() {
		limit--
	}
	if c.d.Registration {
		limit--
	}
	most := c.d.MaxLayers
	if most == 0 {
		most = c.sensibleLayers()
	}
	// With too few, the fitting afterwards joins layers or says so.
	return max(min(most, limit), 1)
}

// sensibleLayers is how many layers are worth it for the closure's size.
func (c *closure) sensibleLayers() int {
	var size int64
	for _, info := range c.graph.Paths {
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
		p.Name, p.Format, p.NarHash, p.NarSize = path.Join(p.Name, c.content), "modes", "", 0
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

// pins finds the paths of each group that gets a layer of its own. They are
// named by their whole path, by their name, or by their name without a version.
func (c *closure) pins() ([][]string, error) {
	var pins [][]string
	for _, names := range c.d.Pin {
		var paths []string
		for _, name := range names {
			wanted, err := c.t.read.expand(name)
			if err != nil {
				return nil, err
			}
			found := false
			for _, info := range c.graph.Paths {
				if pinned(info.Path, wanted) {
					found = true
					paths = append(paths, info.Path)
				}
			}
			if !found {
				return nil, c.unknownPin(name, wanted)
			}
		}
		pins = append(pins, paths)
	}
	return pins, nil
}

func pinned(p, wanted string) bool {
	return p == wanted || resolve.Name(p) == wanted || resolve.Program(p) == wanted
}

func (c *closure) unknownPin(name spec.String, wanted string) error {
	var known []string
	for _, info := range c.graph.Paths {
		known = append(known, resolve.Program(info.Path))
	}
	fault := c.t.read.errorf(name.Pos, "pin: no path of the closure is called %q", wanted)
	if hint := spell.DidYouMean(wanted, known); hint != "" {
		fault = fault.WithHint(hint)
	}
	return fault
}

// extras are the layers after those of the store.
func (c *closure) extras(stores []plan.Layer) ([]plan.Layer, error) {
	var extra []plan.Layer
	if c.d.Registration {
		made, err := c.registration()
		if err != nil {
			return nil, err
		}
		extra = append(extra, made)
	}
	if c.d.Link.IsSet() {
		into, _, err := c.t.read.dest(c.d.Link)
		if err != nil {
			return nil, err
		}
		a := &plan.Link{Into: into, Dir: c.graph.Store}
		for _, root := range c.roots {
			a.Roots = append(a.Roots, path.Join(root, c.content))
		}
		for _, l := range stores {
			a.Stores = append(a.Stores, l.Action.(*plan.Store))
		}
		extra = append(extra, plan.Layer{Name: c.layer.Name, Strategy: "derivation", Words: "link store paths to " + into, Range: c.layer.Range, Action: a})
	}
	return extra, nil
}

var errNoRegistration = errors.New("registration is for Nix's stores")

// registration is what Nix needs to know of the paths.
func (c *closure) registration() (plan.Layer, error) {
	if c.content != "" {
		return plan.Layer{}, c.t.read.errorf(c.d.Range.Start, "derivation: %w", errNoRegistration)
	}
	var text strings.Builder
	if err := resolve.WriteRegistration(&text, c.graph.Paths); err != nil {
		return plan.Layer{}, err
	}
	content, mode := text.String(), plan.Mode(0o444)
	return plan.Layer{
		Name: c.layer.Name, Strategy: "derivation", Words: "registration of store paths", Range: c.layer.Range,
		Action: &plan.Files{Entries: []plan.Entry{{Range: c.d.Range, Dest: "/nix-path-registration", Content: &content, Mode: &mode}}},
	}, nil
}
