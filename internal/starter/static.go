// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import "path"

// staticPage is the data of templates/static.yaml.
type staticPage struct {
	service
	// Root is the directory with the site, and Files what is in it.
	Root  string
	Files []string
	// Hugo is the version of Hugo that makes the site; empty for none.
	Hugo    string
	Sources []string
}

// staticMarks are the files that show a site.
func staticMarks() []string {
	return []string{
		"hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config/_default/hugo.toml", "index.html",
		"public/index.html", "site/index.html", "html/index.html", "dist/index.html", "www/index.html", "docs/index.html", "_site/index.html",
	}
}

func writeStatic(p *project) (page, error) {
	d := staticPage{service: service{Listens: true, Port: 8080, Path: "/"}}
	config := p.first("hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config/_default/hugo.toml")
	if config != "" {
		d.Hugo = p.version(runtime{name: "Hugo", def: "0.152.2"}, pin{".hugo-version", p.word(".hugo-version"), exact}, pin{".tool-versions", p.toolVersion("hugo"), exact})
		p.note("%s: Hugo makes the site, nginx serves it on port 8080", config)
		d.Sources = p.shipped("public", "resources")
		return page{"static.yaml", d}, nil
	}
	file := p.first(staticMarks()...)
	if d.Root = path.Dir(file); d.Root == "." {
		d.Files = p.shipped()
	}
	p.note("%s: nginx serves it on port 8080", file)
	return page{"static.yaml", d}, nil
}
