// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package locks

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestSBOM shows that the scanner sees the image, for each platform.
func TestSBOM(t *testing.T) {
	h := house.New(t)
	scanner := scannerImage(t, h)
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nlayers: [{files: [{dest: /data/a, content: a}]}]\n")
	h.Each(t, func(t *testing.T, w house.Way) {
		for _, platforms := range []string{"linux/amd64", "linux/amd64,linux/arm64"} {
			name := w.Image(t, h, "", house.Flags(dir, "--platform", platforms, "--attest", "type=sbom,generator="+scanner)...)
			found := statements(t, h, name)
			if len(found) != 1+strings.Count(platforms, ",") {
				t.Fatalf("there are %d attestations for %s", len(found), platforms)
			}
			for _, s := range found {
				house.Want(t, "the predicate", s["predicateType"].(string), "https://spdx.dev/Document")
				house.Want(t, "what was scanned", house.Dig(s, "predicate", "name").(string), "data")
			}
		}
	})
	out, err := h.Strata(house.Flags(dir, "--attest", "type=sbom,generator="+h.Registry.Host+"/no/scanner")...)
	if err == nil {
		t.Fatalf("a missing scanner is not an error:\n%s", out)
	}
	house.Contains(t, out, "/no/scanner")
}

// scannerImage is a scanner that names the document after what it finds.
func scannerImage(t *testing.T, h *house.House) string {
	t.Helper()
	const script = `
found=$(ls "$BUILDKIT_SCAN_SOURCE")
cat > "$BUILDKIT_SCAN_DESTINATION/sbom.spdx.json" <<END
{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document",
 "predicate": {"SPDXID": "SPDXRef-DOCUMENT", "spdxVersion": "SPDX-2.3", "name": "$found"}}
END
`
	return testenv.BusyboxImage(t, h.Registry, "scanner:1", testenv.BusyboxTweaks{Config: func(c *v1.Config) {
		c.Entrypoint, c.Cmd = []string{"/usr/bin/sh", "-ec", script}, nil
	}})
}

// statements are the attestations of an image.
func statements(t *testing.T, h *house.House, name string) []map[string]any {
	t.Helper()
	repository, _, _ := strings.Cut(name, ":")
	var all []map[string]any
	index, _ := house.Raw(t, h, name)["manifests"].([]any)
	for _, m := range index {
		if house.Dig(m, "annotations", "vnd.docker.reference.type") != "attestation-manifest" {
			continue
		}
		manifest := house.Raw(t, h, repository+"@"+house.Dig(m, "digest").(string))
		for _, l := range manifest["layers"].([]any) {
			text := testenv.Output(t, "crane", "blob", "--insecure", h.Registry.Host+"/"+repository+"@"+house.Dig(l, "digest").(string))
			var s map[string]any
			if err := json.Unmarshal([]byte(text), &s); err != nil {
				t.Fatal(err)
			}
			all = append(all, s)
		}
	}
	return all
}

// TestProvenance shows that the provenance names the base and the sources, and
// no secret's value.
func TestProvenance(t *testing.T) {
	h := house.New(t)
	server := testenv.FileServer(t, map[string][]byte{"/a": []byte("a")})
	dir := h.Project(t, `
-- strata.yaml --
{syntax}
from: {base}
layers:
  - files: [{dest: /a, url: "`+server.URL+`/a", checksum: "`+server.Digest("/a")+`"}]
  - build: {run: 'wc -c < /run/secrets/token > $out/size', secrets: [{id: token, required: true}]}
-- token --
hunter2-is-the-password
`)
	h.Each(t, func(t *testing.T, w house.Way) {
		name := w.Image(t, h, "", house.Flags(dir, "--attest", "type=provenance,mode=max", "--secret", "id=token,src="+filepath.Join(dir, "token"))...)
		found := statements(t, h, name)
		if len(found) != 1 {
			t.Fatalf("there are %d attestations", len(found))
		}
		text, err := json.Marshal(found[0])
		if err != nil {
			t.Fatal(err)
		}
		house.Contains(t, string(text), "slsa.dev/provenance", "base@1", server.URL+"/a", "strata.yaml", `"id":"token"`)
		if strings.Contains(string(text), "hunter2") {
			t.Errorf("the provenance holds the secret:\n%s", text)
		}
	})
}

// TestNoAttestation shows that nothing is attested unless asked for; docker
// buildx asks for provenance by itself.
func TestNoAttestation(t *testing.T) {
	h := house.New(t)
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nlayers: [{files: [{dest: /a, content: a}]}]\n")
	h.Each(t, func(t *testing.T, w house.Way) {
		name := w.Image(t, h, "", house.Flags(dir)...)
		if m := house.Raw(t, h, name); m["layers"] == nil {
			t.Errorf("%s is not a plain image: %v", name, m)
		}
	})
	if out, err := h.Buildx.Build(house.Flags(dir, "-o", h.Pushed("attested:1"))...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	house.Want(t, "the attestations", fmt.Sprint(len(statements(t, h, "attested:1"))), "1")
}
