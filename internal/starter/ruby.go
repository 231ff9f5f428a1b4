// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// rubyPage is the data of templates/ruby.yaml.
type rubyPage struct {
	service
	Version string
	// Manifests say which gems.
	Manifests []string
	Files     []string
	Entry     []string
	Env       map[string]string
	// Rails says that it is a program of Rails, and Assets that this compiles assets.
	Rails, Assets bool
}

func rubyRuntime() runtime {
	return runtime{name: "Ruby", def: "3.4", known: []string{"3.3", "4.0", "3.2", "3.1", "3.0", "2.7"}}
}

func writeRuby(p *project) (page, error) {
	gemfile, err := p.read("Gemfile")
	if err != nil {
		return page{}, err
	}
	lock, err := p.read("Gemfile.lock")
	if err != nil {
		return page{}, err
	}
	d := rubyPage{Version: p.version(rubyRuntime(), pin{".ruby-version", strings.TrimPrefix(p.word(".ruby-version"), "ruby-"), exact},
		pin{".tool-versions", p.toolVersion("ruby"), exact},
		pin{"Gemfile", firstGroup(`(?m)^\s*ruby\s*\(?\s*(["'].*["'])`, gemfile), ranged},
		pin{"Gemfile.lock", firstGroup(`RUBY VERSION\s+ruby (\d+\.\d+)`, lock), ranged})}
	d.Manifests = p.present("Gemfile", "Gemfile.lock", ".ruby-version", "gems.rb")
	d.Env = map[string]string{"BUNDLE_WITHOUT": "development:test"}
	if lock != "" {
		p.note("Gemfile.lock: Bundler")
		d.Env["BUNDLE_DEPLOYMENT"] = "1"
	} else {
		p.note("Gemfile: Bundler; no Gemfile.lock, so that versions are chosen when it is built; commit it")
	}
	d.Env["BUNDLE_PATH"] = "/usr/local/bundle"
	d.entry(p, func(name string) bool {
		return regexp.MustCompile(`(?m)^\s*gem\s*\(?\s*["']`+regexp.QuoteMeta(name)+`["']`).MatchString(gemfile) ||
			regexp.MustCompile(`(?m)^    `+regexp.QuoteMeta(name)+` \(`).MatchString(lock)
	})
	d.tell(p)
	d.Files = append(d.Manifests, p.shipped(append(d.Manifests, "Rakefile", "vendor", "node_modules")...)...)
	d.Try, d.File = append(slices.Clone(d.Entry), "--help"), "/app/Gemfile"
	return page{"ruby.yaml", d}, nil
}

// firstGroup is the first group of a match, or empty.
func firstGroup(pattern, text string) string {
	if m := regexp.MustCompile(pattern).FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// entry chooses the command that starts the program.
func (d *rubyPage) entry(p *project, gem func(string) bool) {
	files := p.sources(".rb", ".ru")
	d.service = p.service(files)
	serve := func(port int, what string, words ...string) {
		if d.Port != 0 && d.Port != port {
			port = d.Port
			words[len(words)-1] = strings.NewReplacer("3000", strconv.Itoa(port), "9292", strconv.Itoa(port), "4567", strconv.Itoa(port)).Replace(words[len(words)-1])
		}
		d.Entry, d.Listens, d.Port, d.seen = words, true, port, ""
		d.Path = bestPath(pathsIn(p.all(files)))
		p.note("%s on port %d", what, port)
	}
	switch {
	case p.has("config/application.rb") && gem("rails"):
		serve(3000, "config/application.rb: Rails", "bundle", "exec", "rails", "server", "--binding", "0.0.0.0", "--port", "3000")
		d.Path = ""
		if strings.Contains(p.all(p.present("config/routes.rb")), "rails/health#show") {
			d.Path = "/up"
		}
		d.Env["RAILS_ENV"] = "production"
		d.Rails = true
		if p.has("config/master.key") {
			p.note("config/master.key: a secret, and so not put into the image: give RAILS_MASTER_KEY to its containers")
		}
		d.Assets = gem("sprockets-rails") || gem("propshaft")
	case p.has("config.ru") && gem("puma"):
		serve(9292, "config.ru: served by Puma", "bundle", "exec", "puma", "--bind", "tcp://0.0.0.0:9292")
	case p.has("config.ru"):
		serve(9292, "config.ru: served by Rack", "bundle", "exec", "rackup", "--host", "0.0.0.0", "--port", "9292")
	default:
		file := p.first("main.rb", "app.rb", "server.rb", "run.rb", "bin/app", "lib/main.rb")
		if file == "" && len(files) > 0 {
			file = files[0]
		}
		if file == "" {
			file = "main.rb"
			p.note("no file is clearly the program: %s is taken, set entrypoint", file)
		} else {
			p.note("%s: the program", file)
		}
		d.Entry = []string{"bundle", "exec", "ruby", file}
		if gem("sinatra") {
			serve(4567, file+": Sinatra", "bundle", "exec", "ruby", file, "-o", "0.0.0.0", "-p", "4567")
		}
	}
}
