// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// A hostileImage is one in an OCI layout, whose parts are as they should be until an
// input changes them.
type hostileImage struct {
	dir   string
	layer []byte
	// diffID is what the configuration says of the layer; empty for what it is.
	diffID string
	// config and manifest change what is written.
	config, manifest map[string]any
	// index is written in place of the layout's own.
	index string
}

// blob writes one, and describes it.
func (h *hostileImage) blob(t *testing.T, data []byte, mediaType string) map[string]any {
	t.Helper()
	sum := sha256.Sum256(data)
	name := hex.EncodeToString(sum[:])
	at := filepath.Join(h.dir, ocispecs.ImageBlobsDir, "sha256")
	must(t, os.MkdirAll(at, 0o755))
	must(t, os.WriteFile(filepath.Join(at, name), data, 0o644))
	return map[string]any{"mediaType": mediaType, "digest": "sha256:" + name, "size": len(data)}
}

// write writes the layout.
func (h *hostileImage) write(t *testing.T) {
	t.Helper()
	layer := h.blob(t, h.layer, ocispecs.MediaTypeImageLayer)
	if h.diffID == "" {
		h.diffID = layer["digest"].(string)
	}
	config := map[string]any{"architecture": "amd64", "os": "linux", "rootfs": map[string]any{"type": "layers", "diff_ids": []string{h.diffID}}}
	manifest := map[string]any{"schemaVersion": 2, "mediaType": ocispecs.MediaTypeImageManifest, "layers": []any{layer}}
	encode := func(to, changes map[string]any) []byte {
		for key, value := range changes {
			to[key] = value
		}
		data, err := json.Marshal(to)
		must(t, err)
		return data
	}
	manifest["config"] = h.blob(t, encode(config, h.config), ocispecs.MediaTypeImageConfig)
	root := h.blob(t, encode(manifest, h.manifest), ocispecs.MediaTypeImageManifest)
	if h.index == "" {
		h.index = string(encode(map[string]any{"schemaVersion": 2, "manifests": []any{root}}, nil))
	}
	must(t, os.WriteFile(filepath.Join(h.dir, ocispecs.ImageIndexFile), []byte(h.index), 0o644))
	must(t, os.WriteFile(filepath.Join(h.dir, ocispecs.ImageLayoutFile), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644))
}

