// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestEncodePathAsApt compares addresses of packages with those that apt-get asks for.
func TestEncodePathAsApt(t *testing.T) {
	for _, name := range []string{
		"pool/main/j/jq/jq_1.6-2.1_amd64.deb", "pool/x_1%3a1.0_all.deb", "pool/g/g++_1+b~2_all.deb", "pool/a b_1_all.deb",
		"pool/\u00e9_1_all.deb", "pool/[a]&=@!,;'_1_all.deb", "pool/a:b_1_all.deb", `pool/"q"_1_all.deb`,
	} {
		dir := t.TempDir()
		for _, sub := range []string{"lists/partial", "archives/partial"} {
			if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		for file, text := range map[string]string{
			"status": "", "sources": "deb [trusted=yes] http://127.0.0.1:9/x/ ./\n",
			"lists/127.0.0.1:9_x_._Packages": "Package: x\nVersion: 1\nArchitecture: all\nSize: 1\nFilename: " + name + "\nSHA256: " + strings.Repeat("a", 64) + "\n\n",
		} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		out, err := exec.Command("apt-get", "-qq", "-o", "Dir::State="+dir, "-o", "Dir::Cache="+dir, "-o", "Dir::Etc::sourcelist="+dir+"/sources",
			"-o", "Dir::Etc::sourceparts=/dev/null", "-o", "Dir::State::status="+dir+"/status", "-o", "Debug::NoLocking=1",
			"--print-uris", "--yes", "install", "x").CombinedOutput()
		if err != nil {
			t.Fatalf("apt-get: %v\n%s", err, out)
		}
		if want := "'" + (System{}).Facts().Address("http://127.0.0.1:9/x/", name) + "'"; !strings.HasPrefix(string(out), want+" ") {
			t.Errorf("%s: got %s, apt asks for %s", name, want, out)
		}
	}
}
