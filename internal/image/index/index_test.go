// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/index"
	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/image/transfer"
	"github.com/strata-build/strata/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// desk is what a test works with.
type desk struct {
	*testing.T
	*testenv.Registry
	options transfer.Options
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	client, err := registry.New(registry.Options{Env: func(string) (string, bool) { return "", false }})
	if err != nil {
		t.Fatal(err)
	}
	return &desk{t, testenv.SharedRegistry(t), transfer.Options{Options: image.Options{Registries: client}}}
}

// push makes an image for an architecture and a variant.
func (d *desk) push(repository, arch, variant string) string {
	d.Helper()
	img := testenv.Image(d, arch, v1.Config{}, []testenv.Entry{{Path: "arch", Data: []byte(arch + variant + repository)}})
	config, err := img.ConfigFile()
	if err != nil {
		d.Fatal(err)
	}
	config = config.DeepCopy()
	config.Variant = variant
	if img, err = mutate.ConfigFile(img, config); err != nil {
		d.Fatal(err)
	}
	return d.Push(d, repository, img)
}

func (d *desk) name(text string) image.Name {
	d.Helper()
	n, err := image.Parse(text)
	if err != nil {
		d.Fatal(err)
	}
	return n
}

func (d *desk) open(text string) *image.Source {
	d.Helper()
	s, err := image.Open(d.Context(), d.name(text), d.options.Options)
	if err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { s.Close() })
	return s
}

func (d *desk) add(b *index.Builder, words ...string) {
	d.Helper()
	for _, word := range words {
		if err := b.Add(d.Context(), d.open(word), true); err != nil {
			d.Fatal(err)
		}
	}
}

func (d *desk) write(b *index.Builder, to string) v1.Hash {
	d.Helper()
	s, err := b.Index(d.name(to))
	if err != nil {
		d.Fatal(err)
	}
	got, err := transfer.Write(d.Context(), s, d.name(to), d.options)
	if err != nil {
		d.Fatal(err)
	}
	return got.Digest
}

// listed are the platforms and digests of an index.
func (d *desk) listed(repository string) (platforms, digests []string) {
	d.Helper()
	var m v1.IndexManifest
	out := testenv.Output(d, "crane", "manifest", "--insecure", d.Host+"/"+repository)
	if err := json.Unmarshal([]byte(out), &m); err != nil {
		d.Fatal(err)
	}
	for _, e := range m.Manifests {
		platforms = append(platforms, e.Platform.String())
		digests = append(digests, e.Digest.String())
	}
	return platforms, digests
}

// TestCreate makes an index of images in three kinds of places. Every child is
// pushed, by digest, and no tag but the index's is made.
func TestCreate(t *testing.T) {
	d := newDesk(t)
	amd, arm64, arm := d.push("create/amd:1", "amd64", ""), d.push("create/arm64:1", "arm64", "v8"), d.push("create/arm:1", "arm", "v7")
	layout := "oci:" + filepath.Join(testenv.Dir(t), "layout")
	if _, err := transfer.Copy(t.Context(), d.name(arm), d.name(layout), d.options); err != nil {
		t.Fatal(err)
	}
	var b index.Builder
	d.add(&b, amd, arm64, layout)
	b.Annotate("org.opencontainers.image.vendor", "example.org")
	if err := b.AnnotateEntries(&v1.Platform{OS: "linux", Architecture: "arm", Variant: "v7"}, "note", "slow"); err != nil {
		t.Fatal(err)
	}
	want := d.write(&b, d.Host+"/create/all/multi:1")
	d.Validate(t, "create/all/multi:1")
	if got := d.Descriptor(t, "create/all/multi:1").Digest; got != want {
		t.Errorf("the registry has %s, want %s", got, want)
	}
	platforms, digests := d.listed("create/all/multi:1")
	if diff := cmp.Diff([]string{"linux/amd64", "linux/arm64/v8", "linux/arm/v7"}, platforms); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
	var children []string
	for _, repository := range []string{"create/amd:1", "create/arm64:1", "create/arm:1"} {
		children = append(children, d.Descriptor(t, repository).Digest.String())
	}
	if diff := cmp.Diff(children, digests); diff != "" {
		t.Errorf("digests of what was pushed (-want +got):\n%s", diff)
	}
	if got := testenv.Output(t, "crane", "ls", "--insecure", d.Host+"/create/all/multi"); got != "1\n" {
		t.Errorf("the repository has the tags %q", got)
	}
	var again index.Builder
	d.add(&again, amd, arm64, layout, amd)
	again.Annotate("org.opencontainers.image.vendor", "example.org")
	if err := again.AnnotateEntries(&v1.Platform{OS: "linux", Architecture: "arm", Variant: "v7"}, "note", "slow"); err != nil {
		t.Fatal(err)
	}
	if got := d.write(&again, d.Host+"/create/all/multi:again"); got != want {
		t.Errorf("the same images make the index %s, and then %s", want, got)
	}
}

