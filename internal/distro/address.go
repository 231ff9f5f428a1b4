// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package distro

import (
	"errors"
	"fmt"
	"strings"

	"github.com/strata-build/strata/internal/fetch"
)

// ParseAddresses reads addresses of one archive, with space between them: each is an
// http or https URL with a host.
func ParseAddresses(text string) ([]string, error) {
	if strings.ContainsAny(text, "\n\r\x00") {
		return nil, fmt.Errorf("the address %q has a line break; write several addresses with a space between them", fetch.Shown(text))
	}
	addresses := strings.Fields(text)
	if len(addresses) == 0 {
		return nil, errors.New("the repository has no address")
	}
	for _, a := range addresses {
		u, err := fetch.ParseAddress(a)
		if err == nil && u.User != nil {
			return nil, fmt.Errorf("the address of %s has a login in it, which others would read in the build's graph and in its provenance; give it as a build secret, with `auth`", u.Host)
		}
		if err != nil {
			return nil, fmt.Errorf("read the repository's address: %w", err)
		}
		if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, fmt.Errorf("%q is not an http or https address, and packages come from nowhere else", fetch.Shown(a))
		}
	}
	return addresses, nil
}
