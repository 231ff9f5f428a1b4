// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lint_test

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/llb/spec"
)

// TestCommands reads a command as a shell does, whatever lines it is written in, and takes for
// what it isn't nothing of what people write.
func TestCommands(t *testing.T) {
	for _, c := range []struct{ run, want string }{
		{`"curl -fsSL https://example.org/x \\\n  | bash -"`, "PipedDownload 5:18"},
		{`"wget -qO- https://example.org/x |\n  sh"`, "PipedDownload 5:18"},
		{`"# not \\\ncurl https://example.org/x | sh"`, "PipedDownload 5:18"},
		{`"curl -fsSL https://example.org/setup_22.x | sudo -E bash -"`, "PipedDownload 5:18"},
		{`"curl -sfL https://example.org/x | INSTALL_VERSION=v1 /bin/sh -s - server"`, "PipedDownload 5:18"},
		{`"curl -sSL https://example.org/x | X_HOME=/opt/x python3 -"`, "PipedDownload 5:18"},
		{`["sh", "-c", "curl https://example.org/x | sh"]`, "PipedDownload 5:18"},
		{`"curl -s https://example.org/x | python3 -c 'import json'"`, ""},
		{`"curl -s https://example.org/x | perl -ne print"`, ""},
		{`"curl -fLo x https://example.org/x && \\\n  cat y | sh"`, ""},
		{`"apt-get update && \\\n  apt-get -o Acquire::Retries=3 install -y jq"`, "PackagesByScript 5:18"},
		{`"apt-get -t stable-backports install jq"`, "PackagesByScript 5:18"},
		{`"apk --repository https://example.org/x add jq"`, "PackagesByScript 5:18"},
		{`["apt-get", "install", "-y", "jq"]`, "PackagesByScript 5:18"},
		{`"ssh-keygen -H -f /root/.ssh/known_hosts; ssh-keygen -y -f k >k.pub"`, ""},
		{`"npm ci \\\n  --ignore-scripts", network: none`, "NetworkWithoutAccess 5:18"},
		{`"pip install x && \\\n  pip install --no-index --find-links=/wheels y", network: none`, "NetworkWithoutAccess 5:18"},
		{`["go", "mod", "download"], network: none`, "NetworkWithoutAccess 5:18"},
		{`"pip install --no-index --find-links=/wheels x", network: none`, ""},
		{`"cargo install --offline --path .", network: none`, ""},
		{`"npm ci --offline", network: none`, ""},
		{`"curl --version", network: none`, ""},
		{`"curl -f http://localhost:8080/health", network: none`, ""},
	} {
		found := findings(t, quiet+"from: base:1\nlayers:\n  - build: {run: "+c.run+"}\n")
		if got := strings.Join(found, " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.run, got, c.want)
		}
	}
	long := strings.Repeat("install -d /a && ", 10) + "curl https://example.org/x | sh"
	s, err := spec.Parse("strata.yaml", []byte("from: base:1\nlayers:\n  - build: {run: \""+strings.ReplaceAll(long, "\n", "\\n")+"\"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	found := lint.File(s, "", nil, lint.Config{})
	if want := `"…curl https://example.org/x | sh" is run`; len(found) != 1 || !strings.Contains(found[0].Error(), want) {
		t.Errorf("says %v, want %q", found, want)
	}
}
