// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/testenv"
)

// TestCredentialsWithoutEnd has files of credentials that are none.
func TestCredentialsWithoutEnd(t *testing.T) {
	for text, want := range map[string]string{
		`{"x": "` + string(bytes.Repeat([]byte("x"), 9<<20)) + `"}`: "config.json has more than 8388608 bytes",
		`{"auths": {"registry.example.org": {"auth": "CANARY!"}}}`:  "config.json: illegal base64 data",
		`{"auths": ` + strings.Repeat("[", 100_000):                 "config.json: ",
	} {
		home := testenv.Dir(t)
		write(t, home, map[string][]byte{".docker/config.json": []byte(text)})
		err := pull(t, registry.Options{Env: func(name string) (string, bool) { return home, name == "HOME" }}, nowhere+"/x:1")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%.60s: %v, want %s", text, err, want)
		}
	}
}
