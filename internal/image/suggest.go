// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package image

import (
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
	{"docker-image://", ""},
	{"registry://", ""},
	{"https://", ""},
	{"http://", ""},
	{"docker:", "docker-daemon:"},
	{"daemon:", "docker-daemon:"},
	{"tarball:", "docker-archive:"},
	{"archive:", "docker-archive:"},
	{"oci_archive:", "oci-archive:"},
	{"ociarchive:", "oci-archive:"},
}

// suggest says what may have been meant by a text that is no name, with a
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
