// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// phpPage is the data of templates/php.yaml.
type phpPage struct {
	service
	Version string
	// Web says that Apache serves it, and Root is where from, below /app.
	Web  bool
	Root string
	// Packages are the files that say which packages; none without Composer.
	Packages []string
	// Extensions are those that the image doesn't have.
	Extensions []string
	Files      []string
	Entry      []string
}

// composerJSON is what is read of a composer.json.
type composerJSON struct {
	Require map[string]string `json:"require"`
	Bin     any               `json:"bin"`
	Config  struct {
		Platform map[string]string `json:"platform"`
	} `json:"config"`
}

func phpRuntime() runtime {
	return runtime{name: "PHP", def: "8.4", known: []string{"8.5", "8.3", "8.2", "8.1", "7.4"}}
}

func writePHP(p *project) (page, error) {
	var c composerJSON
	if err := p.readJSON("composer.json", &c); err != nil {
		return page{}, err
	}
	d := phpPage{Version: p.version(phpRuntime(), pin{".php-version", p.word(".php-version"), exact},
		pin{"composer.json", c.Config.Platform["php"], ranged}, pin{"composer.json", c.Require["php"], ranged})}
	if p.has("composer.json") {
		d.Packages = p.present("composer.json", "composer.lock", "auth.json")
		p.note("composer.json: Composer")
		if !p.has("composer.lock") {
			p.note("composer.json: no composer.lock, so that versions are chosen when it is built; commit it")
		}
	}
	for name := range c.Require {
		if ext, ok := strings.CutPrefix(strings.ToLower(name), "ext-"); ok && !hasExtension(ext) && safeName(ext) == ext {
			d.Extensions = append(d.Extensions, ext)
		}
	}
	if slices.Sort(d.Extensions); d.Extensions != nil {
		p.note("composer.json: the extensions %s are compiled; some need packages with headers", strings.Join(d.Extensions, ", "))
	}
	d.Files = p.shipped("vendor", "phpunit.xml", "phpunit.xml.dist", "phpstan.neon", "node_modules")
	d.root(p, c)
	return page{"php.yaml", d}, nil
}

// hasExtension reports whether Docker's image of PHP has an extension.
func hasExtension(name string) bool {
	return slices.Contains([]string{
		"core", "ctype", "curl", "date", "dom", "fileinfo", "filter", "hash", "iconv", "json", "libxml", "mbstring", "mysqlnd", "openssl", "pcre",
		"pdo", "pdo_sqlite", "phar", "posix", "random", "readline", "reflection", "session", "simplexml", "sodium", "spl", "sqlite3", "standard",
		"tokenizer", "xml", "xmlreader", "xmlwriter", "zlib",
	}, name)
}

// root sees what is served, or started.
func (d *phpPage) root(p *project, c composerJSON) {
	for _, dir := range []string{"public", "web", "htdocs", "www", "."} {
		if !p.has(path.Join(dir, "index.php")) {
			continue
		}
		d.Web, d.Root = true, strings.TrimSuffix("/app/"+strings.TrimPrefix(dir, "."), "/")
		d.service = service{Listens: true, Port: 8080, Path: "/"}
		p.note("%s: a web application, served by Apache on port 8080", path.Join(dir, "index.php"))
		return
	}
	file := p.first("bin/console", "artisan", "main.php", "app.php", "cli.php", "run.php", "src/main.php")
	if bin, ok := c.Bin.([]any); ok && len(bin) > 0 && file == "" {
		file, _ = bin[0].(string)
	}
	if file == "" {
		for _, f := range p.sources(".php") {
			if text, _ := p.read(f); regexp.MustCompile(`\$argv|PHP_SAPI`).MatchString(text) {
				file = f
				break
			}
		}
	}
	if file == "" {
		file = "main.php"
		p.note("no file is clearly the program: %s is taken, set entrypoint", file)
	} else {
		p.note("%s: the program", file)
	}
	d.Entry = []string{"php", "/app/" + file}
	d.Try, d.File = append(slices.Clone(d.Entry), "--help"), "/app/"+file
}
