// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"slices"
)

// fixedArgs are the arguments that every build has and no build file declares.
func fixedArgs() []string {
	return []string{
		"TARGETPLATFORM", "TARGETOS", "TARGETOSVERSION", "TARGETARCH", "TARGETVARIANT", "TARGETSTAGE",
		"BUILDPLATFORM", "BUILDOS", "BUILDOSVERSION", "BUILDARCH", "BUILDVARIANT",
	}
}

func argsKind() kind[[]Arg] {
	s := schema{
		"type":                 "object",
		"propertyNames":        schema{"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
		"additionalProperties": orNull(when(likeText().schema, textSchema(), optionalArg().kind().schema)),
	}
	return kind[[]Arg]{schema: s, read: readArgs}
}

func readArgs(c cursor) ([]Arg, bool) {
	if c.kind != mapNode {
		c.want("a map")
		return nil, false
	}
	var args []Arg
	for _, p := range c.entries("argument") {
		if err := checkArgName(p.key.text); err != nil {
			c.faultAt(p.key, "", "%v", err)
			continue
		}
		arg := Arg{Name: p.key.text, Pos: p.key.span.Start}
		value := c.in(p.key.text, p.value)
		switch {
		case p.value.kind == mapNode && !p.value.byPlatform():
			o, _ := optionalArg().kind().read(value)
			arg.Optional = o.Optional
		case p.value.kind != scalarNode || !p.value.null:
			arg.Default, _ = readText(value)
		}
		args = append(args, arg)
	}
	return args, true
}

// checkMention reads the name of an argument that may be one of those that are always
// there.
func checkMention(name string) error {
	if slices.Contains(fixedArgs(), name) {
		return nil
	}
	return checkArgName(name)
}

// optionalArg is an argument that may be missing.
func optionalArg() object[Arg] {
	return object[Arg]{keys: []key[Arg]{
		bind("optional", "Whether there is no such variable when no value is given.", boolean(),
			func(a *Arg) *bool { return &a.Optional }).must(),
	}}
}

func checkArgName(name string) error {
	switch {
	case scanName(name) != len(name) || name == "":
		return fmt.Errorf("%.40q cannot name an argument; write letters, digits and _, and no digit first", name)
	case name == "out":
		return fmt.Errorf("out cannot name an argument: $out is where a build leaves what ships")
	case slices.Contains(fixedArgs(), name):
		return fmt.Errorf("%s is always there and cannot be declared", name)
	}
	return nil
}

// scanName returns the length of the variable name that a text starts with.
func scanName(text string) int {
	for i := range len(text) {
		b := text[i]
		letter := b == '_' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
		if !letter && (i == 0 || b < '0' || b > '9') {
			return i
		}
	}
	return len(text)
}