// TestChange adds to an index, replaces in it and removes from it.
func TestChange(t *testing.T) {
	d := newDesk(t)
	name := d.Host + "/change/multi:1"
	var b index.Builder
	d.add(&b, d.push("change/amd:1", "amd64", ""), d.push("change/arm64:1", "arm64", ""))
	first := d.write(&b, name)
	edit := func(change func(*index.Builder) error) (platforms, digests []string) {
		t.Helper()
		var b index.Builder
		if err := b.Open(t.Context(), d.open(name)); err != nil {
			t.Fatal(err)
		}
		if err := change(&b); err != nil {
			t.Fatal(err)
		}
		d.write(&b, name)
		d.Validate(t, "change/multi:1")
		return d.listed("change/multi:1")
	}
	newer := d.push("change/amd:2", "amd64", "")
	platforms, digests := edit(func(b *index.Builder) error {
		d.add(b, newer, d.push("change/s390x:1", "s390x", ""))
		return nil
	})
	if diff := cmp.Diff([]string{"linux/arm64", "linux/amd64", "linux/s390x"}, platforms); diff != "" {
		t.Errorf("appended (-want +got):\n%s", diff)
	}
	if got := d.Descriptor(t, "change/amd:2").Digest.String(); digests[1] != got {
		t.Errorf("the image for amd64 is %s, want the newer one, %s", digests[1], got)
	}
	platforms, _ = edit(func(b *index.Builder) error { return b.Remove("linux/s390x") })
	if diff := cmp.Diff([]string{"linux/arm64", "linux/amd64"}, platforms); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	d.write(&b, name)
	if got := d.Descriptor(t, "change/multi:1").Digest; got != first {
		t.Errorf("the first index is %s, then %s", first, got)
	}
}

// TestRefused lists what cannot be made into an index.
func TestRefused(t *testing.T) {
	d := newDesk(t)
	amd, foreign := d.push("refused/amd:1", "amd64", ""), d.push("refused/foreign:1", "x86_64", "")
	var b index.Builder
	d.add(&b, amd)
	for name, c := range map[string]struct {
		run  func(b index.Builder) error
		want string
	}{
		"no GOARCH": {func(b index.Builder) error { return b.Add(t.Context(), d.open(foreign), false) }, "says linux/x86_64 where linux/amd64 is meant"},
		"twice": {func(b index.Builder) error {
			return b.Add(t.Context(), d.open(d.push("refused/amd:2", "amd64", "")), false)
		}, "are for linux/amd64"},
		"nothing to remove": {func(b index.Builder) error { return b.Remove("linux/arm64") }, "it has linux/amd64"},
		"no index":          {func(b index.Builder) error { return b.Open(t.Context(), d.open(amd)) }, "is not an index"},
		"all removed": {func(b index.Builder) error {
			if err := b.Remove("linux/amd64"); err != nil {
				return err
			}
			_, err := b.Index(d.name("oci:x"))
			return err
		}, "of no use"},
	} {
		if err := c.run(b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestOnePlatformTwoWays adds an image for linux/arm64/v8 to an index that has one for
// linux/arm64: they are for the same machines.
func TestOnePlatformTwoWays(t *testing.T) {
	d := newDesk(t)
	old, fresh := d.push("ways/old:1", "arm64", ""), d.push("ways/new:1", "arm64", "v8")
	var b index.Builder
	d.add(&b, old)
	if err := b.Add(t.Context(), d.open(fresh), false); err == nil || !strings.Contains(err.Error(), "are for linux/arm64") {
		t.Errorf("an index gets both: %v", err)
	}
	if err := b.Add(t.Context(), d.open(fresh), true); err != nil {
		t.Fatal(err)
	}
	d.write(&b, d.Host+"/ways/index:1")
	if platforms, _ := d.listed("ways/index:1"); !cmp.Equal(platforms, []string{"linux/arm64/v8"}) {
		t.Errorf("the index has %v", platforms)
	}
}
