// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package dockerfile

import (
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/llb/spec"
)

// certificates is the package with the certificates of public authorities. What its script
// does when it is installed is all that update-ca-certificates does.
const certificates = "ca-certificates"

// repeatsInstallation reports whether a step does once more what the script of the package
// with the certificates has done: what stands before adds none.
func (s *stage) repeatsInstallation(st step) bool {
	return strings.TrimSpace(st.text) == "update-ca-certificates" && !s.hasOwnCertificates()
}

func (s *stage) hasOwnCertificates() bool {
	for ; s != nil; s = s.below {
		if slices.ContainsFunc(s.out.Layers, mayHaveCertificates) {
			return true
		}
	}
	return false
}

// mayHaveCertificates reports whether a layer may have certificates where
// update-ca-certificates looks for them, or its settings.
func mayHaveCertificates(l draft.Layer) bool {
	if l.Build != nil && strings.Contains(l.Build.Run, certificates) {
		return true
	}
	return slices.ContainsFunc(l.Files, func(e draft.Entry) bool {
		dest := path.Clean(e.Dest)
		return !spec.Literal(dest) || slices.ContainsFunc([]string{"/usr/local/share/ca-certificates", "/etc/ca-certificates", "/etc/ssl"}, func(dir string) bool {
			return within(dir, dest) || within(dest, dir)
		})
	})
}
