// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"cmp"
	"context"
	"slices"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// packages is the strategy that installs packages.
type packages struct{}

var _ Strategy = packages{}

// packageSet is what all packages layers of a target ask for, and what that was
// resolved to. One image is resolved once, whatever the package system is.
type packageSet struct {
	t      *Target
	asked  *packageRequest
	from   *origin
	locked *lock.Packages
	// files are those of its packages that are files.
	files *fileSet
	// uris are the addresses of the repositories, by their ids, and logins where the
	// logins for them are.
	uris   map[string][]string
	logins map[string]*plan.Login
	// planned are the layers of each entry.
	planned [][]plan.Layer
}

// packageRequest is what the build file asks for.
type packageRequest struct {
	read    reader
	entries []packageEntry
	// extensions are those of package files, with the dot.
	extensions []string
	// sources are its repositories, and given where it has them.
	sources []*distro.Source
	given   map[*distro.Source]*spec.Repository
	// kind is the type of all repositories; empty while there are none.
	kind string
	// like is the image that says in the base's place where packages come from; unset
	// when it is the base.
	like spec.String
	// upgrade says which packages of the base are brought up to date; upgradeLayer is
	// the index of the entry that asks for it, at upgradePos.
	upgrade      distro.Upgrade
	upgradeLayer int
	upgradePos   spec.Pos
	// near says what a file of the context that isn't there may have been meant to be; nil
	// where nothing is known.
	near func(plan.Copy) string
}

// packageEntry is one packages layer.
type packageEntry struct {
	layer *spec.Layer
	// names are as the build file has them, expanded; those of files are what the lock
	// calls these.
	names []spec.String
	files []*packageFile
	// installs says that the packages must be installed before the next entry.
	installs bool
	// skipsScripts, keepsConffiles and inStep are the entry's words.
	skipsScripts, keepsConffiles, inStep bool
}

// Plan makes the layers of one entry; the first one resolves all.
func (packages) Plan(ctx context.Context, t *Target, l *spec.Layer) ([]plan.Layer, error) {
	if t.packages == nil {
		set, err := newPackageSet(ctx, t)
		if err == nil {
			err = set.plan(ctx)
		}
		if err != nil {
			return nil, err
		}
		t.packages = set
	}
	i := slices.IndexFunc(t.packages.asked.entries, func(e packageEntry) bool { return e.layer == l })
	return t.packages.planned[i], nil
}

// newPackageSet reads what the packages layers of a target ask for.
func newPackageSet(ctx context.Context, t *Target) (*packageSet, error) {
	files := &fileSet{t: t}
	asked := &packageRequest{read: t.read, given: map[*distro.Source]*spec.Repository{}}
	for _, system := range t.pass.req.Systems {
		asked.extensions = append(asked.extensions, "."+system.Facts().Type)
	}
	if near := t.pass.req.Near; near != nil {
		asked.near = func(c plan.Copy) string { return near(ctx, c) }
	}
	for i := range t.described.Layers {
		l := &t.described.Layers[i]
		if l.Packages == nil {
			continue
		}
		e := packageEntry{layer: l, installs: mustInstall(t.described.Layers[i+1:])}
		var err error
		if e.names, e.files, err = planFiles(ctx, t, l.Packages); err != nil {
			return nil, err
		}
		for _, f := range e.files {
			e.names = append(e.names, f.name)
		}
		files.all = append(files.all, e.files...)
		if err := e.readWords(t); err != nil && !t.pass.lacksArgument() {
			return nil, err
		}
		asked.entries = append(asked.entries, e)
	}
	return &packageSet{t: t, asked: asked, files: files, from: &origin{t: t, asked: asked, files: files}}, nil
}

// readWords reads what an entry says by one of a few words.
func (e *packageEntry) readWords(t *Target) error {
	scripts, err := t.read.word(e.layer.Packages.Scripts, spec.ParseScripts)
	if err != nil {
		return err
	}
	conffiles, err := t.read.word(e.layer.Packages.Conffiles, spec.ParseConffiles)
	if err != nil {
		return err
	}
	e.skipsScripts, e.keepsConffiles = scripts == "skip", conffiles == "keep"
	e.inStep, err = inStep(t, e.layer.Packages.Fetch)
	return err
}

// inStep reports whether the steps of a layer fetch their archives.
func inStep(t *Target, said spec.String) (bool, error) {
	by, err := t.read.word(said, spec.ParseFetch)
	return cmp.Or(t.pass.req.FetchBy, by) == spec.FetchByStep, err
}

// plan takes the packages from the lock, or resolves them, and makes the layers of
// every entry.
func (s *packageSet) plan(ctx context.Context) error {
	if err := s.read(); err != nil {
		return err
	}
	if err := s.absent(ctx); err != nil {
		return err
	}
	if s.t.pass.req.AllowMissing && s.before() == nil {
		s.locked = &lock.Packages{Installer: plan.Register}
		return s.planLocked(ctx)
	}
	switch ok, err := s.takeLocked(ctx); {
	case err != nil:
		return err
	case ok:
		if err := s.from.systemOfMarks(ctx, s.locked); err != nil {
			return err
		}
		if err := s.from.checkKeys(); err != nil {
			return err
		}
		return s.planLocked(ctx)
	case s.t.pass.req.AllowMissing:
		s.locked = &lock.Packages{Installer: plan.Register}
		return s.planLocked(ctx)
	}
	base, err := s.from.chooseSystem(ctx)
	if err != nil {
		return err
	}
	if err := s.from.checkKeys(); err != nil {
		return err
	}
	switch system := s.from.system.(type) {
	case distro.Tool:
		packageURLs{s}.warn(nil)
		return s.planTool(ctx, system, base)
	case distro.Archives:
		if err := s.resolve(ctx, system, base); err != nil {
			return err
		}
		return s.planLayers(ctx)
	default:
		return s.t.read.errorf(s.asked.start(), "packages of %s can't be installed by this release", s.from.system.Facts().Name)
	}
}

