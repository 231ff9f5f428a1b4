// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// application is a build with a base, a layer of files and one of a command.
const application = `args: {BASE: null}
from: $BASE
layers:
  - name: settings
    files:
      - {dest: /etc/app/settings, source: settings}
      - {dest: /srv/app/owned, content: "owned\n", owner: "1000:1000", mode: "0640"}
  - name: program
    build:
      from: $BASE
      run: |
        mkdir -p $out/usr/local/bin
        printf '#!/bin/sh\necho the application runs\n' > $out/usr/local/bin/app
        chmod 755 $out/usr/local/bin/app
config: {entrypoint: [/usr/local/bin/app], user: app, workdir: /srv/app, labels: {org.example.app: "yes"}}
`

// TestOutputs writes one image in every form; they hold the same.
func TestOutputs(t *testing.T) {
	h := newHouse(t)
	dir := directory(t, map[string]string{"strata.yaml": application, "settings": "loud\n"})
	out := t.TempDir()
	at := func(name string) string { return filepath.Join(out, name) }
	name := h.registry.Host + "/app"
	h.mustBuild(t, "--progress=quiet", "-t", name+":1", "-t", name+":two", "--push",
		"-o", "type=oci,dest="+at("oci.tar"), "-o", "type=oci,tar=false,dest="+at("layout"),
		"-o", "type=docker,dest="+at("docker.tar"), "-o", "type=tar,dest="+at("files.tar"), "-o", "type=local,dest="+at("files"),
		"--metadata-file", at("metadata.json"), "--iidfile", at("id"), dir)

	digest := h.digest(t, "app:1")
	if two := h.digest(t, "app:two"); two != digest {
		t.Errorf("the second tag is %s, the first %s", two, digest)
	}
	t.Run("registry", func(t *testing.T) {
		testenv.Output(t, "crane", "validate", "--insecure", "--remote", name+":1")
	})
	t.Run("metadata", func(t *testing.T) { checkReports(t, at("metadata.json"), at("id"), digest, name) })
	t.Run("oci tar", func(t *testing.T) {
		if got := inspect(t, "oci-archive:"+at("oci.tar")+":1"); got != digest {
			t.Errorf("the archive holds %s, the registry %s", got, digest)
		}
		testenv.Output(t, "skopeo", "copy", "oci-archive:"+at("oci.tar")+":1", "oci:"+at("copy")+":1")
		checkApplication(t, unpackLayout(t, at("copy"), "1"))
	})
	t.Run("oci directory", func(t *testing.T) {
		if got := inspect(t, "oci:"+at("layout")+":two"); got != digest {
			t.Errorf("the layout holds %s, the registry %s", got, digest)
		}
		checkApplication(t, unpackLayout(t, at("layout"), "two"))
	})
	t.Run("docker tar", func(t *testing.T) {
		testenv.Output(t, "skopeo", "copy", "docker-archive:"+at("docker.tar")+":"+name+":1", "oci:"+at("from-docker")+":1")
		checkApplication(t, unpackLayout(t, at("from-docker"), "1"))
	})
	t.Run("directory", func(t *testing.T) { checkFiles(t, at("files")) })
	t.Run("tar", func(t *testing.T) {
		root := t.TempDir()
		testenv.Output(t, "tar", "-xpf", at("files.tar"), "-C", root)
		checkApplication(t, root)
	})
}

// inspect is the digest of the image at a skopeo address.
func inspect(t *testing.T, address string) string {
	t.Helper()
	return strings.TrimSpace(testenv.Output(t, "skopeo", "inspect", "--format", "{{.Digest}}", address))
}

// unpackLayout has umoci unpack an image and returns its root.
func unpackLayout(t *testing.T, layout, tag string) string {
	t.Helper()
	bundle := filepath.Join(t.TempDir(), "bundle")
	testenv.Output(t, "umoci", "unpack", "--image", layout+":"+tag, bundle)
	return filepath.Join(bundle, "rootfs")
}

// checkApplication looks for the application in an unpacked image.
func checkApplication(t *testing.T, root string) {
	t.Helper()
	checkFiles(t, root)
	if got := strings.TrimSpace(testenv.Output(t, "stat", "-c", "%a %u:%g", filepath.Join(root, "srv/app/owned"))); got != "640 1000:1000" {
		t.Errorf("/srv/app/owned is %s, want 640 1000:1000", got)
	}
}

// checkFiles looks for the application's files, whoever owns them: in a directory
// of the user's, all are the user's.
func checkFiles(t *testing.T, root string) {
	t.Helper()
	for file, want := range map[string]string{
		"etc/app/settings":  "loud\n",
		"srv/app/notes":     "kept\n",
		"srv/app/owned":     "owned\n",
		"usr/local/bin/app": "#!/bin/sh\necho the application runs\n",
	} {
		if got := read(t, filepath.Join(root, file)); got != want {
			t.Errorf("%s holds %q, want %q", file, got, want)
		}
	}
	if link, err := os.Readlink(filepath.Join(root, "bin")); err != nil || link != "usr/bin" {
		t.Errorf("/bin is %q %v, want a link to usr/bin", link, err)
	}
}

// checkReports reads what a build tells of its result.
func checkReports(t *testing.T, metadata, id, digest, name string) {
	t.Helper()
	var m struct {
		Digest string `json:"containerimage.digest"`
		Config string `json:"containerimage.config.digest"`
		Names  string `json:"image.name"`
	}
	if err := json.Unmarshal([]byte(read(t, metadata)), &m); err != nil {
		t.Fatal(err)
	}
	if m.Digest != digest || m.Names != name+":1,"+name+":two" {
		t.Errorf("the metadata names %s as %s, want %s as %s:1 and :two", m.Digest, m.Names, digest, name)
	}
	if got := read(t, id); got != m.Config || !strings.HasPrefix(got, "sha256:") {
		t.Errorf("the image's id is %q, want %q", got, m.Config)
	}
}
