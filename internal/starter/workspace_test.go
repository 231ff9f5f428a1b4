// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"strings"
	"testing"
)

// TestWorkspaces has projects of several members: a step that installs packages finds the
// manifests of all of them, and nothing that was made beside the sources on the machine of
// who works on them goes into an image.
func TestWorkspaces(t *testing.T) {
	const dotnet = `<Project Sdk="Microsoft.NET.Sdk.Worker"><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>`
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"npm": {
			map[string]string{"package.json": `{"workspaces": ["packages/*"], "scripts": {"build": "tsc"}}`, "package-lock.json": "{}", "packages/a/package.json": "{}"},
			[]string{
				`include: [package.json, package-lock.json, "packages/*/package.json"]}`,
				`{dest: /app/, source: [package.json, packages], exclude: ["**/node_modules"]}`,
				`include: [package.json, package-lock.json, packages], exclude: ["**/node_modules"]}`,
			},
		},
		"vite": {
			map[string]string{"package.json": `{"workspaces": ["packages/*"], "scripts": {"build": "vite build"}, "devDependencies": {"vite": "6"}}`, "packages/a/package.json": "{}"},
			[]string{`include: [package.json, packages], exclude: ["**/node_modules"]}`},
		},
		"bun": {
			map[string]string{"package.json": `{"workspaces": ["packages/*"], "scripts": {"prepare": "husky"}}`, "bun.lock": "{}", "packages/a/package.json": "{}"},
			[]string{`include: [package.json, bun.lock, "packages/*/package.json"]}`, `exclude: ["**/node_modules"]}`, "        " + withoutPrepare + "\n        bun install"},
		},
		"uv": {
			map[string]string{"pyproject.toml": "[project]\nname = 'x'\n[tool.uv.workspace]\nmembers = ['libs/*']\n", "uv.lock": "", "libs/a/pyproject.toml": "", "main.py": ""},
			[]string{"source: [pyproject.toml, uv.lock, libs, main.py]", "--no-install-project --no-editable", "dest: /app/, source: [libs, main.py]"},
		},
		"dotnet": {
			map[string]string{"Shop.sln": "", "src/Shop/Shop.csproj": dotnet, "src/Shop/obj/project.assets.json": "{}"},
			[]string{`source: {path: ., include: [Shop.sln, src], exclude: ["**/bin", "**/obj"]}`},
		},
	} {
		d := written(t, c.files)
		for _, want := range c.want {
			if !strings.Contains(string(d.BuildFile), want) {
				t.Errorf("%s: want %s in\n%s", name, want, d.BuildFile)
			}
		}
	}
}
