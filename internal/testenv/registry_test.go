// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"net/http"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestRegistryTellsWhatWasSent(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{})
	image := Image(t, "amd64", v1.Config{}, []Entry{{Path: "greeting", Data: []byte("hello\n")}})
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	r.Push(t, "greeting:1", image)
	if n := len(r.Uploads("greeting")); n != 2 {
		t.Errorf("the first push sent %d blobs, want a layer and a config", n)
	}
	r.Reset()
	r.Push(t, "greeting:2", image)
	if sent := r.Uploads("greeting"); len(sent) != 0 {
		t.Errorf("the second push sent %v again", sent)
	}
	if got := r.Descriptor(t, "greeting:2").Digest; got != digest {
		t.Errorf("digest %s, want %s", got, digest)
	}
	r.Validate(t, "greeting:2")
}

func TestRegistryAsksForItsPassword(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{User: "someone", Password: "let me in"})
	context := scratchContext(t, "secret\n")
	push := []string{"--push", "--tag", r.Host + "/greeting:1", context}
	if out, err := NewBuildx(t, Shared(t)).Build(push...); err == nil || !strings.Contains(out, "401") {
		t.Errorf("push without a password: %v\n%s", err, out)
	}
	NewBuildx(t, Shared(t), r).MustBuild(t, push...)
	r.Validate(t, "greeting:1")
	PullLayout(t, r, "greeting:1").Validate(t, "amd64")
}

func TestRegistryRefuses(t *testing.T) {
	r := NewRegistry(t, RegistryOptions{})
	r.Refuse(func(req *http.Request) (int, string) {
		if req.Method == http.MethodPut && strings.Contains(req.URL.Path, "/manifests/") {
			return http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"the quota is used up"}]}`
		}
		return 0, ""
	})
	out, err := NewBuildx(t, Shared(t)).Build("--push", "--tag", r.Host+"/greeting:1", scratchContext(t, "no\n"))
	if err == nil || !strings.Contains(out, "the quota is used up") {
		t.Errorf("push to a registry that refuses: %v\n%s", err, out)
	}
}
