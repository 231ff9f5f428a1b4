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

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/fetch"
	nixresolve "github.com/strata-build/strata/internal/nix/resolve"
	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/plan"
)

// exported finds the closure in a store that lies in a context.
func (d derived) exported(ctx context.Context, want wantedPaths) (*closure, error) {
	src, err := d.storeSource(ctx)
	if err != nil {
		return nil, err
	}
	at := d.described.Store.Range.Start
	if d.t.pass.req.Stores == nil {
		return nil, d.t.read.errorf(at, "derivation: nothing can open a store here")
	}
	graph, err := d.t.read.expand(d.described.Store.Graph)
	if err != nil {
		return nil, err
	}
	c, err := d.exportedClosure(ctx, src, graph, want.roots)
	if err == nil {
		return c, nil
	}
	var fault *nixresolve.Fault
	if errors.As(err, &fault) || errors.Is(err, nixresolve.ErrMissing) {
		return nil, d.fault(want, err)
	}
	if absent := d.absentStore(ctx, src); absent != nil {
		return nil, absent
	}
	out := d.t.read.errorf(at, "derivation: read the store in %s: %w", storeSourceWords(src), err)
	out.External = true
	return nil, out
}

// storeSource is where the build file says that the store lies.
func (d derived) storeSource(ctx context.Context) (*plan.StoreSource, error) {
	s := d.described.Store
	if s.Source.IsSet() {
		p, err := d.t.read.source(s.Source)
		return &plan.StoreSource{From: plan.Tree{Kind: plan.Main, Pos: s.Source.Pos}, Path: p}, err
	}
	name, err := d.t.read.expand(s.Context)
	if err != nil {
		return nil, err
	}
	tree := plan.Tree{Kind: plan.Context, Name: strings.TrimPrefix(name, "context:"), Platform: d.t.image.Platform, Pos: s.Context.Pos}
	tree, _, err = d.t.pass.look(ctx, tree)
	return &plan.StoreSource{From: tree, Path: "/"}, err
}

// absentStore is the fault of a build file whose store isn't in the build context, as far
// as that is known.
func (d derived) absentStore(ctx context.Context, src *plan.StoreSource) error {
	absent := d.t.pass.req.Absent
	if absent == nil || src.From.Kind != plan.Main {
		return nil
	}
	return absent(ctx, storeCopy(src))
}

// storeCopy is a store in the build context as what is taken of it.
func storeCopy(src *plan.StoreSource) plan.Copy {
	return plan.Copy{From: src.From, Path: path.Join("/", src.Path), Pos: src.From.Pos}
}

// storeSourceWords name the store as the build file does.
func storeSourceWords(src *plan.StoreSource) string {
	if src.From.Kind == plan.Context {
		return "context:" + src.From.Name
	}
	return strings.TrimPrefix(src.Path, "/")
}

// exportedStore is an exported store that was opened.
type exportedStore struct {
	stores Stores
	from   *plan.StoreSource
	// directory is what describes the store, and more of it where it is small.
	directory tree.Tree
}

// exportedClosure looks what kind of store it is. Only what describes the store
// is transferred for that.
func (d derived) exportedClosure(ctx context.Context, src *plan.StoreSource, graph string, roots []string) (*closure, error) {
	store := path.Dir(roots[0])
	in := func(p ...string) string {
		return strings.TrimPrefix(path.Join(append([]string{src.Path}, p...)...), "/")
	}
	patterns := []string{
		in("nix-cache-info"), in("*.narinfo"), in("*/meta.yaml"),
		in(path.Base(roots[0])), in(store, path.Base(roots[0])),
	}
	if graph != "" {
		patterns = append(patterns, in(graph))
	}
	directory, err := d.t.pass.req.Stores.Open(ctx, src, patterns...)
	if err != nil {
		return nil, err
	}
	names, err := directory.ReadDir(ctx, src.Path)
	if err != nil {
		return nil, err
	}
	s := exportedStore{stores: d.t.pass.req.Stores, from: src, directory: directory}
	cache := func(name string) bool { return name == "nix-cache-info" || strings.HasSuffix(name, ".narinfo") }
	switch {
	case slices.ContainsFunc(names, cache):
		trusted, err := d.trust()
		if err != nil {
			return nil, err
		}
		return s.binaryCache(ctx, roots, trusted.keys)
	case slices.ContainsFunc(names, nixresolve.IsForjar):
		return s.forjar(ctx, roots, names)
	}
	dir := path.Join(src.Path, store)
	if paths, err := directory.ReadDir(ctx, dir); err != nil || len(paths) == 0 {
		dir = src.Path
	}
	return s.onDisk(ctx, roots, dir, graph)
}

