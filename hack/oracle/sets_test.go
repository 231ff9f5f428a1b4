// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/resolve"
)

// A set is what both are asked for.
type set struct {
	number int // among all of its seed
	round  int // how often all kinds came before
	kind   string
	wanted []resolve.Wanted
	file   *packageFile // that is asked for as well; nil for none
}

// words returns the set as apt takes it.
func (s *set) words() []string {
	var words []string
	if s.file != nil {
		words = append(words, s.file.path)
	}
	for _, w := range s.wanted {
		if w.Not {
			words = append(words, w.Name+"-")
			continue
		}
		words = append(words, w.String())
	}
	slices.Sort(words)
	return words
}

// upgrades reports whether the base is brought up to date, too.
func (s *set) upgrades() bool { return s.kind == "upgrade" }

// direct reports whether apt-get itself has to be asked, as its library alone doesn't
// say what it does.
func (s *set) direct() bool { return s.upgrades() || s.kind == "provided" || s.kind == "file" }

// generate makes n sets, the same for the same seed. Those of foreign packages, which
// take lists of their own, are made only if they are asked for.
func (ar *archive) generate(seed uint64, n int) []set {
	g := &generator{archive: ar, rand: rand.New(rand.NewPCG(seed, 0))}
	kinds := g.kinds()
	var sets []set
	for i := range n {
		k := kinds[i%len(kinds)]
		if s := (set{number: i, round: i / len(kinds), kind: k.name, wanted: k.make()}); s.kind == *only || *only == "" && s.kind != "foreign" {
			sets = append(sets, s)
		}
	}
	return sets
}

// A maker makes the sets of a kind.
type maker struct {
	name string
	make func() []resolve.Wanted
}

func (g *generator) kinds() []maker {
	return []maker{
		{"single", func() []resolve.Wanted { return g.some(g.names, 1) }},
		{"pair", func() []resolve.Wanted { return g.some(g.names, 2) }},
		{"triple", func() []resolve.Wanted { return g.some(g.names, 3) }},
		{"ten", func() []resolve.Wanted { return g.some(g.names, 10) }},
		{"virtual", func() []resolve.Wanted { return g.some(g.virtual, 1) }},
		{"provided", g.provided},
		{"conflict", g.conflict},
		{"dev", func() []resolve.Wanted { return g.some(g.ending("-dev"), 2) }},
		{"version", g.version},
		{"suite", g.suite},
		{"ecosystem", g.ecosystem},
		{"known", g.known},
		{"absent", func() []resolve.Wanted { return append(g.some(g.names, 1), resolve.Wanted{Name: g.misspelt()}) }},
		{"without", func() []resolve.Wanted { return g.some(g.names, 1+g.rand.IntN(2)) }},
		{"updated", func() []resolve.Wanted { return g.some(g.severalVersions(), 3) }},
		{"file", func() []resolve.Wanted { return g.some(g.names, 1+g.rand.IntN(3)) }},
		{"foreign", g.foreign},
		{"upgrade", func() []resolve.Wanted { return g.some(g.names, g.rand.IntN(3)) }},
	}
}

type generator struct {
	*archive
	rand *rand.Rand
}

func (g *generator) some(names []string, n int) []resolve.Wanted {
	var wanted []resolve.Wanted
	for range n {
		w := resolve.Wanted{Name: names[g.rand.IntN(len(names))]}
		if !slices.Contains(wanted, w) {
			wanted = append(wanted, w)
		}
	}
	return wanted
}

func (g *generator) ending(suffix string) []string {
	return slices.DeleteFunc(slices.Clone(g.names), func(s string) bool { return !strings.HasSuffix(s, suffix) })
}

