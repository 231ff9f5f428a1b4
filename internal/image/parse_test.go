// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	const dgst = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for text, want := range map[string]Name{
		"oci:out":                      {Transport: Layout, Path: "out"},
		"oci:/a/b:v1":                  {Transport: Layout, Path: "/a/b", Tag: "v1"},
		"oci:out:example.org/app:1":    {Transport: Layout, Path: "out", Tag: "example.org/app:1"},
		"oci:out@" + dgst:              {Transport: Layout, Path: "out", Digest: dgst},
		"oci:out:v1@" + dgst:           {Transport: Layout, Path: "out", Tag: "v1", Digest: dgst},
		"oci-archive:a.tar:v1":         {Transport: LayoutArchive, Path: "a.tar", Tag: "v1"},
		"docker-archive:a.tar":         {Transport: DockerArchive, Path: "a.tar"},
		"docker-archive:a.tar:app":     {Transport: DockerArchive, Path: "a.tar", Tag: "app:latest"},
		"docker-archive:a.tar:h:5/a:2": {Transport: DockerArchive, Path: "a.tar", Tag: "h:5/a:2"},
		"docker-archive:a.tar:@1":      {Transport: DockerArchive, Path: "a.tar", Tag: "@1"},
		"docker-daemon:" + dgst:        {Transport: DockerDaemon, Digest: dgst},
	} {
		got, err := Parse(text)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", text, got, err, want)
		}
		if back, err := Parse(got.String()); err != nil || back != got {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", got.String(), back, err, got)
		}
	}
}

// TestReferences holds the notation to docker's rules for references.
func TestReferences(t *testing.T) {
	const dgst = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for text, want := range map[string]string{
		"alpine":                         "docker.io/library/alpine:latest",
		"docker.io/alpine":               "docker.io/library/alpine:latest",
		"docker.io/a/b":                  "docker.io/a/b:latest",
		"index.docker.io/alpine:3":       "docker.io/library/alpine:3",
		"docker://alpine:3":              "docker.io/library/alpine:3",
		"localhost/x":                    "localhost/x:latest",
		"localhost:5000/x":               "localhost:5000/x:latest",
		"localhost:5000/x/y:1":           "localhost:5000/x/y:1",
		"example.org:8080/a/b:t@" + dgst: "example.org:8080/a/b:t@" + dgst,
		"example.org/a@" + dgst:          "example.org/a@" + dgst,
		"[::1]:5000/a":                   "[::1]:5000/a:latest",
		"a.b/c":                          "a.b/c:latest",
		"a/b":                            "docker.io/a/b:latest",
		"oci":                            "docker.io/library/oci:latest",
		"docker-daemon:a/x":              "docker-daemon:a/x:latest",
	} {
		n, err := Parse(text)
		if err != nil || n.String() != want {
			t.Errorf("Parse(%q) = %s, %v; want %s", text, n, err, want)
		}
	}
}

func TestParseSuggests(t *testing.T) {
	for text, want := range map[string]string{
		"oci-layout://out:v1":         "did you mean oci:out:v1?",
		"oci-archve:/a.tar":           "did you mean oci-archive:/a.tar?",
		"docker-archiv:./a.tar":       "did you mean docker-archive:./a.tar?",
		"./out":                       "did you mean oci:./out?",
		"/srv/image.tar":              "did you mean oci-archive:/srv/image.tar?",
		"https://example.org/app:1":   "did you mean example.org/app:1?",
		"docker-image://app:1":        "did you mean app:1?",
		"example.org/App:1":           "did you mean example.org/app:1?",
		"oci:":                        "needs a path",
		"oci:out:":                    "cannot be a tag",
		"oci:out:-x":                  "cannot be a tag",
		"docker-archive:a:b@sha256:0": "invalid",
		"app@md5:00":                  "invalid",
		"oci:out@sha512:" + strings.Repeat("0", 64): "is not a digest",
		"oci:out@sha384:" + strings.Repeat("0", 96): "only sha256 and sha512",
		"dir:out":                                "skopeo copy dir:out oci:out-oci",
		"dir:/srv/out":                           "not read here",
		"containers-storage:app:1":               "podman save --format oci-archive -o FILE app:1",
		"oci-layout:out:v1":                      "did you mean oci:out:v1?",
		"ocidir:out":                             "did you mean oci:out?",
		"oci-dir:out":                            "did you mean oci:out?",
		"tarball:image.tar":                      "did you mean docker-archive:image.tar?",
		"docker-daemon://app:1":                  "did you mean docker-daemon:app:1?",
		"podman:app:1":                           "podman save --format oci-archive -o FILE app:1",
		"sif:app.sif":                            "no kind of place called sif",
		"ostree:app@/srv/repo":                   "no kind of place called ostree",
		"containers-storage:[overlay@/srv]app:1": "podman save --format oci-archive -o FILE app:1",
		"":                                       "empty",
	} {
		n, err := Parse(text)
		if err == nil {
			t.Errorf("Parse(%q) = %+v, want an error", text, n)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): %v; want %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a", "oci:x:y", "oci-archive:x@sha256:0", "docker-archive:x:@3", "docker-daemon:x", "localhost:5000/x:1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text)
		if err != nil {
			return
		}
		back, err := Parse(n.String())
		if err != nil || back.String() != n.String() {
			t.Errorf("Parse(%q) is %s, which parses as %s, %v", text, n, back, err)
		}
	})
}
