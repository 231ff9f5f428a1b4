// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/nix/resolve"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
)

// madeCache is a binary cache with a closure that its key vouches for.
type madeCache struct {
	files served
	key   string
}

const cache = "https://cache.example.org"

func storePath(i int, name string) string { return fmt.Sprintf("/nix/store/%032d-%s", i, name) }

// makeCache makes a cache of paths, the first of which refers to all others.
func makeCache(t *testing.T, names ...string) *madeCache {
	t.Helper()
	secret := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	public, ok := secret.Public().(ed25519.PublicKey)
	if !ok {
		t.Fatal("there is no public key")
	}
	c := &madeCache{files: served{}, key: "k:" + base64.StdEncoding.EncodeToString(public)}
	for i, name := range names {
		info := &resolve.Info{Path: storePath(i, name), NarHash: digest.FromString(name), NarSize: 1}
		var refs []string
		for j := 1; i == 0 && j < len(names); j++ {
			info.References = append(info.References, storePath(j, names[j]))
			refs = append(refs, path.Base(storePath(j, names[j])))
		}
		signature := base64.StdEncoding.EncodeToString(ed25519.Sign(secret, []byte(info.Fingerprint())))
		c.files[fmt.Sprintf("%s/%032d.narinfo", cache, i)] = fmt.Sprintf(
			"StorePath: %s\nURL: nar/x.nar\nCompression: none\nFileHash: %s\nFileSize: 1\nNarHash: %s\nNarSize: 1\nReferences: %s\nSig: k:%s\n",
			info.Path, info.NarHash, info.NarHash, strings.Join(refs, " "), signature)
	}
	return c
}

// derivation is a layer of store paths with further keys.
func (c *madeCache) derivation(more string, paths ...string) string {
	return "  - derivation:\n      paths: [" + strings.Join(paths, ", ") + "]\n      substituters: [" + cache + "]\n      trusted_public_keys: [\"" + c.key + "\"]\n" + more
}

// TestMissingPath points at the path that a cache doesn't have, though an argument
// names it and another one stands before.
func TestMissingPath(t *testing.T) {
	c := makeCache(t, "first")
	first, second := storePath(0, "first"), storePath(1, "second")
	r := withBase(t, "args: {P: "+second+"}\nlayers:\n"+c.derivation("", first, "\"$P\""), nil)
	r.Fetch = c.files
	_, err := planOf(r)
	if err == nil || !strings.HasPrefix(err.Error(), "strata.yaml:4:66: derivation: find "+second+": ") {
		t.Errorf("the second is missing: error %v", err)
	}
	r.Fetch = served{cache + "/00000000000000000000000000000000.narinfo": "broken"}
	_, err = planOf(r)
	if err == nil || !strings.HasPrefix(err.Error(), "strata.yaml:4:15: derivation: find "+first+": ") {
		t.Errorf("the first is broken: error %v", err)
	}
}

// TestTooFewLayers names the limit that a grouping runs into, and what to set.
func TestTooFewLayers(t *testing.T) {
	var names []string
	for i := range 18 {
		names = append(names, fmt.Sprintf("p%d", i))
	}
	c := makeCache(t, names...)
	for _, tc := range []struct{ top, more, want string }{
		{
			"", "      algorithm: per-path\n",
			"strata.yaml:3:7: derivation: group 18 paths: it takes at least 18 layers, and there may be 16; set max_layers of the derivation to 18 or more, or take another algorithm",
		},
		{
			"", "      algorithm: per-path\n      max_layers: 3\n",
			"strata.yaml:7:19: derivation: group 18 paths: it takes at least 18 layers, and there may be 3; set max_layers of the derivation to 18 or more, or take another algorithm",
		},
		{
			"max_layers: 10\n", "      algorithm: per-path\n      max_layers: 40\n",
			"strata.yaml:8:19: derivation: group 18 paths: it takes at least 18 layers, and there may be 10; max_layers of the target leaves 10 for the store paths; take another algorithm",
		},
	} {
		r := withBase(t, tc.top+"layers:\n"+c.derivation(tc.more, storePath(0, "p0")), nil)
		r.Fetch = c.files
		if _, err := planOf(r); err == nil || err.Error() != tc.want {
			t.Errorf("error %v\nwant %s", err, tc.want)
		}
	}
}

