// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/debian/index"
)

// TestInRelease follows the chain on the real archive: the keyrings that the
// machine's sources name, the InRelease files that apt fetched, and the hash of
// each index that the resolver reads.
func TestInRelease(t *testing.T) {
	a := fetch(t)
	rings := keyrings(t)
	releases, err := filepath.Glob(filepath.Join(a.state, "lists/*_InRelease"))
	if err != nil || len(releases) == 0 {
		t.Fatal("apt fetched no InRelease file", err)
	}
	byCodename := map[string]*index.Release{}
	for _, path := range releases {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		release, err := index.VerifyInRelease(content, rings, index.VerifyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(release.Signers) == 0 {
			t.Error("no signer of", release.Codename)
		}
		byCodename[release.Codename] = release
		changed := bytes.Replace(content, []byte("\nSuite: "), []byte("\nSuite: x"), 1)
		var bad *index.BadSignatureError
		if _, err := index.VerifyInRelease(changed, rings, index.VerifyOptions{}); !errors.As(err, &bad) {
			t.Errorf("an altered InRelease of %s: %v", release.Codename, err)
		}
		var untrusted *index.UntrustedError
		if _, err := index.VerifyInRelease(content, nil, index.VerifyOptions{}); !errors.As(err, &untrusted) {
			t.Errorf("without a keyring: %v", err)
		}
	}
	for _, index := range a.indexes(t) {
		o := index.Options()
		release := byCodename[o.Codename]
		if release == nil {
			t.Errorf("no InRelease for %s", o.Codename)
			continue
		}
		name := o.Component + "/binary-" + o.Architecture + "/Packages"
		sum := sha256.Sum256([]byte(index.Text()))
		if f := release.Files[name]; f.SHA256 != hex.EncodeToString(sum[:]) || f.Size != int64(len(index.Text())) {
			t.Errorf("%s of %s is not the file that was signed: %+v", name, o.Codename, f)
		}
	}
}

// keyrings reads those that the sources of this machine name.
func keyrings(t *testing.T) [][]byte {
	t.Helper()
	files, err := filepath.Glob("/etc/apt/sources.list.d/*")
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("/etc/apt/trusted.gpg.d/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "/etc/apt/sources.list") {
		if !strings.HasSuffix(file, ".list") && !strings.HasSuffix(file, ".sources") {
			continue // apt does not read them either
		}
		content, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		sources, err := index.ReadSources(file, content)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sources {
			paths = append(paths, s.SignedBy...)
		}
	}
	var rings [][]byte
	for _, path := range paths {
		ring, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rings = append(rings, ring)
	}
	return rings
}
