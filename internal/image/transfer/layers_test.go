// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images/archive"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/transfer"
	"github.com/strata-build/strata/internal/testenv"
)

// layered stores an image of layers whose bytes and types are given, all with the
// same tar in them.
func layered(t *testing.T, r *testenv.FakeRegistry, repository string, layers ...v1.Descriptor) string {
	t.Helper()
	app, _, _ := strings.Cut(repository, ":")
	tar := greetingTar(t)
	m := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1}
	config := v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers"}}
	for _, l := range layers {
		d := l
		if l.Data != nil {
			d = r.AddBlob(t, app, l.Data)
			d.MediaType = l.MediaType
		}
		m.Layers = append(m.Layers, d)
		h, _, err := v1.SHA256(bytes.NewReader(tar))
		if err != nil {
			t.Fatal(err)
		}
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, h)
	}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	m.Config = r.AddBlob(t, app, raw)
	m.Config.MediaType = types.OCIConfigJSON
	if raw, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	return r.AddManifest(t, repository, string(m.MediaType), raw)
}

func greetingTar(t *testing.T) []byte {
	t.Helper()
	return testenv.Tar(t, []testenv.Entry{{Path: "greeting", Data: []byte("hello\n")}})
}

// zstdLayer is the tar compressed by zstd, behind a frame that is to be skipped.
func zstdLayer(t *testing.T, skipped string) v1.Descriptor {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	head := ""
	if skipped != "" {
		head = "\x50\x2a\x4d\x18" + string([]byte{byte(len(skipped)), 0, 0, 0}) + skipped
	}
	return v1.Descriptor{MediaType: types.OCILayerZStd, Data: w.EncodeAll(greetingTar(t), []byte(head))}
}

