// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package sbom_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	spdx "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdxlib"

	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/sbom"
)

var update = flag.Bool("update", false, "write what the tests see into testdata")

func sample() *lock.File {
	f := &lock.File{}
	f.SetRepository(lock.Repository{ID: "bookworm", Type: "deb", Distribution: "debian-12", URIs: []string{"https://archive.example.org/debian/"}})
	f.Set("default", lock.Platform{Name: "linux/amd64", Packages: &lock.Packages{Wanted: [][]string{{"g++"}}, Packages: []lock.Package{
		{Name: "g++", Version: "4:12.2.0-3", Arch: "amd64", Source: "gcc-defaults", Repository: "bookworm", Path: "pool/main/g/gcc-defaults/g++_12.2.0-3_amd64.deb", Size: 1, SHA256: strings.Repeat("0a", 32)},
		{Name: "jq", Version: "1.6-2.1+deb12u2", Arch: "amd64", Repository: "bookworm", Path: "pool/main/j/jq/jq.deb", Size: 1, SHA256: strings.Repeat("1b", 32)},
		{Name: "local", Version: "1", Arch: "all", From: "target:pkg", File: "out/local_1_all.deb", Size: 1, SHA256: strings.Repeat("2c", 32)},
		{Name: "web", Version: "2", Arch: "all", URL: "https://example.org/web.deb", Size: 1, SHA256: strings.Repeat("3d", 32)},
	}, Type: "deb"}})
	return f
}

// TestWrite lets the specification's own library read the document.
func TestWrite(t *testing.T) {
	const golden = "testdata/sbom.spdx.json"
	got, err := sbom.Write(sample(), sbom.Subject{Name: "default", Platform: "linux/amd64"}, "default", "another")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("Write() (-want +got):\n%s", diff)
	}
	doc, err := spdx.Read(bytes.NewReader(got))
	if err != nil {
		t.Fatalf("spdx: %v", err)
	}
	if err := spdxlib.ValidateDocument(doc); err != nil {
		t.Errorf("spdx: %v", err)
	}
	if doc.SPDXVersion != "SPDX-2.3" || len(doc.Packages) != 5 || doc.Packages[1].PackageChecksums[0].Value != strings.Repeat("0a", 32) {
		t.Errorf("spdx reads %s with %d packages", doc.SPDXVersion, len(doc.Packages))
	}
	other, err := sbom.Write(sample(), sbom.Subject{Name: "default", Platform: "linux/arm64"}, "default")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(other, []byte(doc.DocumentNamespace)) {
		t.Error("two documents have the same namespace")
	}
}
