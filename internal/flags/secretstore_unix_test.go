// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package flags

import (
	"fmt"
	"os"
	"testing"

	"github.com/moby/buildkit/session/secrets/secretsprovider"
)

// TestSecretStream gives several steps and builds a secret that can be read once, as that of
// a shell's <(command).
func TestSecretStream(t *testing.T) {
	var streams Streams
	for _, text := range []string{"first", "second"} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if _, err := w.WriteString(text); err != nil {
			t.Fatal(err)
		}
		w.Close()
		for range 2 { // builds
			store, err := SecretStore([]secretsprovider.Source{{ID: "token", FilePath: fmt.Sprintf("/dev/fd/%d", r.Fd())}}, func(string) (string, bool) { return "", false }, &streams)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // steps
				if got, err := store.GetSecret(t.Context(), "token"); err != nil || string(got) != text {
					t.Errorf("the secret is %q, %v, want %q", got, err, text)
				}
			}
		}
	}
}
