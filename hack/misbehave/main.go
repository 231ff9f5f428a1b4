// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Command misbehave is a proxy that spoils what a registry answers, to see what
// a client makes of it:
//
//	go run ./hack/misbehave -registry 127.0.0.1:5000 -fault drop=100000 -path /blobs/ -times 2
package main

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/testenv/misbehave"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "misbehave:", err)
		os.Exit(1)
	}
}

func run() error {
	registry := flag.String("registry", "127.0.0.1:5000", "the `HOST:PORT` of the registry behind")
	listen := flag.String("listen", "127.0.0.1:5001", "where to listen")
	fault := flag.String("fault", "", "drop=BYTES, cut=BYTES, status=CODE, busy=SECONDS, flip, truncate, slow=DURATION or redirect=ADDRESS")
	path := flag.String("path", "", "only requests with this in their path")
	method := flag.String("method", "", "only requests of this method")
	times := flag.Int("times", 0, "only so often; 0 for always")
	flag.Parse()
	uploads := &misbehave.Uploads{}
	f, err := parseFault(*fault, uploads)
	if err != nil {
		return err
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(&url.URL{Scheme: "http", Host: *registry})
		p.Out.Host = p.In.Host
	}}
	rule := &misbehave.Rule{Method: *method, Path: *path, Times: int32(min(*times, 1<<30)), Fault: f}
	fmt.Fprintf(os.Stderr, "misbehave: listening on %s\n", *listen)
	server := &http.Server{Addr: *listen, Handler: misbehave.Wrap(uploads.Wrap(proxy), rule), ReadHeaderTimeout: time.Minute}
	return server.ListenAndServe()
}

func parseFault(word string, uploads *misbehave.Uploads) (misbehave.Fault, error) {
	kind, value, _ := strings.Cut(word, "=")
	switch kind {
	case "flip":
		return misbehave.Flip(), nil
	case "truncate":
		return misbehave.Truncate(), nil
	case "redirect":
		return misbehave.Redirect(value), nil
	case "slow":
		pause, err := time.ParseDuration(value)
		return misbehave.Slow(pause), err
	case "busy":
		return misbehave.Answer(http.StatusTooManyRequests, "Retry-After: "+value), nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("-fault %q: %w", word, err)
	}
	switch kind {
	case "drop":
		return misbehave.Drop(n), nil
	case "cut":
		return uploads.Cut(n), nil
	case "status":
		return misbehave.Answer(int(n)), nil
	}
	return nil, fmt.Errorf("-fault %q: there is no such fault", word)
}
