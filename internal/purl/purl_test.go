// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package purl_test

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/purl"
)

// TestFilesOfServers has an address of each kind, as the servers give them out, and
// the package URL that package-url's specification gives it.
func TestFilesOfServers(t *testing.T) {
	sum := strings.Repeat("0f", 32)
	for address, want := range map[string]string{
		"https://github.com/Owner/Tool/releases/download/v1.2.3/tool_linux_amd64.tar.gz":                  "pkg:github/owner/tool@v1.2.3",
		"https://github.com/jqlang/jq/releases/download/jq-1.7.1/jq-linux-amd64":                          "pkg:github/jqlang/jq@jq-1.7.1",
		"https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize%2Fv5.4.1/kustomize.gz":  "pkg:github/kubernetes-sigs/kustomize@kustomize%2Fv5.4.1",
		"https://github.com/o/t/releases/latest/download/tool":                                            "pkg:github/o/t",
		"https://github.com/o/t/archive/refs/tags/v1.tar.gz":                                              "pkg:github/o/t@v1",
		"https://github.com/o/t/archive/v1.2/t-1.2.tar.gz":                                                "pkg:github/o/t@v1.2",
		"https://github.com/o/T/archive/refs/tags/rel/1.2/t-v1.2.tar.gz":                                  "pkg:github/o/t@rel%2F1.2",
		"https://github.com/o/t/archive/refs/heads/t-new.zip":                                             "pkg:github/o/t@t-new",
		"https://github.com/o/t/archive/refs/heads/new/t-new-2.zip":                                       "pkg:github/o/t@new%2Ft-new-2",
		"https://github.com/o/t/archive/refs/tags/release/t-1.0.tar.gz":                                   "pkg:github/o/t@release%2Ft-1.0",
		"https://github.com/o/t/archive/0123456789012345678901234567890123456789.zip":                     "pkg:github/o/t@0123456789012345678901234567890123456789",
		"https://codeload.github.com/o/t/tar.gz/refs/tags/v1":                                             "pkg:github/o/t@v1",
		"https://api.github.com/repos/o/t/tarball/v1":                                                     "pkg:github/o/t@v1",
		"https://raw.githubusercontent.com/o/t/v1/dir/file.sh":                                            "pkg:github/o/t@v1#dir/file.sh",
		"https://raw.githubusercontent.com/o/t/refs/tags/v1/dir/file.sh":                                  "pkg:github/o/t@v1#dir/file.sh",
		"https://github.com/o/t/raw/v1/file":                                                              "pkg:github/o/t@v1#file",
		"https://gitlab.com/group/sub/tool/-/archive/v1.0/tool-v1.0.tar.gz":                               "pkg:gitlab/group/sub/tool@v1.0",
		"https://gitlab.com/group/tool/-/releases/v1.0/downloads/bin/tool":                                "pkg:gitlab/group/tool@v1.0",
		"https://gitlab.com/group/tool/-/raw/main/x/y":                                                    "pkg:gitlab/group/tool@main#x/y",
		"https://bitbucket.org/o/t/get/v1.tar.gz":                                                         "pkg:bitbucket/o/t@v1",
		"https://huggingface.co/org/model/resolve/ABCDEF/weights.bin":                                     "pkg:huggingface/org/model@abcdef",
		"https://files.pythonhosted.org/packages/aa/bb/cc/Flask_Cors-4.0.1-py2.py3-none-any.whl":          "pkg:pypi/flask-cors@4.0.1?file_name=Flask_Cors-4.0.1-py2.py3-none-any.whl",
		"https://files.pythonhosted.org/packages/aa/bb/cc/zope.interface-6.4.tar.gz":                      "pkg:pypi/zope.interface@6.4?file_name=zope.interface-6.4.tar.gz",
		"https://pypi.org/packages/source/b/b-2-x/b-2-x-1.0.zip":                                          "pkg:pypi/b-2-x@1.0?file_name=b-2-x-1.0.zip",
		"https://registry.npmjs.org/lodash/-/lodash-4.17.21.tgz":                                          "pkg:npm/lodash@4.17.21",
		"https://registry.npmjs.org/@types/node/-/node-20.1.0.tgz":                                        "pkg:npm/%40types/node@20.1.0",
		"https://registry.npmjs.org/%40types%2fnode/-/node-20.1.0.tgz":                                    "pkg:npm/%40types/node@20.1.0",
		"https://crates.io/api/v1/crates/serde/1.0.200/download":                                          "pkg:cargo/serde@1.0.200",
		"https://static.crates.io/crates/serde/serde-1.0.200.crate":                                       "pkg:cargo/serde@1.0.200",
		"https://repo1.maven.org/maven2/org/apache/commons/commons-lang3/3.14.0/commons-lang3-3.14.0.jar": "pkg:maven/org.apache.commons/commons-lang3@3.14.0",
		"https://repo.maven.apache.org/maven2/com/x/a/1/a-1-sources.jar":                                  "pkg:maven/com.x/a@1?classifier=sources",
		"https://repo1.maven.org/maven2/com/x/a/1/a-1.pom":                                                "pkg:maven/com.x/a@1?type=pom",
		"https://repo1.maven.org/maven2/com/x/a/1/a-1-bin.tar.gz":                                         "pkg:maven/com.x/a@1?classifier=bin&type=tar.gz",
		"https://rubygems.org/downloads/nokogiri-1.16.4-x86_64-linux.gem":                                 "pkg:gem/nokogiri@1.16.4?platform=x86_64-linux",
		"https://rubygems.org/gems/rack-test-2.1.0.gem":                                                   "pkg:gem/rack-test@2.1.0",
		"https://proxy.golang.org/github.com/!burnt!sushi/toml/@v/v1.3.2.zip":                             "pkg:golang/github.com/burntsushi/toml@v1.3.2",
		"https://api.nuget.org/v3-flatcontainer/newtonsoft.json/13.0.3/newtonsoft.json.13.0.3.nupkg":      "pkg:nuget/newtonsoft.json@13.0.3",
		"https://www.nuget.org/api/v2/package/Serilog/3.1.1":                                              "pkg:nuget/Serilog@3.1.1",
		"https://repo.hex.pm/tarballs/phoenix-1.7.12.tar":                                                 "pkg:hex/phoenix@1.7.12",
		"https://cran.r-project.org/src/contrib/Archive/ggplot2/ggplot2_3.5.0.tar.gz":                     "pkg:cran/ggplot2@3.5.0",
		"https://hackage.haskell.org/package/pandoc-types-1.23/pandoc-types-1.23.tar.gz":                  "pkg:hackage/pandoc-types@1.23",
		"https://conda.anaconda.org/conda-forge/linux-64/numpy-1.26.4-py312heda63a1_0.conda":              "pkg:conda/numpy@1.26.4?build=py312heda63a1_0&channel=conda-forge&subdir=linux-64&type=conda",
		"https://pub.dev/api/archives/http-1.2.1.tar.gz":                                                  "pkg:pub/http@1.2.1",
		"https://deb.debian.org/debian/pool/main/c/curl/curl_7.88.1-10+deb12u5_amd64.deb":                 "pkg:deb/debian/curl@7.88.1-10%2Bdeb12u5?arch=amd64",
		"https://snapshot.debian.org/archive/debian/20240101T000000Z/pool/main/j/jq/jq_1.6-2.1.dsc":       "pkg:deb/debian/jq@1.6-2.1?arch=source",
		"http://archive.ubuntu.com/ubuntu/pool/main/j/jq/jq_1.6.orig.tar.gz":                              "pkg:deb/ubuntu/jq@1.6?arch=source",
		"https://dl-cdn.alpinelinux.org/alpine/v3.20/main/x86_64/jq-1.7.1-r0.apk":                         "pkg:apk/alpine/jq@1.7.1-r0?arch=x86_64",
		"https://packages.wolfi.dev/os/aarch64/jq-1.7.1-r1.apk":                                           "pkg:apk/wolfi/jq@1.7.1-r1?arch=aarch64",

		"https://example.org/tool-1.2.3-linux-amd64.tar.gz":        "pkg:generic/tool@1.2.3?checksum=sha256:" + sum + "&download_url=https:%2F%2Fexample.org%2Ftool-1.2.3-linux-amd64.tar.gz",
		"https://example.org/release/v1.30.0/bin/amd64/kubectl":    "pkg:generic/kubectl@v1.30.0?checksum=sha256:" + sum + "&download_url=https:%2F%2Fexample.org%2Frelease%2Fv1.30.0%2Fbin%2Famd64%2Fkubectl",
		"https://user:secret@example.org/x":                        "pkg:generic/x?checksum=sha256:" + sum + "&download_url=https:%2F%2Fexample.org%2Fx",
		"https://example.org":                                      "pkg:generic/example.org?checksum=sha256:" + sum + "&download_url=https:%2F%2Fexample.org",
		"https://github.com/owner/tool":                            "pkg:generic/tool?checksum=sha256:" + sum + "&download_url=https:%2F%2Fgithub.com%2Fowner%2Ftool",
		"https://registry.npmjs.org/lodash":                        "pkg:generic/lodash?checksum=sha256:" + sum + "&download_url=https:%2F%2Fregistry.npmjs.org%2Flodash",
		"https://example.org/archive/openssl_1.1.0-rc.1.zip?a=b&c": "pkg:generic/openssl@1.1.0-rc.1?checksum=sha256:" + sum + "&download_url=https:%2F%2Fexample.org%2Farchive%2Fopenssl_1.1.0-rc.1.zip%3Fa%3Db%26c",
	} {
		p := purl.OfFile(purl.File{Address: address, SHA256: sum})
		if got := p.String(); got != want {
			t.Errorf("%s:\n got %s\nwant %s", address, got, want)
		}
		if _, err := purl.Parse(p.String()); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestRepositories(t *testing.T) {
	const commit = "0123456789012345678901234567890123456789"
	for _, c := range []struct{ remote, tag, commit, want string }{
		{"https://github.com/Owner/Tool.git", "v1", commit, "pkg:github/owner/tool@v1"},
		{"https://github.com/owner/tool.git", "", commit, "pkg:github/owner/tool@" + commit},
		{"git@github.com:owner/tool.git", "", "", "pkg:github/owner/tool"},
		{"ssh://git@gitlab.com/group/sub/tool.git", "v1", "", "pkg:gitlab/group/sub/tool@v1"},
		{"https://bitbucket.org/o/t.git", "v1", "", "pkg:bitbucket/o/t@v1"},
		{"https://user:secret@git.example.org/a/b.git", "v1", commit, "pkg:generic/b@v1?vcs_url=git%2Bhttps:%2F%2Fgit.example.org%2Fa%2Fb.git%40" + commit},
		{"https://example.org/", "", "", "pkg:generic/repository?vcs_url=git%2Bhttps:%2F%2Fexample.org%2F"},
	} {
		if got := purl.OfGit(c.remote, c.tag, c.commit).String(); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.remote, got, c.want)
		}
	}
}

