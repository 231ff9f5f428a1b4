// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/strata-build/strata/internal/spell"
)

// foreign are notations of other programs, and ours for the same.
var foreign = []struct{ prefix, ours string }{
	{"oci-layout://", "oci:"},
	{"oci-layout:", "oci:"},
	{"oci://", "oci:"},
	{"ocidir://", "oci:"},
	{"ocidir:", "oci:"},
	{"ocifile://", "oci-archive:"},
	{"ocifile:", "oci-archive:"},
	{"docker-image://", ""},
	{"registry://", ""},
	{"https://", ""},
	{"http://", ""},
	{"docker:", "docker-daemon:"},
	{"daemon:", "docker-daemon:"},
	{"tarball:", "docker-archive:"},
	{"archive:", "docker-archive:"},
	{"oci-dir:", "oci:"},
	{"docker-daemon://", "docker-daemon:"},
	{"oci_archive:", "oci-archive:"},
	{"ociarchive:", "oci-archive:"},
}

// elsewhere refuses places of other programs, which would else be taken for
// repositories of Docker Hub. An image there may well be called docker or registry.
func elsewhere(head, rest string) error {
	switch head {
	case "oci-layout", "ocidir", "oci-dir", "ocifile", "docker-image", "tarball", "sif", "singularity", "ostree", "atomic":
		return fmt.Errorf("there is no kind of place called %s", head)
	case "dir":
		return fmt.Errorf("dir: is a directory of skopeo's, which is not read here; \"skopeo copy dir:%s oci:%s-oci\" makes an OCI layout of it", rest, rest)
	case "containers-storage", "podman":
		if _, name, ok := strings.Cut(rest, "]"); ok { // behind the store that it is in
			rest = name
		}
		return fmt.Errorf("%s: is podman's own, which is not read here; \"podman save --format oci-archive -o FILE %s\" writes an archive of it", head, rest)
	}
	return nil
}

// suggest says what may have been meant by a text that is not a name, with a
// separator in front; or nothing.
func suggest(text string) string {
	meant := guess(text)
	if meant == "" || meant == text {
		return ""
	}
	if _, err := parse(meant); err != nil {
		return ""
	}
	return "; did you mean " + meant + "?"
}

func guess(text string) string {
	for _, f := range foreign {
		if rest, ok := strings.CutPrefix(text, f.prefix); ok {
			return f.ours + rest
		}
	}
	head, rest, ok := strings.Cut(text, ":")
	if ok && !strings.ContainsAny(head, "/.") {
		words := []string{string(Layout), string(LayoutArchive), string(DockerArchive), string(DockerDaemon)}
		if word := spell.Suggest(head, words); word != "" {
			return word + ":" + rest
		}
	}
	path, _, _ := strings.Cut(text, ":")
	switch {
	case strings.HasSuffix(path, ".tar"), strings.HasSuffix(path, ".tgz"), strings.HasSuffix(path, ".tar.gz"):
		return "oci-archive:" + text
	case filepath.IsAbs(text), strings.HasPrefix(text, "."), strings.HasPrefix(text, "~"):
		return "oci:" + text
	case strings.ToLower(text) != text:
		return strings.ToLower(text)
	}
	return ""
}
