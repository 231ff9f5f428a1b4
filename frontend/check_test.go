// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// unpack has umoci unpack an image of the registry and returns its root.
func unpack(t *testing.T, h *house, repository string) string {
	t.Helper()
	dir := t.TempDir()
	layout := filepath.Join(dir, "layout")
	testenv.Output(t, "skopeo", "copy", "--src-tls-verify=false", "--override-arch", "amd64",
		"docker://"+h.registry.Host+"/"+repository, "oci:"+layout+":image")
	testenv.Output(t, "umoci", "unpack", "--image", layout+":image", filepath.Join(dir, "bundle"))
	return filepath.Join(dir, "bundle", "rootfs")
}

// someOf unpacks some files of an image that is too large to be unpacked whole,
// and returns the root that they are in.
func someOf(t *testing.T, h *house, repository string, names ...string) string {
	t.Helper()
	root := t.TempDir()
	script := `set -o pipefail; "$0" export --insecure --platform "$1" "$2" - | tar -x --same-owner -C "$3" "${@:4}"`
	testenv.Output(t, "bash", append([]string{
		"-c", script, testenv.Program(t, "crane"), "linux/" + runtime.GOARCH, h.registry.Host + "/" + repository, root,
	}, names...)...)
	return root
}

// validate has crane check every digest, size and diff id of an image.
func validate(t *testing.T, h *house, repository string) {
	t.Helper()
	testenv.Output(t, "crane", "validate", "--insecure", "--remote", h.registry.Host+"/"+repository)
}

// readableConfig is the image's configuration as skopeo sees it, without what
// differs from machine to machine.
func readableConfig(t *testing.T, h *house, repository string) string {
	t.Helper()
	raw := testenv.Output(t, "skopeo", "inspect", "--tls-verify=false", "--config", "--raw", "docker://"+h.registry.Host+"/"+repository)
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
	return strings.ReplaceAll(text.String(), h.registry.Host, "REGISTRY")
}
