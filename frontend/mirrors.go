// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"errors"
	"net/url"
	"strings"

	bk "github.com/moby/buildkit/client/llb"
)

// patience is how many archives a mirror may lack before it is asked for no more.
const patience = 4

// mirrors are those that failed, by their hosts, and how often.
type mirrors map[string]int

// choose picks the archives that are to be looked for elsewhere after a failure, by
// their addresses: the one that failed, all of the same host if it can't be
// reached or lacks too much, and all where nobody knows which failed.
func (m mirrors) choose(err error) func(address string) bool {
	var at *addressError
	if !errors.As(err, &at) {
		return func(string) bool { return true }
	}
	host := hostOf(at.url)
	m[host]++
	text := err.Error()
	if answered := strings.Contains(text, "invalid response status ") || strings.Contains(text, "digest mismatch "); !answered || m[host] > patience {
		return func(address string) bool { return hostOf(address) == host }
	}
	return func(address string) bool { return address == at.url }
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

// answered is the status that a server answers with; empty if it has the file.
// With a checksum, BuildKit takes the page of an error for the file.
func (r *request) answered(ctx context.Context, address string, opts ...bk.HTTPOption) string {
	opts = append([]bk.HTTPOption{bk.Filename("answer"), bk.WithCustomName("[internal] look for " + address)}, opts...)
	_, err := r.make(ctx, bk.HTTP(address, opts...))
	if err == nil {
		return ""
	}
	_, status, _ := strings.Cut(err.Error(), "invalid response status ")
	return status
}
