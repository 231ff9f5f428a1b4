// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/control"
	"github.com/strata-build/strata/internal/distro/noshell"
)

// dpkg answers what scripts ask dpkg and dpkg-query.
func (a *assembler) dpkg(c *noshell.Call) error {
	args := slices.DeleteFunc(slices.Clone(c.Args[1:]), func(s string) bool { return s == "--" })
	if len(args) == 0 {
		return noshell.Refuse("it isn't followed")
	}
	action, rest := args[0], args[1:]
	switch action {
	case "--compare-versions":
		return compareVersions(rest)
	case "--print-architecture":
		return c.Print(a.architecture() + "\n")
	case "--validate-version":
		return nil
	case "-L", "--listfiles":
		return a.listFiles(c, rest)
	case "-s", "--status":
		return a.status(c, rest)
	case "-S", "--search":
		return a.search(c, rest)
	case "-l", "--list":
		return a.known(rest)
	case "-W", "--show", "-f", "-Wf":
		return a.show(c, args)
	}
	if strings.HasPrefix(action, "--assert-") {
		return nil
	}
	if strings.HasPrefix(action, "-f") || strings.HasPrefix(action, "--showformat=") || strings.HasPrefix(action, "-W") {
		return a.show(c, args)
	}
	return noshell.Refuse("it isn't followed")
}

// realpath is dpkg-realpath: a path of the image without links in it.
func (a *assembler) realpath(c *noshell.Call) error {
	opt, rest, err := c.Options("root: zero")
	if err != nil {
		return err
	}
	if root := opt.Value("root"); root != "" && root != "/" || opt.Has("zero") || len(rest) != 1 {
		return noshell.Refuse("it isn't followed")
	}
	other := *c
	other.Args = []string{"realpath", "-m", rest[0]}
	return noshell.Realpath(&other)
}

// compareVersions compares as dpkg does; an empty version is earlier than any, but for
// the relations that end in -nl, for which it is later.
func compareVersions(args []string) error {
	if len(args) != 3 {
		return noshell.Refuse("it isn't followed")
	}
	order := control.CompareVersions(args[0], args[2])
	rel, later := strings.CutSuffix(args[1], "-nl")
	if args[0] == "" || args[2] == "" {
		order = len(args[0]) - len(args[2])
		if later {
			order = -order
		}
	}
	yes, known := map[string]bool{
		"lt": order < 0, "<<": order < 0, "le": order <= 0, "<=": order <= 0, "<": order <= 0, "eq": order == 0, "=": order == 0,
		"ne": order != 0, "ge": order >= 0, ">=": order >= 0, ">": order >= 0, "gt": order > 0, ">>": order > 0,
	}[rel]
	switch {
	case !known:
		return noshell.Refuse("its relation isn't followed")
	case yes:
		return nil
	}
	return noshell.Status(1)
}

// architecture is that of the packages that have one.
func (a *assembler) architecture() string {
	for _, p := range a.packages {
		if arch := p.Control.Get("Architecture"); arch != "all" {
			return arch
		}
	}
	return "all"
}

// find is a package that dpkg knows by a name, such as jq or jq:amd64.
func (a *assembler) find(name string) *Package {
	name, arch, _ := strings.Cut(name, ":")
	for _, p := range a.packages {
		if own := p.Control.Get("Architecture"); p.Name() == name && (arch == "" || arch == "any" || own == arch || own == "all") {
			return p
		}
	}
	return nil
}

func (a *assembler) listFiles(c *noshell.Call, names []string) error {
	for _, name := range names {
		p := a.find(name)
		if p == nil {
			return fmt.Errorf("package '%s' is not installed", name)
		}
		text, err := os.ReadFile(a.root.At(filepath.Join(infoDir, p.Info+".list")))
		if err != nil {
			return err
		}
		if err := c.Print(string(text)); err != nil {
			return err
		}
	}
	return nil
}

// state is how far a package is.
func (a *assembler) state(p *Package) string {
	switch at := a.position[p]; {
	case at < a.position[a.now]:
		return "install ok installed"
	case p == a.now:
		return "install ok half-configured"
	}
	return "install ok unpacked"
}

func (a *assembler) status(c *noshell.Call, names []string) error {
	for _, name := range names {
		p := a.find(name)
		if p == nil {
			return fmt.Errorf("package '%s' is not installed and no information is available", name)
		}
		text := strings.Replace(inOrder(p.stanza("installed")).String(), "Status: install ok installed", "Status: "+a.state(p), 1)
		if err := c.Print(text); err != nil {
			return err
		}
	}
	return nil
}

