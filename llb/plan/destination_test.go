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
		"/etc/a b.conf":  {Dest: "/etc", Into: true, HTTP: &plan.HTTP{URL: "https://example.org/x%2Fy/a%20b.conf"}},
		"/etc/c++.conf":  {Dest: "/etc", Into: true, HTTP: &plan.HTTP{URL: "https://example.org/c+%2b.conf?x=%2F"}},
		"/etc/last":      {Dest: "/etc", Into: true, HTTP: &plan.HTTP{URL: "https://example.org/first%2Flast"}},
		"/etc/%2e%2E":    {Dest: "/etc", Into: true, HTTP: &plan.HTTP{URL: "https://example.org/%2e%2E"}},
		"/etc/a%0Ab%":    {Dest: "/etc", Into: true, HTTP: &plan.HTTP{URL: "https://example.org/a%0Ab%"}},
		"/etc/a%00":      {Dest: "/etc", Into: true, HTTP: &plan.HTTP{URL: "https://example.org/a%00"}},
		"/srv":           {Dest: "/srv", Into: true, Copy: &plan.Copy{Path: "/site"}},
	} {
		if got := e.Destination(); got != want {
			t.Errorf("%+v: %s, want %s", e, got, want)
		}
	}
}
