// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/strata-build/strata/llb/spec"
)

var update = flag.Bool("update", false, "write the build files into testdata")

// TestProjects holds the first build file of each project in testdata to the one that
// is written there. Those build files are built in internal/e2e/starter.
func TestProjects(t *testing.T) {
	files, err := filepath.Glob("testdata/projects/*.txtar")
	if err != nil || len(files) < 30 {
		t.Fatalf("there are %d projects: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			kept := archive.Files[:0:0]
			for _, f := range archive.Files {
				if f.Name == "strata.yaml" || f.Name == "notes" {
					want[f.Name] = string(f.Data)
					continue
				}
				kept = append(kept, f)
			}
			archive.Files = kept
			fsys, err := txtar.FS(archive)
			if err != nil {
				t.Fatal(err)
			}
			d := write(t, fsys, strings.TrimSuffix(filepath.Base(file), ".txtar"))
			checkForm(t, d.BuildFile)
			got := map[string]string{"strata.yaml": string(d.BuildFile), "notes": strings.Join(d.Notes, "\n") + "\n"}
			if *update {
				for _, name := range []string{"strata.yaml", "notes"} {
					archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(got[name])})
				}
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestOddManifests reads manifests that the tools take, too, with what else they say.
func TestOddManifests(t *testing.T) {
	for _, c := range []struct{ file, text, want string }{
		{"package.json", `{"engines": ["node >= 0.6"], "scripts": [], "dependencies": {"a": "1", "b": false}, "main": "x.js"}`, "entrypoint: [node, x.js]"},
		{"package.json", `{"volta": "no", "engines": {"node": ">=22 <23"}}`, "node:22"},
		{"composer.json", `{"config": {"platform": []}, "require": {"php": "~8.3.0"}}`, "php:8.3"},
		{"package.json", `{"scripts": {"prepare": "husky", "build": "x"}, "dependencies": {"a": "1"}, "devDependencies": {"husky": "9"}}`, "run: |\n        npm pkg delete scripts.prepare\n        npm install --omit=dev\n"},
		{"package.json", `{"scripts": {"prepare": "husky", "build": "x"}, "devDependencies": {"husky": "9"}}`, "run: |\n            npm pkg delete scripts.prepare\n            npm install\n"},
		{"package.json", `{"scripts": {"build": "nest build", "start": "nest start", "start:prod": "node dist/main"}, "devDependencies": {"@nestjs/cli": "11"}}`, "entrypoint: [node, dist/main]"},
		{"package.json", `{"scripts": {"start": "tsx x.ts", "start:production": "A=1 node x.js"}}`, "entrypoint: [npm, run, start:production]"},
		{"package.json", `{"scripts": {"build": "vite build"}, "devDependencies": {"@sveltejs/kit": "2", "@sveltejs/adapter-static": "3", "vite": "6"}}`, "outputs: [{source: /app/build,"},
		{"composer.json", `{"require": [], "config": {"platform": {"php": false, "ext-gd": "1"}}}`, "from: php:"},
	} {
		d := write(t, fstest.MapFS{c.file: {Data: []byte(c.text)}}, "project")
		if !strings.Contains(string(d.BuildFile), c.want) {
			t.Errorf("%s: want %s in\n%s", c.text, c.want, d.BuildFile)
		}
	}
}

// write writes the build file of the kind that the project's name begins with, which must
// be the one that is found first.
func write(t *testing.T, fsys fs.FS, name string) Draft {
	t.Helper()
	found, err := Find(fsys)
	if err != nil || len(found) == 0 {
		t.Fatalf("found %v: %v", found, err)
	}
	d, err := found[0].Template.Write(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// checkForm reports what a person would not write.
func checkForm(t *testing.T, text []byte) {
	t.Helper()
	if _, err := spec.Parse("strata.yaml", text); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		if line == "" || strings.TrimRight(line, " ") != line || strings.Contains(line, "\t") || len(line) > 200 {
			t.Errorf("line %d: %q", i+1, line)
		}
	}
	if !bytes.HasPrefix(text, []byte("# syntax=strata-build/strata:1\n# yaml-language-server: $schema="+spec.SchemaID+"\n")) {
		t.Errorf("begins with %.80q", text)
	}
}

// TestLockOfPDM tells that nothing reads PDM's lock.
func TestLockOfPDM(t *testing.T) {
	d := write(t, fstest.MapFS{
		"pyproject.toml": {Data: []byte("[project]\nname = 'x'\ndependencies = ['flask']\n")}, "pdm.lock": {}, "main.py": {},
	}, "project")
	if notes := strings.Join(d.Notes, "\n"); !strings.Contains(notes, "pdm.lock: PDM isn't known") || !strings.Contains(string(d.BuildFile), "dest: /app/, source: [main.py]") {
		t.Errorf("nothing is told of pdm.lock:\n%s", notes)
	}
}

// TestSecrets leaves out of an image what has logins and keys, and tells it.
func TestSecrets(t *testing.T) {
	for name, c := range map[string]struct {
		files        map[string]string
		has, without []string
		note         string
	}{
		"php": {
			map[string]string{"composer.json": "{}", "auth.json": "{}", "index.php": "<?php"},
			[]string{"source: [composer.json, auth.json]", "dest: /app/, source: [composer.json, index.php]"},
			[]string{"index.php, auth.json", "auth.json, composer.json, index.php"},
			"auth.json: a secret as it seems, and so not put into the image",
		},
		"rails": {
			map[string]string{"Gemfile": "gem 'rails'\n", "config/application.rb": "", "config/master.key": "k", "config.ru": ""},
			[]string{`source: [Gemfile, config, config.ru], exclude: ["**/*.key", "**/*.sqlite3"]`},
			nil, "config/master.key: a secret",
		},
		"django": {
			map[string]string{"manage.py": "", "requirements.txt": "django", "db.sqlite3": "rows", "site/settings.py": ""},
			[]string{"dest: /app/, source: [manage.py, site]"},
			nil,
			"db.sqlite3: not put into the image",
		},
		"node": {
			map[string]string{
				"package.json": "{}", "index.js": "", "ca.pem": "-----BEGIN CERTIFICATE-----\n", "own.pem": "-----BEGIN PRIVATE KEY-----\n",
				"tls.key": "", "id_rsa": "", "terraform.tfstate": "{}", "terraform.tfstate.backup": "{}",
			},
			[]string{"source: [package.json, ca.pem, index.js]"},
			[]string{"own.pem", "tls.key"},
			"id_rsa, own.pem, terraform.tfstate, terraform.tfstate.backup, tls.key: a secret as it seems",
		},
	} {
		d := written(t, c.files)
		for _, want := range c.has {
			if !strings.Contains(string(d.BuildFile), want) {
				t.Errorf("%s: want %s in\n%s", name, want, d.BuildFile)
			}
		}
		for _, other := range c.without {
			if strings.Contains(string(d.BuildFile), other) {
				t.Errorf("%s: there is %s in\n%s", name, other, d.BuildFile)
			}
		}
		if notes := strings.Join(d.Notes, "\n"); !strings.Contains(notes, c.note) {
			t.Errorf("%s: want %q in\n%s", name, c.note, notes)
		}
	}
}

// TestOwnRequirement installs the packages of a project whose requirements name itself.
func TestOwnRequirement(t *testing.T) {
	for text, is := range map[string]bool{
		"flask\n-e .\n": true, ".": true, " --editable=.[dev]  # us\nflask": true, "-e ./libs/a\n": false, ".venv-tools\n": false, "-e git+https://example.org/x.git\n": false,
	} {
		d := write(t, fstest.MapFS{"requirements.txt": {Data: []byte(text)}, "setup.py": {}, "main.py": {}}, "project")
		checkForm(t, d.BuildFile)
		const want = `sed -i -E '/^[ \t]*((-e|--editable)[ =][ \t]*)?\.(\[[^]]*\])?[ \t]*(#.*)?$/d' requirements.txt` + "\n        /opt/venv/bin/pip install -r requirements.txt\n"
		if strings.Contains(string(d.BuildFile), want) != is {
			t.Errorf("%q:\n%s", text, d.BuildFile)
		}
	}
}

// TestPackagingOfMaven takes an archive of Spring Boot for the web by its name, and refuses
// what can't be started.
func TestPackagingOfMaven(t *testing.T) {
	const boot = "<build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build>"
	for text, want := range map[string]string{
		"<packaging>war</packaging>" + boot: "cp /src/target/app-1.war /tmp/app.jar",
		"<packaging>jar</packaging>" + boot: "cp /src/target/app-1.jar /tmp/app.jar",
		"<packaging>war</packaging>":        "its packaging is war",
		"<packaging>pom</packaging>" + boot: "its packaging is pom",
	} {
		maven, _ := Named("maven")
		d, err := maven.Write(fstest.MapFS{"pom.xml": {Data: []byte("<project><artifactId>app</artifactId><version>1</version>" + text + "</project>")}}, "project")
		if got := string(d.BuildFile) + fmt.Sprint(err); !strings.Contains(got, want) {
			t.Errorf("%s: want %q in\n%s", text, want, got)
		}
	}
}

// TestScriptsOfInstallation tells of scripts that run where packages are installed.
func TestScriptsOfInstallation(t *testing.T) {
	for text, want := range map[string]bool{
		`{"scripts": {"postinstall": "prisma generate"}, "dependencies": {"a": "1"}}`: true,
		`{"scripts": {"postinstall": "prisma generate"}}`:                             false, // nothing is installed
		`{"scripts": {"build": "x"}, "dependencies": {"a": "1"}}`:                     false,
	} {
		d := write(t, fstest.MapFS{"package.json": {Data: []byte(text)}}, "project")
		if notes := strings.Join(d.Notes, "\n"); strings.Contains(notes, "the script postinstall runs") != want {
			t.Errorf("%s:\n%s", text, notes)
		}
	}
}

// TestSetupPy installs the packages that only a setup.py names.
func TestSetupPy(t *testing.T) {
	d := write(t, fstest.MapFS{
		"setup.py": {Data: []byte("setup(install_requires=['flask'], long_description=open('README.md').read())")}, "README.md": {}, "main.py": {}, "app/__init__.py": {},
	}, "project")
	checkForm(t, d.BuildFile)
	for _, want := range []string{"source: [setup.py, README.md, app, main.py]", "/opt/venv/bin/pip install .\n", "dest: /app/, source: [app, main.py]"} {
		if !strings.Contains(string(d.BuildFile), want) {
			t.Errorf("want %s in\n%s", want, d.BuildFile)
		}
	}
}

// written is the build file of a project that has these files, which is held to its form.
func written(t *testing.T, files map[string]string) Draft {
	t.Helper()
	fsys := fstest.MapFS{}
	for file, text := range files {
		fsys[file] = &fstest.MapFile{Data: []byte(text)}
	}
	d := write(t, fsys, "project")
	checkForm(t, d.BuildFile)
	return d
}
