// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"maps"
	"net/http"
	"strings"
)

// configured sends requests to a place as its configuration wants them. Those that
// go elsewhere, because the place redirects them or its tokens are there, it leaves
// as they are.
type configured struct {
	next  http.RoundTripper
	place place
}

// RoundTrip sends a request.
func (c *configured) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host != c.place.address() {
		return c.next.RoundTrip(req)
	}
	clone := req.Clone(req.Context())
	maps.Copy(clone.Header, c.place.header)
	if clone.URL.Path == apiRoot+"/" { // the login asks there for the API
		clone.URL.Path = c.place.base() + "/"
	}
	if c.place.of != "" && strings.HasPrefix(clone.URL.Path, c.place.base()+"/") {
		query := clone.URL.Query()
		query.Set("ns", c.place.of)
		clone.URL.RawQuery = query.Encode()
	}
	return c.next.RoundTrip(clone)
}

// address is the host as it is in addresses.
func (p place) address() string {
	if p.host == "docker.io" {
		return dockerHubHost
	}
	return p.host
}
