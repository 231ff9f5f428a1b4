// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// The secrets are put together here, so that no file of this tree holds them
// whole.
const (
	fileSecret = "file-" + "HUNTER2-SWORDFISH"
	envSecret  = "env-" + "HUNTER2-SWORDFISH"
	needle     = "HUNTER2-" + "SWORDFISH"
)

// secretive reads both secrets, shows that it has them, and keeps neither.
const secretive = `args: {BASE: null, EXIT: "0"}
from: $BASE
layers:
  - build:
      from: $BASE
      secrets: [{id: token, target: /run/secrets/token, required: true}, {id: password, env: PASSWORD}]
      ssh: [default]
      run: |
        echo file ${#PASSWORD} $(wc -c < /run/secrets/token) > $out/lengths
        test ! -e "$SSH_AUTH_SOCK"
        exit $EXIT
  - build:
      secrets: [{id: token, target: /etc/token, mode: "0400"}, {id: password, env: PASSWORD}]
      run: echo in place ${#PASSWORD} $(wc -c < /etc/token) > /lengths-in-place
config: {labels: {note: $EXIT}}
`

// TestSecret looks for secrets in everything that a build writes.
func TestSecret(t *testing.T) {
	h := newHouse(t)
	dir := directory(t, map[string]string{"strata.yaml": secretive})
	secrets := t.TempDir()
	write(t, filepath.Join(secrets, "token"), fileSecret)
	h.cli.Env = append(h.cli.Env, "THE_PASSWORD="+envSecret)
	for _, exit := range []string{"0", "7"} {
		for _, progress := range []string{"plain", "rawjson"} {
			t.Run(progress+" exit "+exit, func(t *testing.T) {
				out := t.TempDir()
				got := h.build(t, "--progress="+progress, "--build-arg", "EXIT="+exit, "--no-cache",
					"--secret", "id=token,src="+filepath.Join(secrets, "token"), "--secret", "id=password,env=THE_PASSWORD",
					"--provenance=mode=max", "--metadata-file", filepath.Join(out, "metadata.json"),
					"-o", "type=oci,tar=false,dest="+filepath.Join(out, "layout"),
					"-o", "type=local,dest="+filepath.Join(out, "files"), dir)
				if wantFailure := exit != "0"; (got.Code == 1) != wantFailure {
					t.Fatalf("exit status %d:\n%s", got.Code, got.Stderr)
				}
				expectNo(t, "the output", []byte(got.Stdout+got.Stderr))
				n := searchDir(t, out)
				if exit == "0" {
					if n < 10 {
						t.Errorf("only %d files were searched", n)
					}
					want := "file 21 22\n"
					if got := read(t, findFile(t, filepath.Join(out, "files"), "lengths")); got != want {
						t.Errorf("the command saw %q, want %q", got, want)
					}
				}
			})
		}
	}
}

// findFile finds the file of that name in a directory.
func findFile(t *testing.T, dir, name string) string {
	t.Helper()
	found := ""
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == name {
			found = path
		}
		return err
	})
	if err != nil || found == "" {
		t.Fatalf("there is no %s in %s: %v", name, dir, err)
	}
	return found
}

// searchDir looks for the secrets in all files of a directory, and in what is
// packed in them. It returns how many it has seen.
func searchDir(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n++
		searchBytes(t, path, data)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// searchBytes looks for the secrets in data, and in what it holds packed.
func searchBytes(t *testing.T, name string, data []byte) {
	t.Helper()
	expectNo(t, name, data)
	expectNo(t, name+" unpacked", unpacked(t, data))
}

// unpacked is what gzip data holds; nothing for other data.
func unpacked(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	if data, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	return data
}

func expectNo(t *testing.T, name string, data []byte) {
	t.Helper()
	if i := bytes.Index(data, []byte(needle)); i >= 0 {
		t.Errorf("%s holds the secret: %q", name, data[max(i-100, 0):min(i+100, len(data))])
	}
}

// TestUnpacked shows that a secret in a layer would be found.
func TestUnpacked(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(testenv.Tar(t, []testenv.Entry{{Path: "x", Data: []byte(fileSecret)}})); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(packed.Bytes(), []byte(needle)) || !bytes.Contains(unpacked(t, packed.Bytes()), []byte(needle)) {
		t.Error("the packed secret is not found")
	}
}