// known wants packages to be unknown: what is printed of one isn't followed.
func (a *assembler) known(names []string) error {
	for _, name := range names {
		if strings.ContainsAny(name, "*?[") || a.find(name) != nil {
			return noshell.Refuse("what it prints isn't followed")
		}
	}
	return noshell.Status(1)
}

// search finds whose paths are.
func (a *assembler) search(c *noshell.Call, paths []string) error {
	failed := false
	for _, p := range paths {
		if strings.ContainsAny(p, `[\`) || !path.IsAbs(p) {
			return noshell.Refuse("it isn't followed with such patterns")
		}
		owners, err := a.owners(p)
		if err != nil {
			return err
		}
		failed = failed || len(owners) == 0
		for _, at := range slices.Sorted(maps.Keys(owners)) {
			if err := c.Print(strings.Join(owners[at], ", ") + ": " + at + "\n"); err != nil {
				return err
			}
		}
	}
	if failed {
		return noshell.Status(1)
	}
	return nil
}

// owners are the packages of the paths that a pattern matches; a * of it matches a slash
// as well.
func (a *assembler) owners(pattern string) (map[string][]string, error) {
	matches := regexp.MustCompile("^" + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern)) + "$")
	owners := map[string][]string{}
	for _, pkg := range a.packages {
		text, err := os.ReadFile(a.root.At(filepath.Join(infoDir, pkg.Info+".list")))
		if err != nil {
			return nil, err
		}
		for at := range strings.SplitSeq(string(text), "\n") {
			if at != "" && matches.MatchString(at) {
				owners[at] = append(owners[at], pkg.Info)
			}
		}
	}
	return owners, nil
}

// field is one in a format of dpkg-query.
var field = regexp.MustCompile(`\$\{([A-Za-z:-]+)\}`)

// show prints packages in a format.
func (a *assembler) show(c *noshell.Call, args []string) error {
	format := "${binary:Package}\t${Version}\n"
	var names []string
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "-W" || arg == "--show":
		case (arg == "-f" || arg == "-Wf") && i+1 < len(args):
			i++
			format = args[i]
		case strings.HasPrefix(arg, "--showformat="):
			format = strings.TrimPrefix(arg, "--showformat=")
		case strings.HasPrefix(arg, "-Wf"):
			format = strings.TrimPrefix(strings.TrimPrefix(arg, "-Wf"), "=")
		case strings.HasPrefix(arg, "-f"):
			format = strings.TrimPrefix(strings.TrimPrefix(arg, "-f"), "=")
		case strings.HasPrefix(arg, "-") || strings.ContainsAny(arg, "*?["):
			return noshell.Refuse("it isn't followed")
		default:
			names = append(names, arg)
		}
	}
	failed := len(names) == 0
	for _, name := range names {
		p := a.find(name)
		if p == nil {
			failed = true
			continue
		}
		if err := c.Print(a.formatted(p, format)); err != nil {
			return err
		}
	}
	if failed {
		return noshell.Status(1)
	}
	return nil
}

func (a *assembler) formatted(p *Package, format string) string {
	text := field.ReplaceAllStringFunc(format, func(m string) string {
		switch name := field.FindStringSubmatch(m)[1]; name {
		case "Status":
			return a.state(p)
		case "db:Status-Status":
			return strings.TrimPrefix(a.state(p), "install ok ")
		case "db:Status-Abbrev":
			return map[string]string{"install ok installed": "ii ", "install ok half-configured": "iF ", "install ok unpacked": "iU "}[a.state(p)]
		case "binary:Package":
			return p.Info
		default:
			return p.Control.Get(name)
		}
	})
	return strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(text)
}

// helper is dpkg-maintscript-helper, which does nothing where there was no older
// version.
func helper(c *noshell.Call) error {
	args := c.Args[1:]
	i := slices.Index(args, "--")
	if len(args) == 2 && args[0] == "supports" {
		if !slices.Contains(helperCommands(), args[1]) {
			return noshell.Status(1)
		}
		return nil
	}
	if i < 1 || !slices.Contains(helperCommands(), args[0]) || len(args) > i+2 && args[i+2] != "" {
		return noshell.Refuse("it isn't followed")
	}
	return nil
}
