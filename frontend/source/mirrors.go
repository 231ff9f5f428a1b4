// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"net/url"

	"github.com/strata-build/strata/frontend/fault"
)

// patience is how many archives a mirror may lack before it is asked for no more.
const patience = 4

// mirrors are those that failed, by their hosts, and how often.
type mirrors map[string]int

// choose picks the archives that are to be looked for elsewhere after a failure, by
// their addresses: the one that failed, all of the same host if it can't be
// reached or lacks too much, and all where it isn't known which failed.
func (m mirrors) choose(f *fault.Fetch) func(address string) bool {
	if f.URL == "" {
		return func(string) bool { return true }
	}
	host := hostOf(f.URL)
	m[host]++
	if !f.Answered() || m[host] > patience {
		return func(address string) bool { return hostOf(address) == host }
	}
	return func(address string) bool { return address == f.URL }
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}
