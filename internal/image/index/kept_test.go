// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/strata-build/strata/internal/image/index"
	"github.com/strata-build/strata/internal/testenv"
)

// rich is an index with all that others write: an image for two platforms, one that
// only the index gives a platform, an artifact, unknown fields, and an image that is
// not there.
const rich = `{
  "schemaVersion": 2,
  "mediaType": "application/vnd.oci.image.index.v1+json",
  "artifactType": "application/vnd.example.set",
  "manifests": [
    {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": %[2]d, "digest": %[1]q, "platform": {"architecture": "arm", "os": "linux", "variant": "v6"}},
    {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": %[2]d, "digest": %[1]q,
     "platform": {"architecture": "arm", "os": "linux", "variant": "v7", "os.features": ["fast"]}, "org.example.unknown": [1]},
    {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": %[4]d, "digest": %[3]q, "artifactType": "application/vnd.example.thing", "urls": ["https://example.org/x"]},
    {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 7, "digest": "sha256:0000000000000000000000000000000000000000000000000000000000000000",
     "platform": {"architecture": "s390x", "os": "linux"}}
  ],
  "subject": {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": %[4]d, "digest": %[3]q},
  "org.example.unknown": {"kept": true}
}`

const thing = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.example.thing",` +
	`"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}`

// TestChangeKeeps appends to an index and removes from it: what is not named stays as
// it is.
func TestChangeKeeps(t *testing.T) {
	d := newDesk(t)
	r := testenv.NewFakeRegistry(t, testenv.Quirks{Sparse: true})
	arm := testenv.Image(t, "", v1.Config{}, []testenv.Entry{{Path: "arm"}})
	h, _ := arm.Digest()
	size, _ := arm.Size()
	r.Add(t, "rich/app", arm)
	at := r.AddManifest(t, "rich/app", string(types.OCIManifestSchema1), []byte(thing))
	raw := fmt.Sprintf(rich, h, size, at[strings.Index(at, "@")+1:], len(thing))
	name := r.AddManifest(t, "rich/app:1", string(types.OCIImageIndex), []byte(raw))
	more := r.Add(t, "more/app:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "amd"}}))
	edit := func(change func(*index.Builder) error) any {
		t.Helper()
		var b index.Builder
		if err := b.Open(t.Context(), d.open(name)); err != nil {
			t.Fatal(err)
		}
		if err := change(&b); err != nil {
			t.Fatal(err)
		}
		d.write(&b, name)
		return parsed(t, r.Manifest("rich/app:1"))
	}
	want := parsed(t, []byte(raw)).(map[string]any)
	r.Reset()
	got := edit(func(b *index.Builder) error { d.add(b, more); return nil })
	entries := got.(map[string]any)["manifests"].([]any)
	want["manifests"] = append(want["manifests"].([]any), entries[len(entries)-1])
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Errorf("append (-want +got):\n%s", diff)
	}
	got = edit(func(b *index.Builder) error { return b.Remove("linux/arm/v6") })
	want["manifests"] = want["manifests"].([]any)[1:]
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Errorf("remove (-want +got):\n%s", diff)
	}
	got = edit(func(b *index.Builder) error { return b.Remove("linux/s390x") })
	if n := len(got.(map[string]any)["manifests"].([]any)); n != 3 {
		t.Errorf("%d entries are left, want 3", n)
	}
}

func parsed(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return v
}

// TestEntryThatIsMissing takes over an index that lists what its registry lacks, and says
// nothing of it.
func TestEntryThatIsMissing(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{Sparse: true})
	d := newDesk(t)
	gone := v1.Descriptor{MediaType: types.OCIManifestSchema1, Size: 7, Digest: v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)}}
	ref := r.AddIndex(t, "gone/app:1", v1.IndexManifest{Manifests: []v1.Descriptor{gone}})
	var b index.Builder
	d.add(&b, ref)
	d.write(&b, r.Host+"/gone/app:2")
	if !strings.Contains(string(r.Manifest("gone/app:2")), gone.Digest.String()) {
		t.Error("the entry is lost")
	}
}