// exportedCache stands for the address of a cache that is a directory.
const exportedCache = "https://exported.invalid"

// binaryCache finds the closure in what "nix copy --to file://" made. Without
// keys it is trusted as it is, as any other file of a context.
func (s exportedStore) binaryCache(ctx context.Context, roots []string, keys []nixresolve.Key) (*closure, error) {
	graph, err := nixresolve.Closure(ctx, roots, nixresolve.Options{
		Fetcher: dirFetcher{s.directory, s.from.Path}, Caches: []string{exportedCache}, Keys: keys, Unsigned: len(keys) == 0,
	})
	var fault *nixresolve.Fault
	if errors.As(err, &fault) {
		for i := range fault.Tried {
			fault.Tried[i].Cache = storeSourceWords(s.from)
		}
	}
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, info := range graph.Paths {
		u, err := url.Parse(info.URL)
		if err != nil {
			return nil, fmt.Errorf("the URL of %s: %w", info.Path, err)
		}
		if strings.HasPrefix(info.URL, exportedCache+"/") {
			files[info.Path] = path.Join(s.from.Path, path.Clean("/"+u.Path))
		}
	}
	return &closure{graph: graph, from: s.from, files: files}, nil
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
func (s exportedStore) onDisk(ctx context.Context, roots []string, dir, graph string) (*closure, error) {
	store := path.Dir(roots[0])
	text, err := s.description(ctx, StoreScan{Dir: dir, Store: store}, graph)
	if err != nil {
		return nil, err
	}
	infos, err := parseGraph(text, store)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, info := range infos {
		info.Compression = call.FormatTree
		files[info.Path] = path.Join(dir, path.Base(info.Path))
	}
	return s.closure(roots, infos, files, "")
}

// description is what is known of the paths of a store.
func (s exportedStore) description(ctx context.Context, scan StoreScan, graph string) ([]byte, error) {
	if graph == "" {
		return s.stores.Scan(ctx, s.from, scan)
	}
	text, err := s.directory.ReadFile(ctx, path.Join(s.from.Path, graph))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", graph, err)
	}
	return text, nil
}

// closure picks the closure of the roots out of what the store has.
func (s exportedStore) closure(roots []string, infos []*nixresolve.Info, files map[string]string, content string) (*closure, error) {
	graph, err := nixresolve.NewGraph(roots, infos)
	if err != nil {
		return nil, err
	}
	return &closure{graph: graph, from: s.from, files: files, content: content}, nil
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
func (s exportedStore) forjar(ctx context.Context, roots, names []string) (*closure, error) {
	text, err := s.stores.Scan(ctx, s.from, StoreScan{Dir: s.from.Path, Store: path.Dir(roots[0]), Content: forjarContent})
	if err != nil {
		return nil, err
	}
	infos, err := nixresolve.ParseRegistration(text)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, info := range infos {
		name := path.Base(info.Path)
		if !slices.Contains(names, name) {
			continue
		}
		meta, err := s.directory.ReadFile(ctx, path.Join(s.from.Path, name, "meta.yaml"))
		if err != nil {
			return nil, err
		}
		if err := info.AddForjar(meta); err != nil {
			return nil, err
		}
		files[info.Path] = path.Join(s.from.Path, name, forjarContent)
	}
	return s.closure(roots, infos, files, forjarContent)
}
