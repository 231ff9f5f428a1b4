// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// TestManyImages looks for one of very many images in a layout's index. The error has some
// of their names, and takes no time to speak of.
func TestManyImages(t *testing.T) {
	const many = 100_000
	var m v1.IndexManifest
	for i := range many {
		m.Manifests = append(m.Manifests, v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%064x", i)}})
	}
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]string{"": "it has 100000 images", "v1": "and 99950 more"} {
		begun := time.Now()
		_, err := new(Source).findRoot(context.Background(), data, Name{Transport: Layout, Path: "x", Tag: tag}, Options{})
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 10_000 {
			t.Errorf("%.200v, want %q", err, want)
		}
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("it took %v", took)
		}
	}
}
