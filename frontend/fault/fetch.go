// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

// Fetch is a failure to get a file from a server. With neither Status nor Got, the
// server could not be reached, or broke off.
type Fetch struct {
	// URL is the address in the graph; empty where BuildKit doesn't say which of
	// several it was.
	URL string
	// Status is the HTTP status that the server refused with; 0 for none.
	Status int
	// Got and Want are the digests of content that isn't what was asked for; both
	// are empty for other failures.
	Got, Want digest.Digest
	err       error
}

// Error is what BuildKit said.
func (f *Fetch) Error() string { return f.err.Error() }

// Unwrap is BuildKit's error.
func (f *Fetch) Unwrap() error { return f.err }

// Answered reports whether the server was there, and didn't give what was asked for.
func (f *Fetch) Answered() bool { return f.Status != 0 || f.Got != "" }

// MayPass reports whether another attempt may have what this one didn't: the server broke
// off, or has too much to do at the moment.
func (f *Fetch) MayPass() bool {
	switch f.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	isPart := func(sign string) bool { return strings.Contains(f.err.Error(), sign) }
	return !f.Answered() && !slices.ContainsFunc(absent(), isPart)
}

// IsMissing reports whether the server doesn't have the file. A store of objects
// that may not be listed says 403 for what it lacks.
func (f *Fetch) IsMissing() bool { return f.Status == 404 || f.Status == 410 || f.Status == 403 }

// Refused is the failure of a server that refuses with a status, where BuildKit took
// its page for the file.
func (f *Fetch) Refused(status int) *Fetch {
	return &Fetch{URL: f.URL, Status: status, err: f.err}
}

// AsFetch finds a failure to fetch in an error; nil when there is none.
func AsFetch(err error) *Fetch {
	var f *Fetch
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// OfGraph makes values of what BuildKit says of a failure to fetch something that is
// in a graph. Other errors, and nil, are returned as they are.
func OfGraph(err error, def *bk.Definition) error {
	f := parseFetch(err)
	if f == nil {
		return ofPermission(ofPolicy(err, def), def)
	}
	if url := failedSource(err, def); url != "" {
		f.URL = url
	}
	return f
}

// OfAddress is [OfGraph] for a graph that fetches from one address.
func OfAddress(err error, url string) error {
	f := parseFetch(err)
	if f == nil {
		return err
	}
	f.URL = url
	return f
}

// refusal and mismatch are BuildKit's two sentences about servers that answer. The
// second has two forms, one with the address.
var (
	refusal  = regexp.MustCompile(`invalid response status ([0-9]{3})`)
	mismatch = regexp.MustCompile(`digest mismatch (?:for (\S+): )?[^\n]*?\b(sha[0-9]+:[0-9a-f]{32,})\b[^\n]*?\b(sha[0-9]+:[0-9a-f]{32,})\b`)
)

// broken are parts of Go's messages about connections.
func broken() []string {
	return []string{"dial tcp", "connection reset", "unexpected EOF", "\": EOF", "i/o timeout", "TLS handshake", tooMuch}
}

// tooMuch is what the embedded engine says of a download that it ends.
const tooMuch = "the server sends more than"

// absent are parts of those messages that a second attempt would get as well.
func absent() []string {
	return []string{"connection refused", "no such host", "network is unreachable", "no route to host", "TLS handshake", "certificate", tooMuch}
}

// parseFetch reads BuildKit's message; nil when it is about something else. Across the
// gateway nothing but the words is left.
func parseFetch(err error) *Fetch {
	if err == nil {
		return nil
	}
	text := err.Error()
	if m := refusal.FindStringSubmatch(text); m != nil {
		status, _ := strconv.Atoi(m[1]) // three digits
		return &Fetch{Status: status, err: err}
	}
	if m := mismatch.FindStringSubmatch(text); m != nil {
		return &Fetch{URL: m[1], Got: digest.Digest(m[2]), Want: digest.Digest(m[3]), err: err}
	}
	for _, sign := range broken() {
		if strings.Contains(text, sign) {
			return &Fetch{err: err}
		}
	}
	return nil
}

// failedSource is the address of the operation that failed, which BuildKit's message
// mostly leaves out; empty when it is not a source, or not in the graph.
func failedSource(err error, def *bk.Definition) string {
	var vertex *errdefs.VertexError
	if !errors.As(err, &vertex) {
		return ""
	}
	for _, data := range def.Def {
		if digest.FromBytes(data).String() != vertex.Digest {
			continue
		}
		var op pb.Op
		if op.UnmarshalVT(data) != nil {
			return ""
		}
		return op.GetSource().GetIdentifier()
	}
	return ""
}
