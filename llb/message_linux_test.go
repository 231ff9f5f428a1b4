// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb_test

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/verbs"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/op"
)

// A failed step about packages says what it is for, whichever subcommand it runs.
func TestFailedPackageStepsAreInWords(t *testing.T) {
	for _, v := range verbs.All() {
		got := llb.WithoutHelper(`process "` + op.HelperPath + " " + v.Name() + ` --x y" did not complete successfully: exit code: 7`)
		if strings.Contains(got, op.HelperPath) || !strings.Contains(got, "package") || !strings.Contains(got, ": exit code: 7;") {
			t.Errorf("%s: %s", v.Name(), got)
		}
	}
}
