// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package connect

import (
	"strings"
	"testing"
)

// TestServerNameWithoutCA names a server's certificate and nothing to trust it by: the
// connection would be made without TLS.
func TestServerNameWithoutCA(t *testing.T) {
	o := Options{Addr: "tcp://127.0.0.1:1", TLSServerName: "buildkit.example.org"}
	if _, err := o.Dial(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "--tlscacert") {
		t.Errorf("it says %v", err)
	}
}
