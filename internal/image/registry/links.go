// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"slices"
	"strings"
)

// nextLink is the address of the link that leads to the next page, among those of an answer's
// Link headers, each of which may have several (RFC 8288, section 3); empty if there is none.
func nextLink(headers []string) string {
	for _, text := range headers {
		for {
			_, link, ok := strings.Cut(text, "<")
			address, rest, closed := strings.Cut(link, ">")
			if !ok || !closed {
				break
			}
			parameters, _, _ := strings.Cut(rest, "<") // of the link behind it
			if isNext(parameters) {
				return address
			}
			text = rest
		}
	}
	return ""
}

// isNext reports whether a link's parameters say that it is that of the next page.
func isNext(parameters string) bool {
	return slices.ContainsFunc(strings.Split(parameters, ";"), func(parameter string) bool {
		key, value, _ := strings.Cut(parameter, "=")
		words := strings.Fields(strings.Trim(strings.TrimSpace(value), `",`))
		return strings.EqualFold(strings.TrimSpace(key), "rel") && slices.ContainsFunc(words, func(word string) bool { return strings.EqualFold(word, "next") })
	})
}
