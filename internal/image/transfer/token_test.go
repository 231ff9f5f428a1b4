// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/image/transfer"
	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/misbehave"
)

// tokenRegistry is a registry that sends its clients to a server of tokens.
func tokenRegistry(t *testing.T) (*testenv.TokenServer, *testenv.Registry) {
	t.Helper()
	tokens := testenv.NewTokenServer(t)
	tokens.Passwords = map[string]string{"ann": "secret", "bob": "secret"}
	tokens.Identities = map[string]string{"identity-of-ann": "ann"}
	tokens.ReadOnly = []string{"bob"}
	return tokens, testenv.NewRegistry(t, testenv.RegistryOptions{Tokens: tokens})
}

// identity are options with an identity token, as docker login keeps it.
func identity(t *testing.T, host, token string) transfer.Options {
	t.Helper()
	auth := base64.StdEncoding.EncodeToString([]byte("<token>:"))
	return withAuthFile(t, fmt.Sprintf(`{"auths": {%q: {"auth": %q, "identitytoken": %q}}}`, host, auth, token))
}

// TestTokens copies to and from a registry that wants a token for each repository.
func TestTokens(t *testing.T) {
	tokens, r := tokenRegistry(t)
	open := testenv.SharedRegistry(t)
	open.Push(t, "tokens/app:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}}))
	src := open.Host + "/tokens/app:1"
	for grant, o := range map[string]transfer.Options{
		"password ann":      loggedIn(t, r.Host, "ann", "secret"),
		"refresh_token ann": identity(t, r.Host, "identity-of-ann"),
	} {
		t.Run(grant, func(t *testing.T) {
			first := "/team/" + strings.Fields(grant)[0]
			copyImage(t, src, r.Host+first+":1", o)
			copyImage(t, r.Host+first+":1", r.Host+first+"/second:1", o) // what is mounted needs two scopes
			copyImage(t, r.Host+first+"/second:1", "oci:"+testenv.Dir(t)+"/layout", o)
			if asked := tokens.Asked(); !slices.Contains(asked, grant) {
				t.Errorf("the server was asked for %q", asked)
			}
		})
	}
}

// TestExpiredToken has the token run out before each kind of request. The request
// is sent again with a new one, its body too.
func TestExpiredToken(t *testing.T) {
	tokens, r := tokenRegistry(t)
	open := testenv.SharedRegistry(t)
	large := []testenv.Entry{{Path: "noise", Data: noise(3 << 20)}}
	open.Push(t, "tokens/large:1", testenv.Image(t, "amd64", v1.Config{}, large, []testenv.Entry{{Path: "a"}}))
	for i, c := range []struct{ method, path string }{
		{"HEAD", "/blobs/"},
		{"POST", "/blobs/uploads/"},
		{"PATCH", "/blobs/uploads/"},
		{"PUT", "/blobs/uploads/"},
		{"PUT", "/manifests/"},
		{"GET", "/manifests/"},
		{"GET", "/blobs/"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			repository := fmt.Sprintf("expired/app%d", i)
			o := loggedIn(t, r.Host, "ann", "secret") // it remembers no blobs
			old := &misbehave.Rule{Method: c.method, Path: c.path, Times: 1, Fault: func(w http.ResponseWriter, q *http.Request, next http.Handler) {
				q.Header.Set("Authorization", "Bearer "+tokens.Expired(repository))
				next.ServeHTTP(w, q)
			}}
			r.Misbehave(t, old)
			copyImage(t, open.Host+"/tokens/large:1", r.Host+"/"+repository+":1", o)
			copyImage(t, r.Host+"/"+repository+":1", "oci:"+testenv.Dir(t)+"/layout", o)
			if old.Happened() != 1 {
				t.Error("no request had an old token")
			}
		})
	}
}

// TestTokenRefusals compares the lines of a login that fails.
func TestTokenRefusals(t *testing.T) {
	_, r := tokenRegistry(t)
	ann := loggedIn(t, r.Host, "ann", "secret")
	open := testenv.SharedRegistry(t)
	open.Push(t, "tokens/app:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}}))
	src := open.Host + "/tokens/app:1"
	copyImage(t, src, r.Host+"/team/app:1", ann)
	for name, c := range map[string]struct {
		src, dst string
		o        transfer.Options
		want     string
	}{
		"nobody":         {r.Host + "/team/app:1", "oci:" + testenv.Dir(t) + "/l", clientOptions(t), "wants a login, and no file has credentials for it"},
		"wrong password": {r.Host + "/team/app:1", "oci:" + testenv.Dir(t) + "/l", loggedIn(t, r.Host, "ann", "wrong"), "does not accept the user name and password of "},
		"wrong identity": {r.Host + "/team/app:1", "oci:" + testenv.Dir(t) + "/l", identity(t, r.Host, "forged"), "does not accept the identity token of "},
		"only reads":     {src, r.Host + "/team/app:2", loggedIn(t, r.Host, "bob", "secret"), "does not allow it to the user of "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := transfer.Copy(t.Context(), parse(t, c.src), parse(t, c.dst), c.o)
			if !errors.Is(err, registry.ErrLogin) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is: %v\nwant %q", err, c.want)
			}
		})
	}
}
