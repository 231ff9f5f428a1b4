// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package connect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client"
	"golang.org/x/sync/errgroup"
)

// Node is a BuildKit that builds, for some platforms or for all that are wanted.
type Node struct {
	// Client is connected to it.
	Client *client.Client
	// Platforms are those that it builds for; none if nothing is said of them.
	Platforms []string
	// Docker says that it is a Docker Engine's own builder, and OldStore that the engine
	// has no containerd for a store of images, and can do less.
	Docker, OldStore bool

	id string
}

// Nodes connects to nodes when they are needed, to each once. The zero Nodes are of no
// use: see [Options.Nodes].
type Nodes struct {
	options Options
	// driver is that of buildx's builder.
	driver func() (string, error)

	mu sync.Mutex
	// all are the nodes that were connected to, by the platform that each is for.
	all map[string]*Node
}

// Nodes connects to nothing yet. What they ask ends with the context.
func (o Options) Nodes(ctx context.Context) *Nodes {
	driver := func() (string, error) {
		b, err := findBuilder(o.Builder)
		if err != nil {
			return "", err
		}
		return b.driver(ctx)
	}
	return &Nodes{options: o, driver: sync.OnceValues(driver), all: map[string]*Node{}}
}

// For is the node for a platform; the first one when it is empty.
func (n *Nodes) For(ctx context.Context, platform string) (*Node, error) {
	if !n.options.OnBuilder {
		platform = "" // there is but one
	}
	n.mu.Lock()
	node := n.all[platform]
	n.mu.Unlock()
	if node != nil {
		return node, nil
	}
	node, err := n.dial(ctx, platform)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all[platform] = node
	return node, nil
}

// Divide gives each platform to the node that has it: one node, or several with some of
// the platforms each, in their order.
func (n *Nodes) Divide(ctx context.Context, wanted []string) ([]*Node, error) {
	if len(wanted) < 2 || !n.options.OnBuilder {
		first := ""
		if len(wanted) > 0 {
			first = wanted[0]
		}
		node, err := n.For(ctx, first)
		if err != nil {
			return nil, err
		}
		return []*Node{node.with(wanted)}, nil
	}
	found := make([]*Node, len(wanted))
	group, dialing := errgroup.WithContext(ctx)
	for i, platform := range wanted {
		group.Go(func() (err error) { found[i], err = n.For(dialing, platform); return err })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return together(found, wanted), nil
}

// together makes one of the nodes that are the same.
func together(found []*Node, wanted []string) []*Node {
	var nodes []*Node
	at := map[string]int{}
	for i, node := range found {
		j, ok := at[node.id]
		if !ok {
			j = len(nodes)
			at[node.id] = j
			nodes = append(nodes, node.with(nil))
		}
		nodes[j].Platforms = append(nodes[j].Platforms, wanted[i])
	}
	return nodes
}

// with is the node for some platforms.
func (n *Node) with(wanted []string) *Node {
	c := *n
	c.Platforms = wanted
	return &c
}

// Close ends all connections.
func (n *Nodes) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var errs []error
	for _, node := range n.all {
		errs = append(errs, node.Client.Close())
	}
	return errors.Join(errs...)
}

// snapshotterLabel is the label of a worker by which buildx knows a Docker Engine whose
// images are containerd's.
const snapshotterLabel = "org.mobyproject.buildkit.worker.snapshotter"

// dial connects, and asks a builder of buildx's what it is.
func (n *Nodes) dial(ctx context.Context, platform string) (*Node, error) {
	if n.options.OnBuilder {
		go func() { _, _ = n.driver() }() // while it connects
	}
	bkc, err := n.options.Dial(ctx, platform)
	if err != nil {
		return nil, err
	}
	node := &Node{Client: bkc}
	if !n.options.OnBuilder {
		return node, nil
	}
	if err := n.identify(ctx, node); err != nil {
		return nil, errors.Join(err, bkc.Close())
	}
	return node, nil
}

// identify finds out what a node is, as buildx does.
func (n *Nodes) identify(ctx context.Context, node *Node) error {
	driver, err := n.driver()
	if err != nil {
		return err
	}
	workers, err := node.Client.ListWorkers(ctx)
	if err != nil {
		return fmt.Errorf("ask a node what it is: %w", err)
	}
	if len(workers) > 0 {
		node.id = workers[0].ID
	}
	node.Docker = driver == "docker"
	node.OldStore = node.Docker && !slices.ContainsFunc(workers, func(w *client.WorkerInfo) bool {
		_, ok := w.Labels[snapshotterLabel]
		return ok
	})
	return nil
}

// Native is the platform that the node runs commands on without emulation.
func (n *Node) Native(ctx context.Context) (string, error) {
	workers, err := n.Client.ListWorkers(ctx)
	if err != nil {
		return "", fmt.Errorf("ask for the builder's platform: %w", err)
	}
	if len(workers) == 0 || len(workers[0].Platforms) == 0 {
		return "", errors.New("the builder does not say what its platform is: give one with --platform")
	}
	return platforms.FormatAll(platforms.Normalize(workers[0].Platforms[0])), nil
}
