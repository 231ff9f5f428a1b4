// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/strata-build/strata/internal/distro/noshell"
)

// An alternative is one program that a generic name may stand for, with further
// names that go with it.
type alternative struct {
	link, name, path string
	priority         int
	slaves           []alternative
}

// updateAlternatives enters an alternative as update-alternatives --install does for a
// group in automatic mode: that of the highest priority has the name. The
// arguments, and the file with the choices, are as update-alternatives(1) says.
func (a *assembler) updateAlternatives(c *noshell.Call) error {
	args := slices.DeleteFunc(slices.Clone(c.Args[1:]), func(s string) bool { return s == "--quiet" || s == "--force" })
	if len(args) > 1 && args[0] != "--install" {
		return a.otherAlternatives(c, args)
	}
	if len(args) < 5 {
		return noshell.Refuse("it isn't followed")
	}
	priority, err := strconv.Atoi(args[4])
	if err != nil {
		return fmt.Errorf("its priority %s isn't a number", args[4])
	}
	alt := alternative{link: args[1], name: args[2], path: args[3], priority: priority}
	for rest := args[5:]; len(rest) > 0; rest = rest[4:] {
		if len(rest) < 4 || rest[0] != "--slave" {
			return noshell.Refuse("it isn't followed")
		}
		alt.slaves = append(alt.slaves, alternative{link: rest[1], name: rest[2], path: rest[3]})
	}
	for _, one := range append([]alternative{alt}, alt.slaves...) {
		if err := absolute(one.link, one.path); err != nil {
			return err
		}
		if strings.ContainsAny(one.name, "/\n") || one.name == "" {
			return fmt.Errorf("%q can't be an alternative's name", one.name)
		}
	}
	return a.enterAlternative(alt)
}

// enterAlternative adds an alternative, which takes the place of one with its path.
func (a *assembler) enterAlternative(alt alternative) error {
	if a.choices == nil {
		a.choices = map[string][]alternative{}
	}
	all := a.choices[alt.name]
	if i := slices.IndexFunc(all, func(x alternative) bool { return x.path == alt.path }); i >= 0 {
		if err := a.unlink(all[i].slaves); err != nil {
			return err
		}
		all[i] = alt
	} else {
		a.choices[alt.name] = append(all, alt)
	}
	return a.choose(alt.name)
}

// otherAlternatives takes one away, or puts a group in automatic mode, which it is in,
// or asks for a name that has none.
func (a *assembler) otherAlternatives(c *noshell.Call, args []string) error {
	all := a.choices[args[1]]
	switch {
	case args[0] == "--auto" && len(args) == 2:
		return nil
	case (args[0] == "--remove" && len(args) == 3 || args[0] == "--remove-all") && len(all) == 0:
		return nil
	case args[0] == "--remove" && !slices.ContainsFunc(all, func(x alternative) bool { return x.path == args[2] }):
		return nil
	case slices.Contains([]string{"--list", "--query", "--display"}, args[0]) && len(all) == 0:
		return noshell.Status(2)
	case args[0] == "--query" && len(args) == 2:
		return c.Print(queried(all, a.best(args[1])))
	}
	return noshell.Refuse("it isn't followed")
}

// queried is what --query prints of a name's choices.
func queried(all []alternative, best alternative) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Name: %s\nLink: %s\n", best.name, best.link)
	slaves := map[string]string{}
	for _, alt := range all {
		for _, s := range alt.slaves {
			slaves[s.name] = s.link
		}
	}
	writeSlaves(&b, slaves)
	fmt.Fprintf(&b, "Status: auto\nBest: %s\nValue: %s\n", best.path, best.path)
	for _, alt := range slices.SortedFunc(slices.Values(all), func(x, y alternative) int { return strings.Compare(x.path, y.path) }) {
		fmt.Fprintf(&b, "\nAlternative: %s\nPriority: %d\n", alt.path, alt.priority)
		own := map[string]string{}
		for _, s := range alt.slaves {
			own[s.name] = s.path
		}
		writeSlaves(&b, own)
	}
	return b.String()
}

func writeSlaves(b *strings.Builder, slaves map[string]string) {
	if len(slaves) > 0 {
		b.WriteString("Slaves:\n")
	}
	for _, name := range slices.Sorted(maps.Keys(slaves)) {
		fmt.Fprintf(b, " %s %s\n", name, slaves[name])
	}
}

// best is the choice of the highest priority; of several the one that has the name already.
func (a *assembler) best(name string) alternative {
	current, _ := os.Readlink(a.root.At("/etc/alternatives/" + name))
	other := func(x alternative) int {
		if x.path == current {
			return 0
		}
		return 1
	}
	return slices.MinFunc(a.choices[name], func(x, y alternative) int {
		return cmp.Or(cmp.Compare(y.priority, x.priority), other(x)-other(y), strings.Compare(x.path, y.path))
	})
}

// choose makes the links of a name and writes down the choices.
func (a *assembler) choose(name string) error {
	all, best := slices.Clone(a.choices[name]), a.best(name)
	var others []alternative // names that other choices have
	for _, alt := range all {
		others = append(others, alt.slaves...)
	}
	if err := a.unlink(others); err != nil {
		return err
	}
	for _, one := range append([]alternative{best}, best.slaves...) {
		if _, err := os.Stat(a.root.At(one.path)); err != nil {
			if one.name == name {
				return fmt.Errorf("%s isn't there", one.path)
			}
			continue // a slave that isn't there has no link
		}
		if err := errors.Join(a.root.Link("/etc/alternatives/"+one.name, one.path), a.root.Link(one.link, "/etc/alternatives/"+one.name)); err != nil {
			return err
		}
	}
	return a.root.Write(adminDir+"/alternatives/"+name, describe(all), 0o644)
}

// unlink takes away links of alternatives.
func (a *assembler) unlink(all []alternative) error {
	for _, one := range all {
		for _, link := range []string{one.link, "/etc/alternatives/" + one.name} {
			info, err := os.Lstat(a.root.At(link))
			if err != nil || info.Mode()&os.ModeSymlink == 0 {
				continue
			}
			if err := os.Remove(a.root.At(link)); err != nil {
				return err
			}
		}
	}
	return nil
}

// describe is the file of a name's choices: the mode, the link, the slaves' names
// and links, and for each choice its path, its priority and its slaves' paths.
func describe(all []alternative) string {
	links := map[string]string{}
	var names []string
	for _, alt := range all {
		for _, s := range alt.slaves {
			if links[s.name] == "" {
				names = append(names, s.name)
			}
			links[s.name] = s.link
		}
	}
	slices.Sort(names)
	slices.SortFunc(all, func(x, y alternative) int { return strings.Compare(x.path, y.path) })
	var b strings.Builder
	fmt.Fprintf(&b, "auto\n%s\n", all[0].link)
	for _, n := range names {
		fmt.Fprintf(&b, "%s\n%s\n", n, links[n])
	}
	b.WriteByte('\n')
	for _, alt := range all {
		fmt.Fprintf(&b, "%s\n%d\n", alt.path, alt.priority)
		for _, n := range names {
			i := slices.IndexFunc(alt.slaves, func(s alternative) bool { return s.name == n })
			if i >= 0 {
				b.WriteString(alt.slaves[i].path)
			}
			b.WriteByte('\n')
		}
	}
	return b.String() + "\n"
}

// absolute wants all paths to be so.
func absolute(paths ...string) error {
	for _, p := range paths {
		if !strings.HasPrefix(p, "/") {
			return fmt.Errorf("%s isn't an absolute path", p)
		}
	}
	return nil
}