// conflict takes a package and one that it forbids, or that provides what it
// forbids.
func (g *generator) conflict() []resolve.Wanted {
	for {
		c := g.conflicts[g.rand.IntN(len(g.conflicts))]
		if g.versions[c[1]] != nil {
			return []resolve.Wanted{{Name: c[0]}, {Name: c[1]}}
		}
		var providers []string
		for name := range g.providers[c[1]] {
			if name != c[0] {
				providers = append(providers, name)
			}
		}
		if len(providers) > 0 {
			slices.Sort(providers)
			return []resolve.Wanted{{Name: c[0]}, {Name: providers[g.rand.IntN(len(providers))]}}
		}
	}
}

// severalVersions returns the names that more than one suite has.
func (ar *archive) severalVersions() []string {
	return slices.DeleteFunc(slices.Clone(ar.names), func(s string) bool { return len(ar.versions[s]) < 2 })
}

// provided takes a name that packages provide, in a version of theirs or from a suite.
func (g *generator) provided() []resolve.Wanted {
	w := g.some(slices.Sorted(maps.Keys(g.provisions)), 1)[0]
	list := g.provisions[w.Name]
	p := list[g.rand.IntN(len(list))]
	switch {
	case p.version == "" || g.rand.IntN(3) == 0:
		w.Suite = p.codename
	default:
		w.Version = p.version
	}
	return []resolve.Wanted{w}
}

// foreign takes packages of i386, and sometimes one of the own architecture.
func (g *generator) foreign() []resolve.Wanted {
	wanted := g.some(g.names, 1+g.rand.IntN(3))
	for i := range wanted {
		if i == 0 || g.rand.IntN(3) > 0 {
			wanted[i].Arch = "i386"
		}
	}
	return wanted
}

func (g *generator) version() []resolve.Wanted {
	wanted := g.some(g.severalVersions(), 1+g.rand.IntN(2))
	for i := range wanted {
		list := g.versions[wanted[i].Name]
		wanted[i].Version = list[g.rand.IntN(len(list))].version
	}
	return wanted
}

func (g *generator) suite() []resolve.Wanted {
	wanted := g.some(g.severalVersions(), 1)
	list := g.versions[wanted[0].Name]
	wanted[0].Suite = list[g.rand.IntN(len(list))].codename
	return append(wanted, g.some(g.names, 1)...)
}

func (g *generator) ecosystem() []resolve.Wanted {
	families := []string{"php", "node-", "ruby-", "python3-", "lib", "java", "postgresql", "apache2", "openjdk", "gnome", "kde", "r-cran-", "golang-"}
	family := families[g.rand.IntN(len(families))]
	names := slices.DeleteFunc(slices.Clone(g.names), func(s string) bool { return !strings.Contains(s, family) })
	return g.some(names, 4)
}

// known are sets with an answer that people meet: servers, and what cannot be
// together.
func (g *generator) known() []resolve.Wanted {
	sets := [][]string{
		{"exim4-daemon-light", "postfix"},
		{"nginx-light", "nginx-full"},
		{"mawk", "gawk", "original-awk"},
		{"mail-transport-agent"},
		{"systemd-sysv", "sysvinit-core"},
		{"python3", "nginx", "git", "curl", "ca-certificates", "jq"},
		{"default-jdk"},
		{"postgresql"},
		{"build-essential"},
		{"apache2", "libapache2-mod-php"},
		{"default-mysql-server"},
		{"nodejs", "npm"},
		{"vim", "vim-nox", "vim-gtk3"},
		{"bsd-mailx", "mailutils"},
		{"rsyslog", "syslog-ng"},
		{"libcurl4-openssl-dev", "libcurl4-gnutls-dev"},
		{"xorg"},
		{"task-gnome-desktop"},
		{"libreoffice"},
		{"texlive-full"},
	}
	var wanted []resolve.Wanted
	for _, name := range sets[g.rand.IntN(len(sets))] {
		wanted = append(wanted, resolve.Wanted{Name: name})
	}
	return wanted
}

func (g *generator) misspelt() string {
	for {
		name := g.names[g.rand.IntN(len(g.names))]
		i := g.rand.IntN(len(name))
		name = name[:i] + "q" + name[i:]
		if g.versions[name] == nil && g.providers[name] == nil {
			return name
		}
	}
}
