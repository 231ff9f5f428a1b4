// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package connect

import (
	"strings"
	"testing"
)

// TestResolve chooses where to build.
func TestResolve(t *testing.T) {
	const host, builder = "unix:///h", "b"
	for name, c := range map[string]struct {
		given    Options
		env      map[string]string
		noEngine bool
		want     Options
		fault    string
	}{
		"engine":                  {},
		"no engine":               {noEngine: true, want: Options{OnBuilder: true}},
		"host":                    {env: map[string]string{"BUILDKIT_HOST": host}, want: Options{Addr: host}},
		"host before builder":     {env: map[string]string{"BUILDKIT_HOST": host, "BUILDX_BUILDER": builder}, noEngine: true, want: Options{Addr: host}},
		"builder of the variable": {env: map[string]string{"BUILDX_BUILDER": builder}, want: Options{Builder: builder, OnBuilder: true}},
		"empty variables":         {env: map[string]string{"BUILDKIT_HOST": "", "BUILDX_BUILDER": ""}},
		"flag before variables":   {given: Options{Builder: "x", OnBuilder: true}, env: map[string]string{"BUILDKIT_HOST": host, "BUILDX_BUILDER": builder}, want: Options{Builder: "x", OnBuilder: true}},
		"current builder":         {given: Options{OnBuilder: true}, env: map[string]string{"BUILDX_BUILDER": builder}, want: Options{OnBuilder: true}},
		"address before builder":  {given: Options{Addr: "unix:///a"}, env: map[string]string{"BUILDX_BUILDER": builder}, want: Options{Addr: "unix:///a"}},
		"root before variables":   {given: Options{Root: "/r"}, env: map[string]string{"BUILDKIT_HOST": host, "BUILDX_BUILDER": builder}, noEngine: true, want: Options{Root: "/r"}},
		"address and root":        {given: Options{Addr: host, Root: "/r"}, fault: "do not go with --addr"},
		"builder and config":      {given: Options{OnBuilder: true, Config: "/c"}, fault: "do not go with --builder"},
		"builder and address":     {given: Options{OnBuilder: true, Addr: host}, fault: "does not go with --addr"},
		"builder and TLS":         {given: Options{OnBuilder: true, TLSCert: "/c"}, fault: "does not go with --addr and --tls"},
		"TLS without address":     {given: Options{TLSCACert: "/c"}, fault: "none is named"},
		"TLS and engine":          {given: Options{TLSServerName: "h", Root: "/r"}, fault: "do not go with --tls"},
		"TLS and a variable":      {given: Options{TLSCACert: "/c"}, env: map[string]string{"BUILDX_BUILDER": builder}, fault: "none is named"},
		"TLS for the variable":    {given: Options{TLSCACert: "/c"}, env: map[string]string{"BUILDKIT_HOST": host}, want: Options{Addr: host, TLSCACert: "/c"}},
	} {
		env := func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }
		got, err := c.given.resolve(env, !c.noEngine)
		switch {
		case c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)):
			t.Errorf("%s: the error is %v, want %q", name, err, c.fault)
		case c.fault == "" && (err != nil || got != c.want):
			t.Errorf("%s: %+v and %v, want %+v", name, got, err, c.want)
		}
	}
}
