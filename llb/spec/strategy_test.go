// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEveryStrategyIsKnown fails when a strategy is added to [Layer], or to the
// keys of a layer, and forgotten elsewhere.
func TestEveryStrategyIsKnown(t *testing.T) {
	var fields, listed []string
	for i := range reflect.TypeFor[Layer]().NumField() {
		field := reflect.TypeFor[Layer]().Field(i)
		if field.Type.Kind() != reflect.Pointer {
			continue
		}
		fields = append(fields, field.Type.String())
		var l Layer
		reflect.ValueOf(&l).Elem().Field(i).Set(reflect.New(field.Type.Elem()))
		if got := reflect.TypeOf(l.Strategy()); got != field.Type {
			t.Errorf("a layer with %s alone has the strategy %v", field.Name, got)
		}
	}
	for _, s := range Strategies() {
		listed = append(listed, reflect.TypeOf(s).String())
	}
	slices.Sort(fields)
	slices.Sort(listed)
	if diff := cmp.Diff(fields, listed); diff != "" {
		t.Errorf("strategies of Layer and of Strategies (-fields +listed):\n%s", diff)
	}
	if keys := layerObject().one; len(keys) != len(fields) {
		t.Errorf("a layer has one of the keys %q, and %d strategies", keys, len(fields))
	}
}

func TestStrategyBeforeExpansion(t *testing.T) {
	type facts struct {
		Froms                              []string
		UsesContext, RunsInImage, IsLocked bool
	}
	for layer, want := range map[string]facts{
		"packages: [jq]": {IsLocked: true},
		"packages: {names: [jq], repositories: [{type: deb, uri: 'http://x', signed_by: key}]}": {UsesContext: true, IsLocked: true},
		"packages: {names: [jq], like: 'debian:1'}":                                             {Froms: []string{"debian:1"}, IsLocked: true},
		"files: [{dest: /x, content: x}]":                                                       {},
		"files: [{dest: /x, source: x}]":                                                        {UsesContext: true},
		"files: [{dest: /x, source: x, from: 'context:c'}]":                                     {Froms: []string{"context:c"}},
		"build: {run: make}":                                                                    {RunsInImage: true},
		"build: {run: make > $out/x}":                                                           {},
		"build: {run: make > $out/x, out: false}":                                               {RunsInImage: true},
		"build: {run: make, from: layers}":                                                      {Froms: []string{"layers"}, RunsInImage: true},
		"build: {run: make, from: busybox}":                                                     {Froms: []string{"busybox"}},
		"build: {run: make > $out/x, source: .}":                                                {UsesContext: true},
		"build: {run: make > $out/x, mounts: [{target: /m, source: .}]}":                        {UsesContext: true},
		"build: {run: make > $out/x, mounts: [{target: /m, from: 'context:c'}]}":                {Froms: []string{"context:c"}},
		"derivation: {path: /nix/store/x}":                                                      {IsLocked: true},
		"derivation: {path: /nix/store/x, store: {source: s}}":                                  {UsesContext: true, IsLocked: true},
		"derivation: {path: /nix/store/x, store: {context: s}}":                                 {IsLocked: true},
		"derivation: {build: {file: x.nix, from: nix}}":                                         {Froms: []string{"nix"}, UsesContext: true, IsLocked: true},
	} {
		s := mustParse(t, "from: scratch\nlayers:\n  - "+layer+"\n").Targets[0].Layers[0].Strategy()
		got := facts{UsesContext: s.UsesContext(), RunsInImage: s.RunsInImage(), IsLocked: s.IsLocked()}
		for _, from := range s.Froms() {
			if from.IsSet() {
				got.Froms = append(got.Froms, from.Value)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", layer, diff)
		}
	}
}