// TestPathsThatAreThere ships what the base and the layers before don't have, and
// nothing that a command between may have taken away.
func TestPathsThatAreThere(t *testing.T) {
	c := makeCache(t, "app", "libc", "tool", "data")
	app, libc := storePath(0, "app"), storePath(1, "libc")
	base := someFiles{storePath(2, "tool"): "", "/nix/store/.links": ""}
	const command = "  - build: {run: nix-collect-garbage}\n"
	for _, tc := range []struct{ name, text, want string }{
		{"scratch", "layers:\n" + c.derivation("", app), "app data libc tool"},
		{"a base", "from: base\nlayers:\n" + c.derivation("", app), "app data libc"},
		{"pinned in the base", "from: base\nlayers:\n" + c.derivation("      pin: [[tool, libc]]\n", app), "app data libc"},
		{"a layer before", "layers:\n" + c.derivation("", libc) + c.derivation("", app), "libc app data tool"},
		{"all of it", "layers:\n" + c.derivation("", app) + c.derivation("      link: /usr\n", app), "app data libc tool link=true"},
		{"a target", "from: target:below\nlayers:\n" + c.derivation("", app) + "targets:\n  below:\n    from: base\n    layers:\n    " + strings.ReplaceAll(c.derivation("", libc), "\n", "\n    "), "app data"},
		{"a command between", "from: base\nlayers:\n" + c.derivation("", libc) + command + c.derivation("      link: /usr\n", app), "libc app data libc tool link=false"},
	} {
		r := withBase(t, strings.TrimRight(tc.text, " ")+"\n", base)
		r.Fetch = c.files
		p := mustPlan(t, r)
		var got []string
		for _, l := range p.Images[len(p.Images)-1].Layers {
			switch a := l.Action.(type) {
			case *plan.Store:
				for _, item := range a.Items {
					got = append(got, resolve.Name("/nix/store/"+item.Name))
				}
			case *plan.Link:
				got = append(got, fmt.Sprintf("link=%v", a.Image))
			}
		}
		if got, want := sortedWords(got), sortedWords(strings.Fields(tc.want)); got != want {
			t.Errorf("%s: %s, want %s", tc.name, got, want)
		}
	}
}

func sortedWords(words []string) string {
	return strings.Join(slices.Sorted(slices.Values(words)), " ")
}

// TestLockedPathsAreWhatTheKeySigned changes what a lock says of a store path: its name,
// its hash, its size, its references or the signature. A build fails at the lock's line,
// and "strata lock" looks the path up again.
func TestLockedPathsAreWhatTheKeySigned(t *testing.T) {
	c := makeCache(t, "app", "libc")
	r := withBase(t, "layers:\n"+c.derivation("", storePath(0, "app")), nil)
	r.Fetch = c.files
	made := lock.File{}
	r.Lock.Store = made.Keep
	mustPlan(t, r)
	text := string(made.Write())
	r.Lock.Name = "strata.lock"
	read := func(text string) *lock.File {
		f, err := lock.Read("strata.lock", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	r.Lock.File, r.Fetch = read(text), served{}
	mustPlan(t, r)
	app, libc := path.Base(storePath(0, "app")), path.Base(storePath(1, "libc"))
	for what, change := range map[string]func(string) string{
		"name": func(s string) string { return strings.ReplaceAll(s, libc, strings.ReplaceAll(libc, "libc", "musl")) },
		"hash": func(s string) string {
			return strings.Replace(s, digest.FromString("libc").Encoded()+"\"}", strings.Repeat("0", 64)+"\"}", 1)
		},
		"size":            func(s string) string { return strings.Replace(s, "nar_size: 1", "nar_size: 2", 1) },
		"references":      func(s string) string { return strings.Replace(s, "references: [\""+libc+"\"], ", "", 1) },
		"more references": func(s string) string { return strings.Replace(s, "[\""+libc+"\"]", "[\""+app+"\", \""+libc+"\"]", 1) },
		"signature": func(s string) string {
			return regexp.MustCompile(`, signature: "[^"]*"`).ReplaceAllString(s, "")
		},
	} {
		changed := change(text)
		if changed == text {
			t.Fatalf("%s: nothing to change in\n%s", what, text)
		}
		r.Lock.File, r.Fetch, r.Lock.Renew = read(changed), served{}, false
		_, err := planOf(r)
		if err == nil || !regexp.MustCompile(`^strata\.yaml:3:7: .*line \d+ of strata\.lock says of /nix/store/\S+ what no trusted key has signed`).MatchString(err.Error()) {
			t.Errorf("%s: error %v", what, err)
		}
		r.Lock.Renew, r.Fetch = true, c.files
		again := *r.Lock.File.Clone()
		r.Lock.Store = again.Keep
		mustPlan(t, r)
		if diff := cmp.Diff(text, string(again.Write())); diff != "" {
			t.Errorf("%s: the lock is not as before (-want +got):\n%s", what, diff)
		}
	}
}
