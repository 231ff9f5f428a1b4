// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lint_test

import (
	"testing"

	"github.com/strata-build/strata/frontend/lint"
	"github.com/strata-build/strata/llb/spec"
)

// TestUsedUsers names a user in each of the ways that there are; what may be any name
// may be that one. Its own group and its home directory are no use of it.
func TestUsedUsers(t *testing.T) {
	used := []string{
		"config: {user: app}\n",
		"config: {user: \"1234\"}\n",
		"config: {user: {amd64: app, arm64: root:app}}\n",
		"args: {WHO: app}\nconfig: {user: $WHO}\n",
		"config: {entrypoint: [su-exec, app, server]}\n",
		"config: {entrypoint: [start], cmd: [app]}\n",
		"config: {cmd: [server], healthcheck: {test: [CMD, su-exec, app, check]}}\n",
		"layers: [{files: [{dest: /a, content: x, owner: \"app:app\"}]}]\n",
		"layers: [{files: [{dest: /etc/nginx.conf, content: \"user app;\"}]}]\n",
		"layers: [{build: {from: base:1, user: app, run: touch $out/x}}]\n",
		"layers: [{build: {from: base:1, owner: app, run: touch $out/x}}]\n",
		"layers: [{build: {from: base:1, run: touch $out/x && chown app:app $out/x}}]\n",
		"layers: [{build: {from: base:1, run: touch $out/x, cache: [{target: /c, owner: app}]}}]\n",
		"layers: [{build: {from: base:1, run: touch $out/x, secrets: [{id: s, owner: app}]}}]\n",
		"layers: [{build: {from: base:1, run: touch $out/x, ssh: [{id: s, owner: \"app:0\"}]}}]\n",
		"layers: [{build: {from: base:1, run: make, outputs: [{source: /x, owner: app}]}}]\n",
		"layers: [{packages: {names: [app], repositories: [{type: deb, uri: \"https://example.org\", suites: [a], components: [b], signed_by: k}]}}]\n",
		"tests: [{run: id, user: app}]\n",
		"tests: [{files: [{path: /, owner: app}]}]\n",
		"groups: [{name: team}]\ntargets: {child: {from: target:default, config: {user: app}}}\n",
	}
	for _, text := range used {
		file, err := spec.Parse("strata.yaml", []byte(text+"users: [{name: app, uid: 1234}]\n"))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range lint.File(file, "", nil, lint.Config{}) {
			if found.Rule == lint.UnusedUser {
				t.Errorf("%s: it is used, and yet %v", text, found)
			}
		}
	}
	for _, text := range []string{"groups: [{name: team, members: [app]}]\n", "config: {entrypoint: [app], workdir: /home/app}\n", "config: {user: root:staff}\n"} {
		all := findings(t, "# check=skip=RootUser,UndeclaredArg\nusers: [{name: app, groups: [staff]}]\n"+text)
		if len(all) != 1 || all[0] != "UnusedUser 2:16" {
			t.Errorf("%s: findings %q, want that the user isn't used", text, all)
		}
	}
}

// TestUsedOtherwise uses an argument and a target in other ways than by their names' being
// mentioned.
func TestUsedOtherwise(t *testing.T) {
	for _, text := range []string{
		"x-given: $GIVEN\nargs: {GIVEN: x, LEVEL: \"3\"}\nfrom: base:1\nlayers: [{build: {run: make, args: [LEVEL]}}]\n",
		quiet + "targets: {debug: {from: base:1, tags: [app:debug]}}\n",
		quiet + "targets: {debug: {from: base:1, platforms: [arm64]}}\n",
	} {
		if all := findings(t, text); len(all) != 0 {
			t.Errorf("%s: findings %q", text, all)
		}
	}
}
