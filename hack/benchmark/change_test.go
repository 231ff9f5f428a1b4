// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"path/filepath"
	"testing"
)

// layered is an image of a file, 100 MB, and a command, in both languages and
// two orders.
func layered() map[string]string {
	return map[string]string{
		"last.yaml": `args: {BASE: null}
from: $BASE
layers:
  - files: [{dest: /opt/big, source: big}]
  - build:
      run: mkdir -p $out/etc && echo made > $out/etc/made
  - files: [{dest: /etc/app.conf, source: app.conf}]
`,
		"first.yaml": `args: {BASE: null}
from: $BASE
layers:
  - files: [{dest: /etc/app.conf, source: app.conf}]
  - files: [{dest: /opt/big, source: big}]
  - build:
      run: mkdir -p $out/etc && echo made > $out/etc/made
`,
		"last-link.dockerfile": `ARG BASE
FROM $BASE
COPY --link big /opt/big
RUN echo made > /etc/made
COPY --link app.conf /etc/app.conf
`,
		"first-link.dockerfile": `ARG BASE
FROM $BASE
COPY --link app.conf /etc/app.conf
COPY --link big /opt/big
RUN echo made > /etc/made
`,
		"first-plain.dockerfile": `ARG BASE
FROM $BASE
COPY app.conf /etc/app.conf
COPY big /opt/big
RUN echo made > /etc/made
`,
	}
}

// BenchmarkChange measures a build and push after one small file has changed, in
// an image that also has 100 MB of files and a command.
func BenchmarkChange(b *testing.B) {
	h := newHouse(b)
	dir := project(b, layered())
	for i := range 10 {
		write(b, filepath.Join(dir, "big", fmt.Sprint(i)), noise(10_000_000, uint64(i)))
	}
	for _, c := range []struct {
		name, what, file, against, other string
		ratio                            float64
	}{
		{"LastLink", "one file changed in the last layer, pushed", "last.yaml", "`COPY --link`", "last-link.dockerfile", 1},
		{"FirstLink", "one file changed in the first layer, pushed", "first.yaml", "`COPY --link`", "first-link.dockerfile", 1},
		{"FirstPlain", "the same as far as Strata goes", "first.yaml", "plain `COPY`", "first-plain.dockerfile", 0.5},
	} {
		b.Run(c.name, func(b *testing.B) {
			h := h.in(b)
			changes := 0
			through := func(frontend, file, repository string, change bool) side {
				s := side{run: func() {
					h.build(frontend, dir, file, "type=image,push=true,name="+h.registry.Host+"/"+repository)
				}}
				if change {
					s.made = func() string { return h.pushed(repository) }
					s.before = func() {
						changes++
						write(h, filepath.Join(dir, "app.conf"), fmt.Appendf(nil, "change %s %d\n", c.name, changes))
					}
				}
				return s
			}
			compare(b, Measure{Name: c.what, Against: c.against, Ratio: c.ratio, Floor: "nothing changed, pushed"},
				through(h.strata, c.file, "strata", true),
				through(h.dockerfile, c.other, "other", true),
				through(h.dockerfile, c.other, "other", false))
		})
	}
}
