// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"strings"
)

// targetObject is the keys of a target. The top level has them too: they
// describe the target "default".
func targetObject() object[Target] {
	return object[Target]{
		instead: asTarget,
		span:    func(t *Target) *Range { return &t.Range },
		keys: []key[Target]{
			bind("from", "The base: scratch, a reference, target:NAME, context:NAME or dockerfile:PATH#STAGE.", text(checkFrom),
				func(t *Target) *String { return &t.From }),
			bind("platform", "What the target is for, such as $BUILDPLATFORM; the platform that is asked for when left out.", text(checkPlatform),
				func(t *Target) *String { return &t.Platform }),
			bind("layers", "What goes on the base, in the order of the image.", list(layerObject().kind()),
				func(t *Target) *[]Layer { return &t.Layers }),
			bind("config", "The image's configuration, over that of the base.", configObject().kind(),
				func(t *Target) *Config { return &t.Config }),
			bind("annotations", "Annotations of the image's manifest.", labels("annotation"),
				func(t *Target) *[]Pair { return &t.Annotations }),
			maxLayersKey(func(t *Target) (*int, *Pos) { return &t.MaxLayers, &t.MaxLayersPos }),
			bind("users", "Users that the image has, beside those of the base and of packages.", list(userKind()),
				func(t *Target) *[]User { return &t.Users }),
			bind("groups", "Groups that the image has, beside those of the base and of packages.", list(groupKind()),
				func(t *Target) *[]Group { return &t.Groups }),
			bind("tags", "The image's names, where --tag gives none.", list(same(CheckTag)),
				func(t *Target) *[]String { return &t.Tags }),
			bind("platforms", "The platforms that the image is for, where --platform gives none.", list(same(checkPlatformKey)),
				func(t *Target) *[]String { return &t.Platforms }),
			bind("tests", "Commands that are run in the finished image, and what they must give.", list(testObject().kind()),
				func(t *Target) *[]Test { return &t.Tests }),
		},
	}
}

func maxLayersKey[T any](at func(*T) (*int, *Pos)) key[T] {
	k := number(1, 127)
	return key[T]{
		name: "max_layers", doc: "The greatest number of layers.", schema: k.schema,
		read: func(c cursor, into *T) {
			n, pos := at(into)
			*n, _ = k.read(c)
			*pos = c.span.Start
		},
	}
}

func layerObject() object[Layer] {
	return object[Layer]{
		span:    func(l *Layer) *Range { return &l.Range },
		instead: asLayer,
		form:    "a layer: a map with exactly one of packages, files, build, derivation, and perhaps a name",
		one:     []string{"packages", "files", "build", "derivation"},
		keys: []key[Layer]{
			bind("name", "The layer's name in progress, history and --no-cache-filter.", word(checkLine),
				func(l *Layer) *string { return &l.Name }),
			bind("packages", "Packages of a distribution.", pointer(packagesKind()),
				func(l *Layer) **Packages { return &l.Packages }),
			bind("files", "Files from here and there.", pointer(filesKind()),
				func(l *Layer) **Files { return &l.Files }),
			bind("build", "What a command makes.", pointer(buildObject().kind()),
				func(l *Layer) **Build { return &l.Build }),
			bind("derivation", "Nix store paths with all they refer to.", pointer(derivationObject().kind()),
				func(l *Layer) **Derivation { return &l.Derivation }),
		},
	}
}

func targetsKind(of object[Target]) kind[[]Target] {
	target := of.kind()
	s := schema{
		"type":                 "object",
		"propertyNames":        schema{"pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$", "not": schema{"enum": []any{DefaultTarget, LockTarget}}},
		"additionalProperties": target.schema,
	}
	return kind[[]Target]{schema: s, read: func(c cursor) ([]Target, bool) {
		if c.kind != mapNode {
			c.want("a map")
			return nil, false
		}
		var targets []Target
		for _, p := range c.entries("target") {
			if err := checkTargetName(p.key.text); err != nil {
				c.faultAt(p.key, "", "%v", err)
				continue
			}
			t, _ := target.read(c.in(p.key.text, p.value))
			t.Name = p.key.text
			t.Range = Range{p.key.span.Start, p.value.span.End}
			targets = append(targets, t)
		}
		return targets, true
	}}
}

// LockTarget is the name of the target that gives the lock, and that no build
// file can have.
const LockTarget = "strata.lock"

func checkTargetName(name string) error {
	switch {
	case name == DefaultTarget:
		return fmt.Errorf("the top level of the build file is the target %q already", DefaultTarget)
	case name == LockTarget:
		return fmt.Errorf("no target can be called %q: that one gives the lock", LockTarget)
	}
	for i, r := range name {
		alphanumeric := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !alphanumeric && (i == 0 || !strings.ContainsRune("_.-", r)) {
			return fmt.Errorf("%.40q cannot name a target; write letters, digits, _, . and -, and start with a letter or a digit", name)
		}
	}
	if name == "" {
		return fmt.Errorf("a target's name cannot be empty")
	}
	return nil
}
