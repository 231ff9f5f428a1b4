// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"

	"github.com/strata-build/strata/llb/plan"
)

func TestDestination(t *testing.T) {
	for want, e := range map[string]plan.Entry{
		"/etc/app.conf":  {Dest: "/etc", Into: true, HTTP: &plan.HTTP{URL: "https://example.org/app.conf?v=1"}},
		"/etc/get":       {Dest: "/etc", Into: true, HTTP: &plan.HTTP{URL: "https://example.org/get?f=/a/app.conf"}},
		"/etc/named":     {Dest: "/etc/named", HTTP: &plan.HTTP{URL: "https://example.org/app.conf#x"}},
		"/opt/directory": {Dest: "/opt/directory", Into: true, Extract: true, HTTP: &plan.HTTP{URL: "https://example.org/app.tar"}},
		"/srv":           {Dest: "/srv", Into: true, Copy: &plan.Copy{Path: "/site"}},
	} {
		if got := e.Destination(); got != want {
			t.Errorf("%+v: %s, want %s", e, got, want)
		}
	}
}
