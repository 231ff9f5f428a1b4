// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package download

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/fetch"
	"github.com/strata-build/strata/internal/nix/resolve"
)

// Infos writes what binary caches say of store paths and of all that these refer to. It
// fails unless each has a description. No signature is looked at, which is up to those who
// use them.
func Infos(ctx context.Context, c call.Infos) error {
	transport, err := newTransport()
	if err != nil {
		return err
	}
	transport.MaxIdleConnsPerHost = infosAtOnce
	defer transport.CloseIdleConnections()
	g := gatherer{client: &http.Client{Transport: patient{transport, patience}}, texts: map[string]string{}}
	if _, err := resolve.Closure(ctx, c.Paths, resolve.Options{Fetcher: &g, Caches: c.Caches, Unsigned: true}); err != nil {
		return err
	}
	data, err := json.Marshal(g.texts)
	if err != nil {
		return fmt.Errorf("write what the caches say: %w", err)
	}
	return os.WriteFile(c.Out, data, 0o644)
}

// infosAtOnce is how many descriptions are fetched side by side.
const infosAtOnce = 32

// gatherer fetches files and keeps what they have, by their addresses.
type gatherer struct {
	client *http.Client
	mu     sync.Mutex
	texts  map[string]string
}

// Fetch fetches each file from the only address that it has.
func (g *gatherer) Fetch(ctx context.Context, requests []fetch.Request) []fetch.Answer {
	answers := make([]fetch.Answer, len(requests))
	var group errgroup.Group
	group.SetLimit(infosAtOnce)
	for i := range requests {
		group.Go(func() error {
			answers[i].Data, answers[i].Err = g.get(ctx, &requests[i])
			return nil
		})
	}
	_ = group.Wait() // each answer has its own error
	return answers
}

func (g *gatherer) get(ctx context.Context, req *fetch.Request) ([]byte, error) {
	address := req.URLs[0]
	response, err := ask(ctx, g.client, address)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return nil, fmt.Errorf("fetch %s: %w", address, fetch.ErrNotFound)
	default:
		return nil, &refusedError{address, response.StatusCode}
	}
	most, err := req.Bound()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", address, err)
	}
	if err := req.Check(int64(len(data))); err != nil {
		return nil, fmt.Errorf("fetch %s: %w", address, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.texts[address] = string(data)
	return data, nil
}
