// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// What is wrong with a graph.
var (
	// ErrMissing says that a path is referred to, or asked for, and isn't there.
	ErrMissing = errors.New("it isn't in the store")
	// ErrCycle says that paths refer to each other.
	ErrCycle = errors.New("they refer to each other in a circle")
)

// A Graph is a set of store paths that holds all that they refer to.
type Graph struct {
	// Store is the directory of all paths.
	Store string
	// Roots are the paths that were asked for, in that order.
	Roots []string
	// Paths are sorted by their paths.
	Paths []*Info
}

// MissingError is a store path that was asked for and isn't there.
type MissingError struct{ Path string }

func (e *MissingError) Error() string { return "find " + e.Path + ": " + ErrMissing.Error() }

// Unwrap returns [ErrMissing].
func (e *MissingError) Unwrap() error { return ErrMissing }

// NewGraph picks the closure of the roots out of what a store has. It is an
// error if a reference leads out of it or in a circle.
func NewGraph(roots []string, all []*Info) (*Graph, error) {
	store, err := CheckRoots(roots)
	if err != nil {
		return nil, err
	}
	known := make(map[string]*Info, len(all))
	for _, info := range all {
		known[info.Path] = info
	}
	w := walk{store: store, known: known, state: map[string]state{}}
	for _, root := range roots {
		if known[root] == nil {
			return nil, &MissingError{Path: root}
		}
		if err := w.visit(root); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(w.found, func(a, b *Info) int { return strings.Compare(a.Path, b.Path) })
	return &Graph{Store: store, Roots: roots, Paths: w.found}, nil
}

// CheckRoots checks the store paths that a user asks for and returns the store
// that all of them are in.
func CheckRoots(roots []string) (store string, err error) {
	for _, root := range roots {
		if err := checkRoot(root); err != nil {
			return "", err
		}
		if store != "" && path.Dir(root) != store {
			return "", fmt.Errorf("%s is not in the store %s, as the path before it", root, store)
		}
		store = path.Dir(root)
	}
	return store, nil
}

// checkRoot tells a path within a store path from something else.
func checkRoot(root string) error {
	err := CheckPath(root)
	if err == nil {
		return nil
	}
	for p := path.Dir(path.Clean(root)); p != "/" && p != "."; p = path.Dir(p) {
		if CheckPath(p) == nil {
			return fmt.Errorf("%s is within a store path; name the store path %s", root, p)
		}
	}
	return err
}

type state int

const (
	unseen state = iota
	open
	done
)

// A walk goes through the graph depth first, without recursion: chains of
// references can be long.
type walk struct {
	store string
	known map[string]*Info
	state map[string]state
	found []*Info
}

func (w *walk) visit(root string) error {
	if w.state[root] == done {
		return nil
	}
	type frame struct {
		info *Info
		next int
	}
	w.state[root] = open
	stack := []frame{{info: w.known[root]}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.next == len(top.info.References) {
			w.state[top.info.Path] = done
			w.found = append(w.found, top.info)
			stack = stack[:len(stack)-1]
			continue
		}
		ref := top.info.References[top.next]
		top.next++
		switch {
		case ref == top.info.Path || w.state[ref] == done:
		case w.state[ref] == open:
			circle := []string{ref}
			for i := len(stack) - 1; stack[i].info.Path != ref; i-- {
				circle = append(circle, stack[i].info.Path)
			}
			slices.Sort(circle)
			return fmt.Errorf("follow references of %s: %w", strings.Join(circle, " and "), ErrCycle)
		case path.Dir(ref) != w.store:
			return fmt.Errorf("%s refers to %s, which is not in the store %s", top.info.Path, ref, w.store)
		case w.known[ref] == nil:
			return fmt.Errorf("%s refers to %s: %w", top.info.Path, ref, ErrMissing)
		default:
			w.state[ref] = open
			stack = append(stack, frame{info: w.known[ref]})
		}
	}
	return nil
}

// Path returns what is known of a path, or nil.
func (g *Graph) Path(p string) *Info {
	i, ok := slices.BinarySearchFunc(g.Paths, p, func(info *Info, p string) int { return strings.Compare(info.Path, p) })
	if !ok {
		return nil
	}
	return g.Paths[i]
}
