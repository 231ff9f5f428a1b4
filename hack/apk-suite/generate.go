// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
)

// A generator makes questions up, the same for the same seed.
type generator struct {
	r        *rand.Rand
	packages int
}

// generate makes a question: packages in several versions and repositories, with
// virtual names, priorities, exclusions and install_if, and some of them installed.
func generate(seed, n uint64) *question {
	g := &generator{r: rand.New(rand.NewPCG(seed, n))}
	g.packages = 4 + g.r.IntN(20)
	q := &question{name: fmt.Sprintf("set %d of seed %d", n, seed), args: []string{"add"}}
	var records []record
	for _, tag := range []string{"", "", "edge"}[:1+g.r.IntN(3)] {
		var text strings.Builder
		for i := range g.packages {
			for range g.r.IntN(3) {
				rec := g.record(i)
				if len(records) > 0 && g.chance(6) {
					rec = records[g.r.IntN(len(records))] // the same package in two repositories
				}
				records = append(records, rec)
				text.WriteString(rec.text)
			}
		}
		q.repos = append(q.repos, repository{tag, text.String()})
	}
	if g.chance(2) {
		g.base(q, records)
	}
	if q.installed != "" && g.chance(3) {
		q.args = []string{"upgrade"}
		return q
	}
	asked := map[string]bool{}
	for range 1 + g.r.IntN(3) {
		// Of two that differ apk takes the last; ours refuses them.
		if words := g.request(); !asked[nameOf(words)] {
			asked[nameOf(words)] = true
			q.args = append(q.args, words)
		}
	}
	return q
}

// nameOf is what a request is about.
func nameOf(words string) string {
	return strings.FieldsFunc(words, func(c rune) bool { return strings.ContainsRune("!@<>=~", c) })[0]
}

// record is a package of an index.
type record struct{ name, text string }

func (g *generator) chance(of int) bool { return g.r.IntN(of) == 0 }

func (g *generator) name() string { return fmt.Sprintf("p%d", g.r.IntN(g.packages)) }

// virtual is a name that packages provide, w with a version and v without one. apk 2
// never takes the second kind for a relation with a version, as ours does, and apk 3
// always: it isn't asked.
func (g *generator) virtual() string {
	return []string{"v0", "v1", "w0", "w1"}[g.r.IntN(4)]
}

func (g *generator) version() string {
	return fmt.Sprintf("%d.%d-r%d", 1+g.r.IntN(2), g.r.IntN(3), g.r.IntN(2))
}

// relation is something that a package needs, or must not be there.
func (g *generator) relation() string {
	of := g.name()
	if g.chance(4) {
		of = g.virtual()
	}
	switch kind := g.r.IntN(9); {
	case kind == 1:
		return "!" + of
	case of[0] == 'v':
		return of
	case kind == 2:
		return of + []string{">", "<", "="}[g.r.IntN(3)] + g.version()
	case kind == 3:
		return of + "~1"
	case kind == 4:
		return "!" + of + "<" + g.version()
	}
	return of
}

// request is something that a build file asks for.
func (g *generator) request() string {
	switch g.r.IntN(10) {
	case 0:
		return g.virtual()
	case 1:
		return g.name() + "@edge"
	case 2:
		return g.relation()
	}
	return g.name()
}

// record makes a package up.
func (g *generator) record(i int) record {
	sum := make([]byte, 20)
	for j := range sum {
		sum[j] = byte(g.r.Uint32())
	}
	name := fmt.Sprintf("p%d", i)
	text := fmt.Sprintf("C:Q1%s\nP:%s\nV:%s\nA:%s\nS:1\nI:1\n", base64.StdEncoding.EncodeToString(sum), name, g.version(), arch)
	text += g.list("D", 3, g.relation)
	text += g.list("p", 2, func() string {
		of := g.virtual()
		if g.chance(12) {
			of = g.name()
		}
		if of[0] == 'v' {
			return of
		}
		return of + "=" + g.version()
	})
	if g.chance(4) {
		text += fmt.Sprintf("k:%d\n", 1+g.r.IntN(9))
	}
	if g.chance(8) {
		text += g.list("i", 3, g.relation)
	}
	return record{name, text + "\n"}
}

// list is a field of up to so many relations.
func (g *generator) list(field string, most int, one func() string) string {
	var words []string
	for range g.r.IntN(most + 1) {
		words = append(words, one())
	}
	if len(words) == 0 {
		return ""
	}
	return field + ":" + strings.Join(words, " ") + "\n"
}

// base has some of the packages installed, whether or not they fit together, and some
// of those in the world.
func (g *generator) base(q *question, records []record) {
	have := map[string]bool{}
	for range 1 + g.r.IntN(5) {
		rec := record{}
		if len(records) > 0 && g.chance(2) {
			rec = records[g.r.IntN(len(records))]
		} else {
			rec = g.record(g.r.IntN(g.packages))
		}
		if have[rec.name] {
			continue
		}
		have[rec.name] = true
		q.installed += rec.text
		if !g.chance(4) {
			q.world = append(q.world, rec.name)
		}
	}
}