// readAll reads the layers of an image as rootfs and others do.
func readAll(t *testing.T, o transfer.Options, name string) []string {
	t.Helper()
	s, err := image.Open(t.Context(), parse(t, name), o.Options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, err := s.Manifest(t.Context(), s.Root)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := v1.ParseManifest(bytes.NewReader(m))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, l := range parsed.Layers {
		rc, err := s.Blob(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := image.Decompress(rc)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(plain)
		if err != nil || !bytes.Equal(data, greetingTar(t)) {
			t.Errorf("%s: a layer has other content, %v", name, err)
		}
		kinds = append(kinds, string(l.MediaType))
		rc.Close()
	}
	return kinds
}

// TestZstdToDocker copies layers by zstd to docker's archive: they are plain there,
// and the image keeps its ID.
func TestZstdToDocker(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	src := layered(t, r, "app:1", zstdLayer(t, ""), zstdLayer(t, "skip me"))
	dir := testenv.Dir(t)
	o := clientOptions(t)
	copyImage(t, src, "oci:"+dir+"/layout", o)
	if kinds := readAll(t, o, "oci:"+dir+"/layout"); kinds[0] != string(types.OCILayerZStd) {
		t.Errorf("the layout has %v", kinds)
	}
	copyImage(t, src, "docker-archive:"+dir+"/docker.tar:app:1", o)
	if kinds := readAll(t, o, "docker-archive:"+dir+"/docker.tar"); kinds[0] != string(types.OCIUncompressedLayer) {
		t.Errorf("docker's archive has %v", kinds)
	}
	testenv.Output(t, "crane", "validate", "--tarball", dir+"/docker.tar")
	if left, _ := filepath.Glob(filepath.Join(o.Temp, "*")); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

// TestDockerSaved copies what a docker of today saves out of the store of its own: the
// OCI manifest has plain layers. They are compressed as those of older ones are.
func TestDockerSaved(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	plain := v1.Descriptor{MediaType: types.OCIUncompressedLayer, Data: greetingTar(t)}
	src := layered(t, r, "app:1", plain, plain)
	dir := testenv.Dir(t)
	o := clientOptions(t)
	copyImage(t, src, "docker-archive:"+dir+"/docker.tar:app:1", o) // its members are those of docker's
	if kinds := readAll(t, o, "docker-archive:"+dir+"/docker.tar"); kinds[0] != string(types.OCIUncompressedLayer) {
		t.Fatalf("docker's archive has %v", kinds)
	}
	var digests []string
	for _, dst := range []string{r.Host + "/copy:1", "oci:" + dir + "/layout", "oci-archive:" + dir + "/a.tar"} {
		digests = append(digests, copyImage(t, "docker-archive:"+dir+"/docker.tar", dst, o).Digest.String())
		if kinds := readAll(t, o, dst); kinds[0] != string(types.OCILayer) {
			t.Errorf("%s has %v", dst, kinds)
		}
	}
	if digests[0] != digests[1] || digests[1] != digests[2] {
		t.Errorf("one archive gives %v", digests)
	}
}

// TestContainerdSaved reads what a docker with containerd's store saves of an index, of
// which only one platform is there; containerd's own code writes it, as docker has it
// do. And containerd reads what Strata writes for docker.
func TestContainerdSaved(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{Sparse: true})
	ref, there, gone := sparse(t, r, "app:1")
	r.Add(t, "app", gone)
	dir := testenv.Dir(t)
	o := clientOptions(t)
	root := copyImage(t, ref, "oci:"+dir+"/layout", o)
	forget(t, dir+"/layout", gone)
	store, err := local.NewStore(dir + "/layout")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(dir + "/saved.tar")
	if err != nil {
		t.Fatal(err)
	}
	target := ocispecs.Descriptor{MediaType: string(root.MediaType), Digest: digest.Digest(root.Digest.String()), Size: root.Size}
	err = archive.Export(t.Context(), store, f, archive.WithSkipNonDistributableBlobs(), archive.WithSkipMissing(store),
		archive.WithPlatform(platforms.OnlyStrict(platforms.MustParse("linux/amd64"))), archive.WithManifest(target, "docker.io/library/app:1"))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	want, _ := there.Digest()
	for _, src := range []string{"docker-archive:" + dir + "/saved.tar", "docker-archive:" + dir + "/saved.tar:app:1", "oci-archive:" + dir + "/saved.tar:1"} {
		one := o
		one.Platform = &v1.Platform{OS: "linux", Architecture: "amd64"}
		for i, dst := range []string{r.Host + "/copy:1", "oci:" + testenv.Dir(t) + "/layout", "docker-archive:" + testenv.Dir(t) + "/again.tar:app:1"} {
			if got := copyImage(t, src, dst, one); got.Digest != want {
				t.Errorf("%s to place %d is %s, want %s", src, i, got.Digest, want)
			}
		}
	}
	_, err = transfer.Copy(t.Context(), parse(t, "oci-archive:"+dir+"/saved.tar:1"), parse(t, r.Host+"/never:1"), o)
	if err == nil || !strings.Contains(err.Error(), "--platform") {
		t.Errorf("what is not there is copied: %v", err)
	}
	copyImage(t, "docker-archive:"+dir+"/saved.tar", "docker-archive:"+dir+"/again.tar:app:2", o)
	importByContainerd(t, dir+"/again.tar", want, "docker.io/library/app:2")
}

// forget removes an image from a layout, but not from the index that lists it.
func forget(t *testing.T, dir string, img v1.Image) {
	t.Helper()
	m, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	h, _ := img.Digest()
	for _, d := range append(m.Layers, m.Config, v1.Descriptor{Digest: h}) {
		if err := os.Remove(filepath.Join(dir, "blobs", "sha256", d.Digest.Hex)); err != nil {
			t.Fatal(err)
		}
	}
}

// importByContainerd has containerd take an archive as docker load has it do.
func importByContainerd(t *testing.T, path string, want v1.Hash, name string) {
	t.Helper()
	store, err := local.NewStore(testenv.Dir(t))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := archive.ImportIndex(t.Context(), store, f)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := content.ReadBlob(t.Context(), store, d)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{want.String(), fmt.Sprintf("%q:%q", "io.containerd.image.name", name)} {
		if !strings.Contains(string(raw), text) {
			t.Errorf("containerd imports %s, without %s", raw, text)
		}
	}
}

// TestOtherLayers says in words what is wrong with layers that can't be copied or read.
func TestOtherLayers(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	foreign := v1.Descriptor{
		MediaType: types.OCIRestrictedLayer, Size: 5, URLs: []string{"https://example.org/layer"},
		Digest: v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("1", 64)},
	}
	src := layered(t, r, "foreign:1", foreign, zstdLayer(t, ""))
	dir := testenv.Dir(t)
	o := clientOptions(t)
	copyImage(t, src, "oci:"+dir+"/layout", o)
	_, err := transfer.Copy(t.Context(), parse(t, src), parse(t, "docker-archive:"+dir+"/docker.tar:app:1"), o)
	if err == nil || !strings.Contains(err.Error(), "foreign") || !strings.Contains(err.Error(), "https://example.org/layer") {
		t.Errorf("docker's archive takes a foreign layer: %v", err)
	}
	s, err := image.Open(t.Context(), parse(t, src), o.Options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Blob(t.Context(), foreign); err == nil || !strings.Contains(err.Error(), "it is a foreign layer, which its licence keeps at https://example.org/layer") {
		t.Errorf("a foreign layer: %v", err)
	}
	for name, layer := range map[string][]byte{"xz": []byte("\xfd7zXZ\x00 and more"), "bzip2": []byte("BZh91AY and more")} {
		if _, err := image.Decompress(bytes.NewReader(layer)); err == nil || !strings.Contains(err.Error(), "compressed by "+name) {
			t.Errorf("a layer by %s: %v", name, err)
		}
	}
}

// TestEncryptedLayers copies an image with a layer that takes a key, and says so where it
// has to be read.
func TestEncryptedLayers(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	layer := v1.Descriptor{MediaType: types.OCILayer + "+encrypted", Data: noise(1000)}
	src := layered(t, r, "encrypted:1", layer)
	o := clientOptions(t)
	dir := testenv.Dir(t)
	copyImage(t, src, "oci:"+dir+"/layout", o)
	_, err := transfer.Copy(t.Context(), parse(t, src), parse(t, "docker-archive:"+dir+"/docker.tar:app:1"), o)
	if err == nil || !strings.Contains(err.Error(), "is encrypted, which docker can't read") {
		t.Errorf("docker's archive takes an encrypted layer: %v", err)
	}
	s, err := image.Open(t.Context(), parse(t, "oci:"+dir+"/layout"), o.Options)
	if err != nil {
		t.Fatal(err)
	}
	img, err := s.Image(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := layers[0].Uncompressed(); err == nil || !strings.Contains(err.Error(), "is encrypted: decrypt the image first") {
		t.Errorf("an encrypted layer: %v", err)
	}
}

// TestTwoOfOneName opens layouts and archives that have two images of one name, each
// for another platform and without an index around them.
func TestTwoOfOneName(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	dir := testenv.Dir(t)
	o := clientOptions(t)
	for _, arch := range []string{"amd64", "arm64"} {
		img := testenv.Image(t, arch, v1.Config{}, []testenv.Entry{{Path: arch}})
		src := r.Add(t, "app:"+arch, img)
		copyImage(t, src, "oci:"+dir+"/layout:"+arch, o)
		copyImage(t, src, "docker-archive:"+dir+"/"+arch+".tar:app:1", o)
	}
	rewrite(t, dir+"/layout/index.json", func(text string) string {
		return strings.NewReplacer(`"amd64"`, `"1"`, `"arm64"`, `"1"`).Replace(text)
	})
	testenv.Output(t, "tar", "-C", dir+"/layout", "-cf", dir+"/oci.tar", ".")
	joinDocker(t, dir)
	for _, src := range []string{"oci:" + dir + "/layout:1", "oci:" + dir + "/layout", "oci-archive:" + dir + "/oci.tar:1", "docker-archive:" + dir + "/both.tar:app:1", "docker-archive:" + dir + "/both.tar"} {
		if _, err := transfer.Copy(t.Context(), parse(t, src), parse(t, "oci:"+testenv.Dir(t)+"/never"), o); err == nil {
			t.Errorf("%s is one of two", src)
		}
		other := o
		other.Platform = &v1.Platform{OS: "linux", Architecture: "s390x"}
		_, err := transfer.Copy(t.Context(), parse(t, src), parse(t, "oci:"+testenv.Dir(t)+"/never"), other)
		if err == nil || !strings.HasSuffix(err.Error(), "no image for the platform linux/s390x: there is linux/amd64, linux/arm64") {
			t.Errorf("%s for another platform: %v", src, err)
		}
		for _, arch := range []string{"amd64", "arm64"} {
			one := o
			one.Platform = &v1.Platform{OS: "linux", Architecture: arch}
			got := copyImage(t, src, r.Host+"/copy:"+arch, one).Digest
			if want := "app@" + got.String(); !bytes.Equal(r.Manifest("app:"+arch), r.Manifest(want)) {
				t.Errorf("%s for %s is %s", src, arch, got)
			}
		}
	}
}

// joinDocker makes of two archives of docker's one that has both images.
func joinDocker(t *testing.T, dir string) {
	t.Helper()
	var list []any
	for _, arch := range []string{"amd64", "arm64"} {
		testenv.Output(t, "mkdir", "-p", dir+"/both")
		testenv.Output(t, "tar", "-C", dir+"/both", "-xf", dir+"/"+arch+".tar")
		data, err := os.ReadFile(dir + "/both/manifest.json")
		if err != nil {
			t.Fatal(err)
		}
		var images []any
		if err := json.Unmarshal(data, &images); err != nil {
			t.Fatal(err)
		}
		list = append(list, images...)
	}
	data, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, dir+"/both/manifest.json", string(data))
	testenv.Output(t, "rm", dir+"/both/index.json", dir+"/both/oci-layout")
	testenv.Output(t, "tar", "-C", dir+"/both", "-cf", dir+"/both.tar", ".")
}
