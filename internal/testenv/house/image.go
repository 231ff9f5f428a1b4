// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package house

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// Unpack has umoci unpack an image of the registry and returns its root.
func Unpack(t *testing.T, h *House, repository string) string {
	t.Helper()
	dir := t.TempDir()
	layout := filepath.Join(dir, "layout")
	testenv.Output(t, "skopeo", "copy", "--src-tls-verify=false", "--override-arch", "amd64",
		"docker://"+h.Registry.Host+"/"+repository, "oci:"+layout+":image")
	testenv.Output(t, "umoci", "unpack", "--image", layout+":image", filepath.Join(dir, "bundle"))
	return filepath.Join(dir, "bundle", "rootfs")
}

// SomeOf unpacks some files of an image that is too large to be unpacked whole,
// and returns the root that they are in.
func SomeOf(t *testing.T, h *House, repository string, names ...string) string {
	t.Helper()
	root := t.TempDir()
	script := `set -o pipefail; "$0" export --insecure --platform "$1" "$2" - | tar -x --same-owner -C "$3" "${@:4}"`
	testenv.Output(t, "bash", append([]string{
		"-c", script, testenv.Program(t, "crane"), "linux/" + runtime.GOARCH, h.Registry.Host + "/" + repository, root,
	}, names...)...)
	return root
}

// Validate has crane check every digest, size and diff id of an image.
func Validate(t *testing.T, h *House, repository string) {
	t.Helper()
	testenv.Output(t, "crane", "validate", "--insecure", "--remote", h.Registry.Host+"/"+repository)
}

// ReadableConfig is the image's configuration as skopeo sees it, without what
// differs from machine to machine.
func ReadableConfig(t *testing.T, h *House, repository string) string {
	t.Helper()
	raw := testenv.Output(t, "skopeo", "inspect", "--tls-verify=false", "--config", "--raw", "docker://"+h.Registry.Host+"/"+repository)
	var config map[string]any
	if err := json.Unmarshal([]byte(raw), &config); err != nil {
		t.Fatal(err)
	}
	delete(config, "rootfs")
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(config); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(text.String(), h.Registry.Host, "REGISTRY")
}

// Pushed is the output that pushes to a name in the registry.
func (h *House) Pushed(name string) string {
	return "type=image,push=true,oci-mediatypes=true,name=" + h.Registry.Host + "/" + name
}

// Raw is a manifest or, with a flag, a configuration as skopeo reads it.
func Raw(t *testing.T, h *House, repository string, flags ...string) map[string]any {
	t.Helper()
	args := append([]string{"inspect", "--tls-verify=false", "--raw"}, flags...)
	text := testenv.Output(t, "skopeo", append(args, "docker://"+h.Registry.Host+"/"+repository)...)
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Dig follows names into decoded JSON; nil where there is nothing.
func Dig(v any, names ...string) any {
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// Digest is the digest of an image in a registry.
func Digest(t *testing.T, ref string) string {
	t.Helper()
	return strings.TrimSpace(testenv.Output(t, "crane", "digest", "--insecure", ref))
}
