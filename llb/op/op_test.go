// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package op

import (
	"errors"
	"testing"

	bk "github.com/moby/buildkit/client/llb"
)

func TestIgnoresCache(t *testing.T) {
	var plain Maker
	if plain.IgnoresCache("app") || plain.IgnoresCache("") {
		t.Error("without NoCache something is built without the cache")
	}
	m := Maker{Target: "web", NoCache: func(name string) bool { return name == "app" || name == "" }}
	if !m.IgnoresCache("app") || m.IgnoresCache("other") || m.IgnoresCache("") {
		t.Error("only the layer app is to be built without the cache; an empty name is none")
	}
	m.NoCache = func(name string) bool { return name == "web" }
	if !m.IgnoresCache("") || !m.IgnoresCache("app") {
		t.Error("all of the target is to be built without the cache")
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{AttemptName("archive", 0), "archive"},
		{AttemptName("archive", 1), "archive-2"},
		{(&Maker{}).Name("fetch x"), "fetch x"},
		{(&Maker{Inside: []string{"linux/arm64", "web"}}).Name("fetch x"), "[linux/arm64 web] fetch x"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestSubPath(t *testing.T) {
	for p, want := range map[string]int{"": 0, "/": 0, "/./": 0, "/src": 1} {
		if got := len(SubPath(p)); got != want {
			t.Errorf("SubPath(%q) has %d options, want %d", p, got, want)
		}
	}
}

func TestHelperThatIsMissing(t *testing.T) {
	var m Maker
	if _, err := m.Tree("x", nil); !errors.Is(err, ErrNoStep) {
		t.Errorf("without a step helper: error %v, want %v", err, ErrNoStep)
	}
	lost := errors.New("it isn't for this architecture")
	m.Step = func(string) (bk.State, string, error) { return bk.State{}, "", lost }
	if _, err := m.Helper("riscv64"); !errors.Is(err, lost) {
		t.Errorf("error %v, want %v", err, lost)
	}
}
