// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import "testing"

// TestNextLink finds the next page where it isn't the only link.
func TestNextLink(t *testing.T) {
	for _, c := range []struct {
		headers []string
		want    string
	}{
		{nil, ""},
		{[]string{""}, ""},
		{[]string{`</v2/a/tags/list?last=b>; rel="next"`}, "/v2/a/tags/list?last=b"},
		{[]string{`</v2/a/tags/list?last=b>;rel=next`}, "/v2/a/tags/list?last=b"},
		{[]string{`</v2/a/tags/list?last=b>; title="x"; Rel="NEXT last"`}, "/v2/a/tags/list?last=b"},
		{[]string{`</first>; rel="first", </next>; rel="next", </last>; rel="last"`}, "/next"},
		{[]string{`</style>; rel=preload`, `</next>; rel="next"`}, "/next"},
		{[]string{`</first>; rel="first"; title="next"`}, ""},
		{[]string{`</next; rel="next"`}, ""},
	} {
		if got := nextLink(c.headers); got != c.want {
			t.Errorf("%q: the next page is at %q, want %q", c.headers, got, c.want)
		}
	}
}
