// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package download

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/internal/call"
)

// atOnce is how many files are fetched side by side.
const atOnce = 8

// All gets files into a directory, from the first of their addresses that has them, and
// holds each to its size and digest. Only whole files are under their names.
func All(ctx context.Context, dir string, files []call.FetchedFile) error {
	transport, err := newTransport()
	if err != nil {
		return err
	}
	transport.MaxIdleConnsPerHost = atOnce
	defer transport.CloseIdleConnections()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	client := &http.Client{Transport: patient{transport, patience}}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, f := range files {
		group.Go(func() error { return get(ctx, client, root, f) })
	}
	return group.Wait()
}

// get gets a file from the first address that has it. The first failure counts.
func get(ctx context.Context, client *http.Client, dir *os.Root, f call.FetchedFile) error {
	var failure error
	for _, address := range f.URLs {
		err := getFrom(ctx, client, dir, f, address)
		if err == nil {
			return nil
		}
		if failure == nil {
			failure = fmt.Errorf("fetch %s: %w", address, err)
		}
	}
	return failure
}

func getFrom(ctx context.Context, client *http.Client, dir *os.Root, f call.FetchedFile, address string) error {
	response, err := ask(ctx, client, address)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers with status %d", response.StatusCode)
	}
	part := f.Name + ".part"
	out, err := dir.Create(part)
	if err != nil {
		return err
	}
	err = errors.Join(held(out, response.Body, f), out.Close())
	if err != nil {
		return errors.Join(err, dir.Remove(part))
	}
	return dir.Rename(part, f.Name)
}

// ask asks a server for a file.
func ask(ctx context.Context, client *http.Client, address string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "strata")
	return client.Do(r)
}

// held copies what a server sends, as far as it may be the file, and compares it.
func held(to io.Writer, from io.Reader, f call.FetchedFile) error {
	most := cmp.Or(f.Size, f.Limit)
	n, same, err := receive(to, from, most, f.Digest)
	switch {
	case err != nil:
		return err
	case f.Size > 0 && n != f.Size:
		return fmt.Errorf("it has another size than %d bytes", f.Size)
	case most > 0 && n > most:
		return fmt.Errorf("it has more than %d bytes", most)
	case !same:
		return unexpected(f.Digest)
	}
	return nil
}
