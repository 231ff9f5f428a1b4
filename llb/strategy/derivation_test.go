// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/nix/resolve"
)

// TestMissingPath points at the path that a cache doesn't have, though an argument
// names it and another one stands before.
func TestMissingPath(t *testing.T) {
	const (
		first  = "/nix/store/00000000000000000000000000000001-first"
		second = "/nix/store/00000000000000000000000000000002-second"
		cache  = "https://cache.example.org"
	)
	secret := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	public, ok := secret.Public().(ed25519.PublicKey)
	if !ok {
		t.Fatal("there is no public key")
	}
	info := &resolve.Info{Path: first, NarHash: digest.FromString("x"), NarSize: 1}
	signature := base64.StdEncoding.EncodeToString(ed25519.Sign(secret, []byte(info.Fingerprint())))
	narinfo := fmt.Sprintf("StorePath: %s\nURL: nar/x.nar\nCompression: none\nFileHash: %s\nFileSize: 1\nNarHash: %s\nNarSize: 1\nReferences: \nSig: k:%s\n",
		first, info.NarHash, info.NarHash, signature)
	r := withBase(t, "args: {P: "+second+"}\nlayers:\n  - derivation:\n      paths: ["+first+", \"$P\"]\n"+
		"      substituters: ["+cache+"]\n      trusted_public_keys: [\"k:"+base64.StdEncoding.EncodeToString(public)+"\"]\n", nil)
	r.Fetch = served{cache + "/00000000000000000000000000000001.narinfo": narinfo}
	_, err := planOf(r)
	if err == nil || !strings.HasPrefix(err.Error(), "strata.yaml:4:66: derivation: find "+second+": ") {
		t.Errorf("the second is missing: error %v", err)
	}
	r.Fetch = served{cache + "/00000000000000000000000000000001.narinfo": "broken"}
	_, err = planOf(r)
	if err == nil || !strings.HasPrefix(err.Error(), "strata.yaml:4:15: derivation: find "+first+": ") {
		t.Errorf("the first is broken: error %v", err)
	}
}
