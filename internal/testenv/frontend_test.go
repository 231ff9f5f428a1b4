// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The tests' frontend image must not work because of a label of BuildKit's that the
// published one lacks.
func TestFrontendLabelsAreTheDockerfiles(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(Root(t), "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^LABEL (moby\.\S+)="(.*)"$`).FindAllStringSubmatch(string(data), -1) {
		got[m[1]] = m[2]
	}
	if diff := cmp.Diff(frontendLabels(), got); diff != "" {
		t.Errorf("labels of the Dockerfile (+) and of the tests' image (-):\n%s", diff)
	}
}
