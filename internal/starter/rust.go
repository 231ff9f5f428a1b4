// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package starter

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// rustPage is the data of templates/rust.yaml.
type rustPage struct {
	service
	Version string
	Name    string
	// Manifests are what says which crates; Sources are the rest.
	Manifests, Sources []string
	// Crates compiles the crates alone; empty if that can't be done.
	Crates string
	// Command compiles the program.
	Command string
}

// cargoTOML is what is read of a Cargo.toml.
type cargoTOML struct {
	Package struct {
		Name       string `toml:"name"`
		Rust       any    `toml:"rust-version"` // a text, or a table that names the workspace's
		DefaultRun string `toml:"default-run"`
	} `toml:"package"`
	Bin []struct {
		Name string `toml:"name"`
		Path string `toml:"path"`
	} `toml:"bin"`
	Lib       map[string]any   `toml:"lib"`
	Example   []map[string]any `toml:"example"`
	Bench     []map[string]any `toml:"bench"`
	Test      []map[string]any `toml:"test"`
	Workspace struct {
		Members []string `toml:"members"`
	} `toml:"workspace"`
	Dependencies map[string]any `toml:"dependencies"`
}

func rustRuntime() runtime { return runtime{name: "Rust", def: "1"} }

func (p *project) readCargo(file string) (cargoTOML, error) {
	var c cargoTOML
	text, err := p.read(file)
	if err == nil {
		err = toml.Unmarshal([]byte(text), &c)
	}
	if err != nil {
		return c, fmt.Errorf("read %s: %w", file, err)
	}
	return c, nil
}

func writeRust(p *project) (page, error) {
	cargo, err := p.readCargo("Cargo.toml")
	if err != nil {
		return page{}, err
	}
	var toolchain struct {
		Toolchain struct {
			Channel string `toml:"channel"`
		} `toml:"toolchain"`
	}
	text, err := p.read("rust-toolchain.toml")
	if err == nil {
		err = toml.Unmarshal([]byte(text), &toolchain)
	}
	if err != nil {
		return page{}, fmt.Errorf("read rust-toolchain.toml: %w", err)
	}
	minimum, _ := cargo.Package.Rust.(string)
	d := rustPage{Version: p.version(rustRuntime(),
		pin{"rust-toolchain.toml", toolchain.Toolchain.Channel, exact}, pin{"rust-toolchain", p.word("rust-toolchain"), exact},
		pin{"Cargo.toml", minimum, least})}
	d.Manifests = p.present("Cargo.toml", "Cargo.lock", ".cargo", "rust-toolchain.toml", "rust-toolchain")
	locked := ""
	if p.has("Cargo.lock") {
		locked = " --locked"
	} else {
		p.note("Cargo.toml: no Cargo.lock, so that versions are chosen when it is built; commit it")
	}
	if err := d.program(p, cargo, locked); err != nil {
		return page{}, err
	}
	quiet := &project{fsys: p.fsys}
	d.Sources = quiet.shipped(append(d.Manifests, "target", "benches", "examples", "rustfmt.toml", "clippy.toml", "deny.toml")...)
	if p.has("vendor") {
		d.Manifests = append(d.Manifests, "vendor")
	}
	d.service = p.service(p.sources(".rs"))
	d.tell(p)
	d.Try, d.File = []string{"/usr/local/bin/" + d.Name, "--help"}, "/usr/local/bin/"+d.Name
	return page{"rust.yaml", d}, nil
}

// program chooses the program and how it is compiled.
func (d *rustPage) program(p *project, cargo cargoTOML, locked string) error {
	if cargo.Package.Name == "" {
		return d.member(p, cargo, locked)
	}
	names := p.binaries("", cargo)
	if len(names) == 0 {
		return fmt.Errorf("the package %s has no program (src/main.rs)", cargo.Package.Name)
	}
	d.Name = cmp.Or(cargo.Package.DefaultRun, names[0])
	if slices.Contains(names, cargo.Package.Name) && cargo.Package.DefaultRun == "" {
		d.Name = cargo.Package.Name
	}
	if len(names) > 1 {
		p.note("Cargo.toml: %s is the program; others are %s: change outputs and entrypoint for them", d.Name, strings.Join(slices.DeleteFunc(names, func(n string) bool { return n == d.Name }), ", "))
	} else {
		p.note("Cargo.toml: the program %s", d.Name)
	}
	d.Command = "cargo build --release" + locked + " --bin " + shell(d.Name)
	hard := cargo.Bin != nil || cargo.Lib != nil || cargo.Example != nil || cargo.Bench != nil || cargo.Test != nil || cargo.Workspace.Members != nil || cargo.hasLocal()
	if hard {
		p.note("Cargo.toml: crates aren't compiled apart from the sources, since it names files of the sources")
		return nil
	}
	d.Crates = fmt.Sprintf("mkdir src\necho 'fn main() {}' > src/main.rs\ncargo build --release%s\ncargo clean --release --package %s", locked, shell(cargo.Package.Name))
	return nil
}

// hasLocal reports whether a crate is a directory of the project.
func (c cargoTOML) hasLocal() bool {
	for _, d := range c.Dependencies {
		if m, ok := d.(map[string]any); ok && m["path"] != nil {
			return true
		}
	}
	return false
}

// member chooses the program of a workspace.
func (d *rustPage) member(p *project, cargo cargoTOML, locked string) error {
	for _, file := range p.files {
		if path.Base(file) != "Cargo.toml" || file == "Cargo.toml" || isForTests(file) {
			continue
		}
		c, err := p.readCargo(file)
		if err != nil {
			return err
		}
		if names := p.binaries(path.Dir(file)+"/", c); len(names) > 0 {
			d.Name = names[0]
			d.Command = fmt.Sprintf("cargo build --release%s --package %s --bin %s", locked, shell(c.Package.Name), shell(d.Name))
			p.note("Cargo.toml: a workspace of %s; %s of %s is the program", strings.Join(cargo.Workspace.Members, ", "), d.Name, path.Dir(file))
			return nil
		}
	}
	return fmt.Errorf("no member of the workspace has a program (src/main.rs)")
}

// binaries are the names of a package's programs, in order.
func (p *project) binaries(dir string, cargo cargoTOML) []string {
	var all []string
	for _, bin := range cargo.Bin {
		if bin.Name != "" {
			all = append(all, bin.Name)
		}
	}
	if p.has(dir+"src/main.rs") && len(cargo.Bin) == 0 {
		all = append(all, cargo.Package.Name)
	}
	for _, file := range p.files {
		if rest, ok := strings.CutPrefix(file, dir+"src/bin/"); ok && path.Ext(rest) == ".rs" {
			name, _, _ := strings.Cut(strings.TrimSuffix(rest, ".rs"), "/")
			all = append(all, name)
		}
	}
	all = slices.DeleteFunc(all, func(name string) bool { return safeName(name) != name })
	slices.Sort(all)
	return slices.Compact(all)
}
