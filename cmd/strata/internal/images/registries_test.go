// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/strata-build/strata/internal/image"
)

// TestNoWait asks a registry that wants to be left alone for a second, for a user who does not
// want to wait at all.
func TestNoWait(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	t.Cleanup(server.Close)
	var r Registries
	flags := pflag.NewFlagSet("copy", pflag.ContinueOnError)
	r.Bind(flags)
	if err := flags.Parse([]string{"--wait", "0"}); err != nil {
		t.Fatal(err)
	}
	o, err := r.Options(func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	name, err := image.Parse(server.Listener.Addr().String() + "/a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := image.Open(t.Context(), name, o); err == nil || !strings.Contains(err.Error(), "asks to wait for 1s; --wait 1s does that") {
		t.Errorf("it says %v", err)
	}
}
