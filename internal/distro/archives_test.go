// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package distro_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/distro"
)

func TestUniqueIDs(t *testing.T) {
	for _, c := range []struct{ names, want []string }{
		{[]string{"a", "b"}, []string{"a", "b"}},
		{[]string{"a", "a", "a"}, []string{"a", "a-2", "a-3"}},
		{[]string{"x", "x", "x-2"}, []string{"x", "x-3", "x-2"}},
		{[]string{"x-2", "x", "x", "x-2"}, []string{"x-2", "x", "x-3", "x-2-2"}},
	} {
		if diff := cmp.Diff(c.want, distro.UniqueIDs(c.names)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.names, diff)
		}
	}
}

// TestLoginsInAddresses keeps them out of what is said of the addresses.
func TestLoginsInAddresses(t *testing.T) {
	for _, address := range []string{
		"https://ann:hidden@example.org", "https://ann:hid%den@example.org", "https://ann:hid/den@example.org", "ann:hidden@example.org/debian",
		"ftp://ann:hidden@example.org", "https://ann:hidden@example.org\nx",
	} {
		if _, err := distro.ParseAddresses(address); err == nil || strings.Contains(err.Error(), "hid") || strings.Contains(err.Error(), "den@") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