func TestImages(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0f", 32)
	for ref, want := range map[string]string{
		"debian:bookworm-slim@" + digest:   "pkg:oci/debian@" + digest + "?arch=amd64&repository_url=docker.io%2Flibrary%2Fdebian&tag=bookworm-slim",
		"example.org:5000/a/b-c@" + digest: "pkg:oci/b-c@" + digest + "?arch=amd64&repository_url=example.org:5000%2Fa%2Fb-c",
		"debian":                           "pkg:oci/debian?arch=amd64&repository_url=docker.io%2Flibrary%2Fdebian",
	} {
		p, err := purl.OfImage(ref, "amd64")
		if got := p.String(); err != nil || got != want {
			t.Errorf("%s:\n got %s, %v\nwant %s", ref, got, err, want)
		}
	}
	if _, err := purl.OfImage("A B", ""); err == nil {
		t.Error("a bad reference has a package URL")
	}
}

// FuzzOfFile shows that every address has a package URL that can be read.
func FuzzOfFile(f *testing.F) {
	for _, seed := range []string{
		"https://github.com/o/t/releases/download/v1/x", "https://registry.npmjs.org/@a/b/-/b-1.tgz", "https://proxy.golang.org/a/@v/v1.zip",
		"https://gitlab.com/a/b/-/archive/x/y", "https://repo1.maven.org/maven2/a/b/1/b-1.jar", "https://deb.debian.org/pool/_", "https://rubygems.org/", "::", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		p := purl.OfFile(purl.File{Address: address})
		if p.Name == "" {
			return
		}
		if _, err := purl.Parse(p.String()); err != nil {
			t.Errorf("%q gives %q: %v", address, p.String(), err)
		}
	})
}