// read reads what the build file says besides names. What is wrong for want of an argument
// isn't, where arguments may be missing.
func (s *packageSet) read() error {
	for _, read := range []func() error{s.asked.readSources, s.readUpgrade, s.from.readLike, s.checkNames, packageURLs{s}.read} {
		if err := read(); err != nil && !s.t.pass.lacksArgument() {
			return err
		}
	}
	return nil
}

// absent finds, where nothing is looked into, a file of the context that is asked for and
// isn't there.
func (s *packageSet) absent(ctx context.Context) error {
	absent := s.t.pass.req.Absent
	if absent == nil || !s.t.pass.req.AllowMissing {
		return nil
	}
	for _, src := range s.asked.sources {
		if r := s.asked.given[src]; r != nil && src.Keys != "" {
			if err := absent(ctx, keysOf(src, r)); err != nil {
				return err
			}
		}
	}
	for _, f := range s.files.all {
		if f.copied != nil {
			if err := absent(ctx, *f.copied); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkNames looks whether packages are asked for as any system takes it that they may be
// of.
func (s *packageSet) checkNames() error {
	var systems []distro.Archives
	for _, system := range s.t.pass.req.Systems {
		if archives, ok := system.(distro.Archives); ok && (s.asked.kind == "" || system.Facts().Type == s.asked.kind) {
			systems = append(systems, archives)
		}
	}
	for _, names := range s.asked.wantedNames() {
		for _, name := range names {
			var err error
			for _, system := range systems {
				if err = system.CheckName(name); err == nil {
					break
				}
			}
			if err != nil {
				return s.asked.fault(&distro.Error{Name: name, Err: err})
			}
		}
	}
	return nil
}

// planLocked makes the layers of every entry of packages that the lock has.
func (s *packageSet) planLocked(ctx context.Context) error {
	if err := s.chooseInstaller(ctx); err != nil {
		return err
	}
	return s.planLayers(ctx)
}

// start is where the build file first asks for packages.
func (s *packageRequest) start() spec.Pos { return s.entries[0].layer.Packages.Range.Start }

// mustInstall reports whether packages must be installed before those of the layers
// that follow are unpacked: a command runs in the image in between. The last ones
// are always installed.
func mustInstall(after []spec.Layer) bool {
	for _, l := range after {
		if l.Packages != nil {
			return false
		}
		if l.Strategy().RunsInImage() {
			return true
		}
	}
	return true
}

// wanted are the names of each entry, sorted.
func (s *packageRequest) wanted() [][]string {
	out := make([][]string, len(s.entries))
	for i, e := range s.entries {
		for _, n := range e.names {
			out[i] = append(out[i], n.Value)
		}
		slices.Sort(out[i])
		out[i] = slices.Compact(out[i])
	}
	return out
}

// wantedNames are the names of each entry that are no files, sorted.
func (s *packageRequest) wantedNames() [][]string {
	out := s.wanted()
	for i, e := range s.entries {
		out[i] = slices.DeleteFunc(out[i], func(name string) bool {
			return slices.ContainsFunc(e.files, func(f *packageFile) bool { return f.name.Value == name })
		})
	}
	return out
}

// recommends reports whether an entry asks for recommended packages. Packages are
// resolved together, so that one is enough.
func (s *packageRequest) recommends() bool {
	return slices.ContainsFunc(s.entries, func(e packageEntry) bool { return e.layer.Packages.Recommends })
}

// allowHeld reports whether an entry lets packages change that the base holds.
func (s *packageRequest) allowHeld() bool {
	return slices.ContainsFunc(s.entries, func(e packageEntry) bool { return e.layer.Packages.AllowHeld })
}

// checkKeys refuses what the build file asks for and the package system doesn't have.
func (s *origin) checkKeys() error {
	if s.system == nil { // a lock without packages
		return nil
	}
	for _, e := range s.asked.entries {
		given := e.layer.Packages.Conffiles
		if given.IsSet() && !s.system.Facts().Conffiles {
			return s.t.read.errorf(given.Pos, "packages of %s know no `conffiles: keep`; leave it out", s.system.Facts().Name)
		}
		if e.layer.Packages.AllowHeld && !s.system.Facts().Holds {
			return s.t.read.errorf(e.layer.Packages.Range.Start, "packages of %s can't be held; leave `allow_held` out", s.system.Facts().Name)
		}
	}
	return nil
}

// pos is where the build file names a package; where it asks for packages at all
// when it doesn't name that one.
func (s *packageRequest) pos(name string) spec.Pos {
	for _, e := range s.entries {
		for _, n := range e.names {
			if n.Value == name {
				return n.Pos
			}
		}
	}
	return s.start()
}
