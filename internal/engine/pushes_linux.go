// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"net/http"
	"slices"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes/docker"
)

// forPushes are registries that can be pushed to though they answer in ways that
// BuildKit takes for the end, and "strata copy" does not.
func forPushes(hosts docker.RegistryHosts) docker.RegistryHosts {
	return func(name string) ([]docker.RegistryHost, error) {
		all, err := hosts(name)
		for i, host := range all {
			client := http.Client{}
			if host.Client != nil {
				client = *host.Client
			}
			next := client.Transport
			if next == nil {
				next = http.DefaultTransport
			}
			client.Transport = &pushes{next: next}
			all[i].Client = &client
		}
		return all, err
	}
}

// pushes changes the answers to requests of a push.
type pushes struct{ next http.RoundTripper }

// RoundTrip sends a request. Who may push may have no right to ask what is there: that
// is taken for nothing, which is then sent, or refused in plain words. That a manifest is
// accepted is as good as that it is created; a page for people is no registry's answer.
func (p *pushes) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := p.next.RoundTrip(req)
	if err != nil || !isPush(req) {
		return resp, err
	}
	switch {
	case req.Method == http.MethodHead && isUnsaid(resp.StatusCode):
		setStatus(resp, http.StatusNotFound)
	case req.Method == http.MethodPut && resp.StatusCode == http.StatusAccepted && strings.Contains(req.URL.Path, "/manifests/"):
		setStatus(resp, http.StatusCreated)
	case resp.StatusCode < http.StatusMultipleChoices && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html"),
		resp.StatusCode == http.StatusOK && req.Method == http.MethodPut && strings.Contains(req.URL.Path, "/manifests/") && !namesManifest(resp):
		setStatus(resp, http.StatusBadGateway)
	}
	return resp, nil
}

// namesManifest reports whether an answer says what manifest there is now, as registries do.
func namesManifest(resp *http.Response) bool {
	return resp.Header.Get("Docker-Content-Digest") != "" || resp.Header.Get("Location") != ""
}

// isUnsaid reports whether a registry refuses to say what it has, and wants neither a
// login nor a pause.
func isUnsaid(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusTooManyRequests:
		return false
	}
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError || status == http.StatusNotImplemented
}

func setStatus(resp *http.Response, status int) {
	resp.StatusCode, resp.Status = status, http.StatusText(status)
}

// isPush reports whether a request is made with the right to push.
func isPush(req *http.Request) bool {
	return slices.ContainsFunc(docker.GetTokenScopes(req.Context(), nil), func(scope string) bool {
		return slices.Contains(strings.Split(scope[strings.LastIndex(scope, ":")+1:], ","), "push")
	})
}
