// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/fetch"
	nixresolve "github.com/strata-build/strata/internal/nix/resolve"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/plan"
)

// exported finds the closure in a store that lies in a context.
func (c *closure) exported(ctx context.Context) error {
	src, err := c.storeSource(ctx)
	if err != nil {
		return err
	}
	if c.t.pass.req.Stores == nil {
		return c.t.read.errorf(c.d.Store.Range.Start, "derivation: nothing can open a store here")
	}
	c.from = src
	graph, err := c.t.read.expand(c.d.Store.Graph)
	if err != nil {
		return err
	}
	err = c.exportedClosure(ctx, graph)
	if err == nil {
		return nil
	}
	var fault *nixresolve.Fault
	if errors.As(err, &fault) || errors.Is(err, nixresolve.ErrMissing) {
		return c.fault(err)
	}
	out := c.t.read.errorf(c.d.Store.Range.Start, "derivation: read the store in %s: %w", c.storeWords(), err)
	out.External = true
	return out
}

// storeSource is where the build file says that the store lies.
func (c *closure) storeSource(ctx context.Context) (*plan.StoreSource, error) {
	s := c.d.Store
	if s.Source.IsSet() {
		p, err := c.t.read.source(s.Source)
		return &plan.StoreSource{From: plan.Tree{Kind: plan.Main, Pos: s.Source.Pos}, Path: p}, err
	}
	name, err := c.t.read.expand(s.Context)
	if err != nil {
		return nil, err
	}
	tree := plan.Tree{Kind: plan.Context, Name: strings.TrimPrefix(name, "context:"), Platform: c.t.image.Platform, Pos: s.Context.Pos}
	tree, _, err = c.t.pass.look(ctx, tree)
	return &plan.StoreSource{From: tree, Path: "/"}, err
}

// storeWords name the store as the build file does.
func (c *closure) storeWords() string {
	if c.from.From.Kind == plan.Context {
		return "context:" + c.from.From.Name
	}
	return strings.TrimPrefix(c.from.Path, "/")
}

// exportedClosure looks what kind of store it is. Only what describes the store
// is transferred for that.
func (c *closure) exportedClosure(ctx context.Context, graph string) error {
	at := c.from.Path
	store := path.Dir(c.roots[0])
	in := func(p ...string) string { return strings.TrimPrefix(path.Join(append([]string{at}, p...)...), "/") }
	patterns := []string{
		in("nix-cache-info"), in("*.narinfo"), in("*/meta.yaml"),
		in(path.Base(c.roots[0])), in(store, path.Base(c.roots[0])),
	}
	if graph != "" {
		patterns = append(patterns, in(graph))
	}
	directory, err := c.t.pass.req.Stores.Open(ctx, c.from, patterns...)
	if err != nil {
		return err
	}
	names, err := directory.ReadDir(ctx, at)
	if err != nil {
		return err
	}
	cache := func(name string) bool { return name == "nix-cache-info" || strings.HasSuffix(name, ".narinfo") }
	switch {
	case slices.ContainsFunc(names, cache):
		_, keys, err := c.caches()
		if err != nil {
			return err
		}
		return c.binaryCache(ctx, directory, keys)
	case slices.ContainsFunc(names, nixresolve.IsForjar):
		return c.forjar(ctx, directory, names)
	}
	dir := path.Join(at, store)
	if paths, err := directory.ReadDir(ctx, dir); err != nil || len(paths) == 0 {
		dir = at
	}
	return c.onDisk(ctx, directory, dir, graph)
}

// exportedCache stands for the address of a cache that is a directory.
const exportedCache = "https://exported.invalid"