// images are images that someone else made, looked into, written into a directory, or
// built on.
func (s *site) images() []input {
	of := func(verb func(t *testing.T, b *box, dir string) error) func(tries, refused, taken string, change func(t *testing.T, h *hostileImage)) input {
		return func(tries, refused, taken string, change func(t *testing.T, h *hostileImage)) input {
			return input{tries, refused, taken, func(t *testing.T, b *box) error {
				h := &hostileImage{dir: t.TempDir(), layer: tarball(t, named("x"))}
				change(t, h)
				h.write(t)
				return verb(t, b, h.dir)
			}}
		}
	}
	looked := of(func(t *testing.T, _ *box, dir string) error { return s.run(t, "inspect", "oci:"+dir) })
	written := of(func(t *testing.T, b *box, dir string) error {
		return s.run(t, "export", "oci:"+dir, "-o", filepath.Join(b.out, "root"))
	})
	built := of(func(t *testing.T, b *box, dir string) error {
		return s.build(t, b, project(t, map[string]string{"strata.yaml": "from: base\nlayers:\n  - files: [{dest: /y, content: y}]\n"}), "--build-context", "base=oci-layout://"+dir)
	})
	manifest := func(key string, value any) func(*testing.T, *hostileImage) {
		return func(_ *testing.T, h *hostileImage) { h.manifest = map[string]any{key: value} }
	}
	config := func(key string, value any) func(*testing.T, *hostileImage) {
		return func(_ *testing.T, h *hostileImage) { h.config = map[string]any{key: value} }
	}
	layer := func(entries ...entry) func(*testing.T, *hostileImage) {
		return func(t *testing.T, h *hostileImage) { h.layer = tarball(t, entries...) }
	}
	index := func(text string) func(*testing.T, *hostileImage) {
		return func(_ *testing.T, h *hostileImage) { h.index = text }
	}
	descriptor := func(digest string, size any) []any {
		return []any{map[string]any{"mediaType": ocispecs.MediaTypeImageLayer, "digest": digest, "size": size}}
	}
	elsewhere := `{"schemaVersion":2,"manifests":[{"mediaType":"` + ocispecs.MediaTypeImageManifest + `","size":5,"digest":"sha256:../../../../etc/passwd"}]}`
	nodes := entry{Header: tar.Header{Name: "d", Typeflag: tar.TypeBlock, Devmajor: 4096}}
	return []input{
		looked("nothing odd", "", "it is the image that the others are made of", func(*testing.T, *hostileImage) {}),
		looked("a manifest that is an index as well", "has what an index has", "", manifest("manifests", []any{})),
		looked("a manifest that says that it is an index", "has what an index has", "", manifest("mediaType", ocispecs.MediaTypeImageIndex)),
		looked("a layer ../../etc/passwd", "non-hex character", "", manifest("layers", descriptor("sha256:../../../../etc/passwd", 5))),
		looked("a layer by MD5", "unsupported hash", "", manifest("layers", descriptor("md5:"+strings.Repeat("0", 32), 5))),
		looked("a layer of -5 bytes", "has the size -5", "", manifest("layers", descriptor("sha256:"+strings.Repeat("0", 64), -5))),
		looked("a layer of 8 EiB that isn't there", "no such file", "", manifest("layers", descriptor("sha256:"+strings.Repeat("0", 64), 1<<62))),
		looked("a time before all times", "parsing time", "", config("created", "-0001-01-01T00:00:00Z")),
		looked("20,000 steps of a history", "", "they are steps without layers", config("history", repeatAny(map[string]any{"created_by": "\x1b[2J", "empty_layer": true}, 20_000))),
		looked("a layer that isn't what the configuration says", "the configuration says", "", func(_ *testing.T, h *hostileImage) { h.diffID = "sha256:" + strings.Repeat("0", 64) }),
		looked("an index ../../etc/passwd", "non-hex character", "", index(elsewhere)),
		looked("an index of 100,000 lists in each other", "exceeded max depth", "", index(`{"manifests": `+strings.Repeat("[", 100_000))),
		written("a sparse file of 8 EiB in a layer", "it is sparse", "", func(_ *testing.T, h *hostileImage) { h.layer = sparseTar("s", "9223372036854775807") }),
		written("a deletion of what is above the root", "it is a whiteout of no file", "", layer(named(".wh..."))),
		written("another name of /etc/passwd of the machine", "which is not there", "", layer(again("x", "../../../../etc/passwd"))),
		written("100 links behind each other", "too many symbolic links", "", layer(links(100)...)),
		written("a device that no kernel has", "there is no device", "", layer(nodes)),
		written("an attribute of overlayfs of a user", "", "it isn't there", layer(entry{Header: tar.Header{Name: "d/", Typeflag: tar.TypeDir, Mode: 0o755, Format: tar.FormatPAX, PAXRecords: map[string]string{"SCHILY.xattr.user.overlay.opaque": "y"}}})),
		built("a base that is an index as well", "ambiguous", "", manifest("manifests", []any{})),
		built("a base ../../etc/passwd", "has the digest", "", index(elsewhere)),
		built("a base whose index is no index", "is not an index", "", index(`{"manifests": `+strings.Repeat("[", 100_000))),
		built("a base with three layers and one archive", "mismatched image rootfs and manifest layers", "", config("rootfs", map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + strings.Repeat("0", 64), "sha256:" + strings.Repeat("1", 64)}})),
		built("a base for ../../x", "is for", "", config("architecture", "../../x")),
		built("a base with variables without a name", "", "they are as they were", config("config", map[string]any{"Env": []string{"=x", "X", "A=\x1b[2J"}, "Volumes": map[string]any{"../../etc": map[string]any{}}})),
	}
}

// repeatAny is a list of the same.
func repeatAny(one any, n int) []any {
	all := make([]any, n)
	for i := range all {
		all[i] = one
	}
	return all
}

// links are links of which each leads to the next, and a file behind them.
func links(n int) []entry {
	var all []entry
	for i := range n {
		all = append(all, linked(strings.Repeat("l", i+1), strings.Repeat("l", i+2)))
	}
	return append(all, named("l/x"))
}
