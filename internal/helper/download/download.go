// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package download gets files from servers that want a login, inside a step: a step has
// the image and the secrets that logins are in, and no graph has to tell them.
package download

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/distro/login"
	"github.com/strata-build/strata/internal/fetch"
)

// patience is how long a server may take until it begins to answer, and until it goes on.
const patience = 2 * time.Minute

// maxRedirects is how often servers may send on to another address.
const maxRedirects = 10

// Run gets a file, or says why it can't be had.
func Run(c call.Fetch) error {
	f := fetcher{Fetch: c}
	if err := f.readLogins(); err != nil {
		return err
	}
	err := f.fetch()
	if err == nil || c.Report == "" {
		return err
	}
	failure := call.FetchFailure{Text: err.Error()}
	var refused *refusedError
	if errors.As(err, &refused) {
		failure.Status = refused.status
	}
	data, marshalling := json.Marshal(failure)
	if marshalling != nil {
		return marshalling
	}
	return os.WriteFile(c.Report, data, 0o644)
}

// fetcher is one call of fetch.
type fetcher struct {
	call.Fetch
	// logins are those that count, the first that matches before the others.
	logins []*login.Logins
}

// readLogins reads the secret and the image.
func (f *fetcher) readLogins() error {
	if f.Secret != "" {
		text, err := os.ReadFile(f.Secret)
		if err != nil {
			return fmt.Errorf("read the secret: %w", err)
		}
		l, err := login.ParseSecret(string(text))
		if err != nil {
			return fmt.Errorf("read the secret: %w", err)
		}
		f.logins = append(f.logins, l)
	}
	if f.Image {
		l, err := login.Read(context.Background(), rootTree{})
		if err != nil {
			return fmt.Errorf("read the logins of the image: %w", err)
		}
		f.logins = append(f.logins, l)
	}
	return nil
}

// fetch tries the addresses until one has the file. The failure that counts is the first
// that isn't about a missing file.
func (f *fetcher) fetch() error {
	var failure error
	for _, address := range f.URLs {
		err := f.from(address)
		if err == nil {
			return nil
		}
		var refused *refusedError
		if failure == nil || errors.As(failure, &refused) && refused.status == http.StatusNotFound {
			failure = err
		}
	}
	return failure
}

// refusedError is a server that refuses.
type refusedError struct {
	address string
	status  int
}

func (e *refusedError) Error() string {
	if e.status == http.StatusUnauthorized {
		return fmt.Sprintf("fetch %s: the server answers with status 401: it doesn't accept the login, or has got none", e.address)
	}
	return fmt.Sprintf("fetch %s: the server answers with status %d", e.address, e.status)
}

// from gets the file from one address. Nothing is left of what isn't the file.
func (f *fetcher) from(address string) (err error) {
	body, err := f.open(address)
	if err != nil {
		return err
	}
	defer body.Close()
	out, err := os.OpenFile(f.Out, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, out.Close())
		if err != nil {
			err = fmt.Errorf("fetch %s: %w", address, err)
			_ = os.Remove(f.Out) // the failure says more
			return
		}
		err = os.Chtimes(f.Out, time.Unix(0, 0), time.Unix(0, 0))
	}()
	return f.copy(out, body)
}

// copy writes what a server sends, as far as it may be the file, and compares it.
func (f *fetcher) copy(out io.Writer, body io.Reader) error {
	bounds := fetch.Request{Size: f.Size, Limit: f.Limit}
	most, err := bounds.Bound()
	if err != nil {
		return err
	}
	n, same, err := receive(out, body, most, f.Digest)
	if err != nil {
		return err
	}
	if err := bounds.Check(n); err != nil {
		return err
	}
	if !same {
		return unexpected(f.Digest)
	}
	return nil
}

// receive copies what a server sends, until it is longer than most bytes, which are 0 for
// no end. It returns how many bytes came, and whether they have a digest; all have an
// empty one.
func receive(to io.Writer, from io.Reader, most int64, want digest.Digest) (n int64, same bool, err error) {
	if most > 0 {
		from = io.LimitReader(from, most+1)
	}
	if want == "" {
		n, err = io.Copy(to, from)
		return n, true, err
	}
	v := want.Verifier()
	n, err = io.Copy(io.MultiWriter(to, v), from)
	return n, v.Verified(), err
}

// unexpected says that a file hasn't the digest that is wanted.
func unexpected(want digest.Digest) error {
	return fmt.Errorf("it is not the file that is expected: it is not %s", want)
}

// open asks a server for an address, with the login for it, and for those that it sends
// on to with theirs.
func (f *fetcher) open(address string) (io.ReadCloser, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	transport, err := newTransport()
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", address, err)
	}
	client := &http.Client{Transport: patient{transport, patience}, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fmt.Errorf("it was sent on more than %d times", maxRedirects)
		}
		r.Header.Del("Authorization")
		f.authorize(r, u)
		return nil
	}}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "strata")
	f.authorize(r, u)
	response, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return nil, &refusedError{address, response.StatusCode}
	}
	return response.Body, nil
}

// newTransport is the way to servers, by the proxies that the environment names.
func newTransport() (*http.Transport, error) {
	if err := trustMozillas(); err != nil {
		return nil, err
	}
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("there is no HTTP transport")
	}
	transport = transport.Clone()
	transport.ResponseHeaderTimeout, transport.DisableCompression = patience, true
	return transport, nil
}

// authorize puts the login for its address into a request. One that doesn't say where
// it belongs is for the server that was meant, and never without encryption where
// that one had it.
func (f *fetcher) authorize(r *http.Request, meant *url.URL) {
	for _, l := range f.logins {
		header := l.For(r.URL)
		if !l.Bound() && (r.URL.Host != meant.Host || r.URL.Scheme != meant.Scheme) {
			continue
		}
		if header != "" {
			r.Header.Set("Authorization", header)
			return
		}
	}
}

// rootTree is the image that the helper runs in.
type rootTree struct{}

// ReadFile returns a file's content.
func (rootTree) ReadFile(_ context.Context, name string) ([]byte, error) { return os.ReadFile(name) }

// ReadDir returns the names in a directory, sorted.
func (rootTree) ReadDir(_ context.Context, dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}
