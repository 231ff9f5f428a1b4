// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"maps"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/spell"
)

// VarOptions is what [Spec.Vars] needs beyond the build file.
type VarOptions struct {
	// BuildArgs are the values that are given for the arguments.
	BuildArgs map[string]string
	// Platform holds the arguments that are always there: TARGETPLATFORM and
	// the like.
	Platform map[string]string
	// TargetPlatform is the platform that maps by platform are read for, such
	// as linux/arm64/v8. When empty, Platform's TARGETPLATFORM.
	TargetPlatform string
	// AllowMissing takes an argument without a value for an empty one.
	AllowMissing bool
}

// Vars are the values that strings are expanded with, and the platform that
// they are for. A Vars does not change.
type Vars struct {
	spec     *Spec
	platform string
	values   map[string]string
	// absent are arguments that need no value and have none.
	absent map[string]bool
	// below are the variables of the base, which expand where there is no argument of
	// their name.
	below map[string]string
	// above are variables that win over all of that.
	above map[string]string
}

// Vars computes the values of the arguments. The faults it returns are warnings:
// values given for arguments that the build file does not declare. An error is
// of type [*Error] or [Errors].
func (s *Spec) Vars(o VarOptions) (Vars, []*Error, error) {
	v := Vars{spec: s, platform: o.TargetPlatform, values: maps.Clone(o.Platform), absent: map[string]bool{}}
	if v.values == nil {
		v.values = make(map[string]string)
	}
	if v.platform == "" {
		v.platform = o.Platform["TARGETPLATFORM"]
	}
	if epoch, ok := o.BuildArgs[epochArg]; ok {
		v.values[epochArg] = epoch
	}
	var missing []*Error
	for _, arg := range s.Args {
		value, given := o.BuildArgs[arg.Name]
		switch {
		case given:
		case arg.Default.IsSet():
			var err error
			if value, err = v.Expand(arg.Default); err != nil {
				return Vars{}, nil, err
			}
		case arg.Optional:
			v.absent[arg.Name] = true
			continue
		case !o.AllowMissing && len(missing) < maxErrors:
			missing = append(missing, s.Errorf(arg.Pos, "the argument %s has no value", arg.Name).
				WithHint("give one with --build-arg "+arg.Name+"=…"))
		}
		v.values[arg.Name] = value
	}
	return v, s.undeclared(o), newErrors(missing, s.Data)
}

const epochArg = "SOURCE_DATE_EPOCH"

// undeclared warns of given values that no argument takes. Where there is a
// Dockerfile they may be for that.
func (s *Spec) undeclared(o VarOptions) []*Error {
	if s.UsesDockerfile() {
		return nil
	}
	var names []string
	at := map[string]Pos{}
	for _, arg := range s.Args {
		names = append(names, arg.Name)
		at[arg.Name] = arg.Pos
	}
	var warnings []*Error
	for _, given := range slices.Sorted(maps.Keys(o.BuildArgs)) {
		if slices.Contains(names, given) || isPredefined(given) {
			continue
		}
		// The nearest argument's line is where the user will want to look.
		w := s.Errorf(at[spell.Suggest(given, names)], "the build argument %q is not declared in args", given)
		warnings = append(warnings, w.WithHint(spell.DidYouMean(given, names)))
	}
	return warnings
}

// isPredefined reports whether a build argument means something without being
// declared.
func isPredefined(name string) bool {
	switch strings.ToUpper(name) {
	case "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY":
		return name == strings.ToUpper(name) || name == strings.ToLower(name)
	}
	return name == epochArg || strings.HasPrefix(name, "BUILDKIT_") || strings.HasPrefix(name, "STRATA_")
}

// Lookup returns the value of that name.
func (v Vars) Lookup(name string) (string, bool) {
	value, ok := v.values[name]
	return value, ok
}

// Declared reports whether there is an argument of that name, with or without a value.
func (v Vars) Declared(name string) bool {
	_, ok := v.values[name]
	return ok || v.absent[name]
}

// Below returns the names with those of the base's environment, which expand where no
// argument hides them but are no arguments.
func (v Vars) Below(env map[string]string) Vars {
	v.below = env
	return v
}

// Above returns the names with others that win over them. The map may change between
// one expansion and the next.
func (v Vars) Above(others map[string]string) Vars {
	v.above = others
	return v
}

// visible returns what a name expands to.
func (v Vars) visible(name string) (string, bool) {
	if value, ok := v.above[name]; ok {
		return value, true
	}
	if value, ok := v.values[name]; ok {
		return value, true
	}
	value, ok := v.below[name]
	return value, ok
}

// Names lists the known names, sorted.
func (v Vars) Names() []string {
	names := maps.Clone(v.above)
	if names == nil {
		names = map[string]string{}
	}
	maps.Copy(names, v.values)
	return slices.Sorted(maps.Keys(names))
}

// Platform is the platform that maps by platform are read for.
func (v Vars) Platform() string { return v.platform }

// With returns the values and some more, which win over those of the same name.
func (v Vars) With(extra map[string]string) Vars {
	values := make(map[string]string, len(v.values)+len(extra))
	maps.Copy(values, v.values)
	maps.Copy(values, extra)
	v.values = values
	return v
}

// file is the build file that errors point into.
func (v Vars) file() *Spec {
	if v.spec == nil {
		return &Spec{}
	}
	return v.spec
}
