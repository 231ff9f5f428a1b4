// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/testenv"
)

// TestCompression pushes layers in every form that exporters know; their own
// programs check the bytes.
func TestCompression(t *testing.T) {
	h := newHouse(t)
	// A daemon takes a blob that it has in another form, unless told otherwise.
	h.daemon = testenv.Buildkitd(t, testenv.DaemonOptions{})
	dir := directory(t, map[string]string{"strata.yaml": application, "settings": "loud\n"})
	for name, test := range map[string]struct {
		mediaType  string
		check      []string
		annotation string
	}{
		"uncompressed": {mediaType: "application/vnd.oci.image.layer.v1.tar", check: []string{"tar", "-tf"}},
		"gzip":         {mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", check: []string{"gzip", "-t"}},
		"zstd":         {mediaType: "application/vnd.oci.image.layer.v1.tar+zstd", check: []string{"zstd", "-tq"}},
		"estargz": {
			mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", check: []string{"gzip", "-t"},
			annotation: "containerd.io/snapshot/stargz/toc.digest",
		},
	} {
		t.Run(name, func(t *testing.T) {
			ref := h.registry.Host + "/" + name
			h.mustBuild(t, "--progress=quiet", dir,
				"-o", "type=image,push=true,name="+ref+",compression="+name+",force-compression=true,store=false")
			testenv.Output(t, "crane", "validate", "--fast", "--insecure", "--remote", ref) // it knows gzip only
			var manifest v1.Manifest
			if err := json.Unmarshal([]byte(testenv.Output(t, "crane", "manifest", "--insecure", ref)), &manifest); err != nil {
				t.Fatal(err)
			}
			if len(manifest.Layers) != 3 {
				t.Fatalf("the image has %d layers, want the base's and two", len(manifest.Layers))
			}
			for i, layer := range manifest.Layers {
				if got := string(layer.MediaType); got != test.mediaType {
					t.Errorf("layer %d is %s, want %s", i, got, test.mediaType)
				}
				if test.annotation != "" && layer.Annotations[test.annotation] == "" {
					t.Errorf("layer %d has no annotation %s: %v", i, test.annotation, layer.Annotations)
				}
				blob := filepath.Join(t.TempDir(), "blob.gz")
				data := testenv.Output(t, "crane", "blob", "--insecure", ref+"@"+layer.Digest.String())
				if err := os.WriteFile(blob, []byte(data), 0o600); err != nil {
					t.Fatal(err)
				}
				if out, err := exec.Command(test.check[0], append(test.check[1:], blob)...).CombinedOutput(); err != nil {
					t.Errorf("%v says of layer %d: %v\n%s", test.check, i, err, out)
				}
			}
		})
	}
}