// binaryCache finds the closure in what "nix copy --to file://" made. Without
// keys it is trusted as it is, as any other file of a context.
func (c *closure) binaryCache(ctx context.Context, directory tree.Tree, keys []nixresolve.Key) error {
	var err error
	c.graph, err = nixresolve.Closure(ctx, c.roots, nixresolve.Options{
		Fetcher: dirFetcher{directory, c.from.Path}, Caches: []string{exportedCache}, Keys: keys, Unsigned: len(keys) == 0,
	})
	var fault *nixresolve.Fault
	if errors.As(err, &fault) {
		for i := range fault.Tried {
			fault.Tried[i].Cache = c.storeWords()
		}
	}
	if err != nil {
		return err
	}
	for _, info := range c.graph.Paths {
		u, err := url.Parse(info.URL)
		if err != nil {
			return fmt.Errorf("the URL of %s: %w", info.Path, err)
		}
		if strings.HasPrefix(info.URL, exportedCache+"/") {
			c.files[info.Path] = path.Join(c.from.Path, path.Clean("/"+u.Path))
		}
	}
	return nil
}

// dirFetcher reads what a cache's addresses stand for from a directory.
type dirFetcher struct {
	directory tree.Tree
	at        string
}

// Fetch reads files, one after the other: they are all there already.
func (f dirFetcher) Fetch(ctx context.Context, requests []fetch.Request) []fetch.Answer {
	answers := make([]fetch.Answer, len(requests))
	for i, request := range requests {
		name := strings.TrimPrefix(request.URLs[0], exportedCache)
		data, err := f.directory.ReadFile(ctx, path.Join(f.at, name))
		if errors.Is(err, fs.ErrNotExist) {
			err = fetch.ErrNotFound
		}
		answers[i] = fetch.Answer{Data: data, Err: err}
	}
	return answers
}

// onDisk finds the closure in a store as Nix works with it: described by a
// file, or by a look into its paths.
func (c *closure) onDisk(ctx context.Context, directory tree.Tree, dir, graph string) error {
	store := path.Dir(c.roots[0])
	var text []byte
	var err error
	if graph != "" {
		if text, err = directory.ReadFile(ctx, path.Join(c.from.Path, graph)); err != nil {
			return fmt.Errorf("read %s: %w", graph, err)
		}
	} else if text, err = c.t.pass.req.Stores.Scan(ctx, c.from, StoreScan{Dir: dir, Store: store}); err != nil {
		return err
	}
	infos, err := parseGraph(text, store)
	if err != nil {
		return err
	}
	if c.graph, err = nixresolve.NewGraph(c.roots, infos); err != nil {
		return err
	}
	for _, info := range c.graph.Paths {
		info.Compression = "tree"
		c.files[info.Path] = path.Join(dir, path.Base(info.Path))
	}
	return nil
}

// parseGraph reads a description of paths in any of its forms.
func parseGraph(text []byte, store string) ([]*nixresolve.Info, error) {
	if start := bytes.TrimSpace(text); len(start) > 0 && (start[0] == '[' || start[0] == '{') {
		return nixresolve.ParsePathInfo(text, store)
	}
	return nixresolve.ParseRegistration(text)
}

// forjarContent is the directory of a forjar path that holds its files.
const forjarContent = "content"

// forjar finds the closure in forjar's store: a directory a path, with the files and
// what is known of them.
func (c *closure) forjar(ctx context.Context, directory tree.Tree, names []string) error {
	c.content = forjarContent
	store := path.Dir(c.roots[0])
	text, err := c.t.pass.req.Stores.Scan(ctx, c.from, StoreScan{Dir: c.from.Path, Store: store, Content: forjarContent})
	if err != nil {
		return err
	}
	infos, err := nixresolve.ParseRegistration(text)
	if err != nil {
		return err
	}
	for _, info := range infos {
		name := path.Base(info.Path)
		if !slices.Contains(names, name) {
			continue
		}
		meta, err := directory.ReadFile(ctx, path.Join(c.from.Path, name, "meta.yaml"))
		if err != nil {
			return err
		}
		if err := info.AddForjar(meta); err != nil {
			return err
		}
		c.files[info.Path] = path.Join(c.from.Path, name, forjarContent)
	}
	c.graph, err = nixresolve.NewGraph(c.roots, infos)
	return err
}
