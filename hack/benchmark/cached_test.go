// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import "testing"

// small is an image of a base, files, and a command, in both languages.
func small() map[string]string {
	return map[string]string{
		"strata.yaml": `args: {BASE: null}
from: $BASE
layers:
  - files:
      - {dest: /etc/app/app.conf, source: app.conf}
      - {dest: /srv/site, source: site}
  - build:
      run: mkdir -p $out/etc && echo made > $out/etc/made
`,
		"in-place.yaml": `args: {BASE: null}
from: $BASE
layers:
  - files:
      - {dest: /etc/app/app.conf, source: app.conf}
      - {dest: /srv/site, source: site}
  - build:
      run: echo made > /etc/made
`,
		"plain.dockerfile": `ARG BASE
FROM $BASE
COPY app.conf /etc/app/app.conf
COPY site /srv/site
RUN echo made > /etc/made
`,
		"nothing.dockerfile": "ARG BASE\nFROM $BASE\n",
		"app.conf":           "level: production\n",
		"site/index.html":    "<p>index\n",
		"site/deep/page":     "<p>page\n",
	}
}

// BenchmarkCached measures builds of which everything is cached.
func BenchmarkCached(b *testing.B) {
	h := newHouse(b)
	dir := project(b, small())
	for _, c := range []struct{ name, what, file, output string }{
		{"Out", "cached build, a command with `$out`", "strata.yaml", ""},
		{"InPlace", "cached build, a command that changes the image", "in-place.yaml", ""},
		{"Image", "the first one, as an image in the daemon's store", "strata.yaml", "type=image,name=example.org/cached"},
	} {
		b.Run(c.name, func(b *testing.B) {
			h := h.in(b)
			through := func(frontend, file string) side {
				return side{run: func() { h.build(frontend, dir, file, c.output) }}
			}
			compare(b, Measure{Name: c.what, Against: "Dockerfile frontend", Ratio: 1.05, Floor: "`FROM` alone in a Dockerfile"},
				through(h.strata, c.file),
				through(h.dockerfile, "plain.dockerfile"),
				through(h.dockerfile, "nothing.dockerfile"))
		})
	}
}
