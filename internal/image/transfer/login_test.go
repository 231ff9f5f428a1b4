// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/image/transfer"
	"github.com/strata-build/strata/internal/testenv"
)

// loggedIn are options with credentials for a host.
func loggedIn(t *testing.T, host, user, password string) transfer.Options {
	t.Helper()
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	return withAuthFile(t, fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, host, auth))
}

func withAuthFile(t *testing.T, text string) transfer.Options {
	t.Helper()
	path := filepath.Join(testenv.Dir(t), "auth.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := registry.New(registry.Options{AuthFile: path, Env: os.LookupEnv, Wait: 1e6})
	if err != nil {
		t.Fatal(err)
	}
	return transfer.Options{Options: image.Options{Registries: client}}
}

// TestLogin pushes to a registry that wants a password.
func TestLogin(t *testing.T) {
	r := testenv.NewRegistry(t, testenv.RegistryOptions{User: "ann", Password: "secret"})
	r.Push(t, "team/app:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}}))
	src := r.Host + "/team/app:1"
	good := base64.StdEncoding.EncodeToString([]byte("ann:secret"))
	for name, auths := range map[string]string{
		"host and port":        r.Host,
		"address":              "https://" + r.Host + "/v1/",
		"part of a repository": r.Host + "/team",
		"repository":           r.Host + "/team/app",
	} {
		t.Run(name, func(t *testing.T) {
			o := withAuthFile(t, fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, auths, good))
			copyImage(t, src, r.Host+"/team/app:2", o)
		})
	}
	t.Run("helper", func(t *testing.T) {
		dir := testenv.Dir(t)
		script := fmt.Sprintf("#!/bin/sh\nread host\n[ \"$host\" = %q ] && echo '{\"Username\": \"ann\", \"Secret\": \"secret\"}'\n", r.Host)
		if err := os.WriteFile(filepath.Join(dir, "docker-credential-strata-test"), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
		copyImage(t, src, r.Host+"/team/app:3", withAuthFile(t, fmt.Sprintf(`{"credHelpers": {%q: "strata-test"}}`, r.Host)))
	})
}

// TestRefusals compares the lines of what a registry does not do.
func TestRefusals(t *testing.T) {
	r := testenv.NewRegistry(t, testenv.RegistryOptions{User: "ann", Password: "secret"})
	r.Push(t, "team/app:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}}))
	good, wrong := loggedIn(t, r.Host, "ann", "secret"), loggedIn(t, r.Host, "ann", "wrong")
	none := clientOptions(t)
	for name, c := range map[string]struct {
		src  string
		o    transfer.Options
		kind error
		want string
	}{
		"no password":    {"/team/app:1", none, registry.ErrLogin, "wants a login, and no file has credentials for it"},
		"wrong password": {"/team/app:1", wrong, registry.ErrLogin, "does not accept the user name and password of "},
		"no repository":  {"/team/nothing:1", good, registry.ErrNotFound, "/team/nothing:1: " + r.Host + " has no "},
		"no tag":         {"/team/app:7", good, registry.ErrNotFound, "/team/app:7: " + r.Host + " has no such image"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := testenv.Dir(t)
			_, err := transfer.Copy(t.Context(), parse(t, r.Host+c.src), parse(t, "oci:"+dir+"/layout"), c.o)
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is: %v\nwant %q", err, c.want)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("it leaves %v, %v", left, err)
			}
		})
	}
}
