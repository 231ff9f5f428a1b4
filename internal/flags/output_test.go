// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/flags"
)

// attrs are an exporter's attributes.
type attrs = map[string]string

func TestOutputs(t *testing.T) {
	tests := []struct {
		name  string
		flags flags.OutputFlags
		want  []flags.Output
	}{
		{name: "nothing"},
		{name: "cache only", flags: flags.OutputFlags{Outputs: []string{"type=cacheonly"}}},
		{
			name:  "directory",
			flags: flags.OutputFlags{Outputs: []string{"out/dir"}, Tags: []string{"a:1"}},
			want:  []flags.Output{{Type: "local", Dest: "out/dir", Attrs: attrs{}}},
		},
		{
			name:  "standard output",
			flags: flags.OutputFlags{Outputs: []string{"-"}},
			want:  []flags.Output{{Type: "tar", Dest: "-", Attrs: attrs{}}},
		},
		{
			name:  "oci without dest",
			flags: flags.OutputFlags{Outputs: []string{"type=oci"}},
			want:  []flags.Output{{Type: "oci", Dest: "-", Attrs: attrs{"oci-mediatypes": "true"}}},
		},
		{
			name:  "attributes pass through",
			flags: flags.OutputFlags{Outputs: []string{"type=oci,dest=a.tar,compression=zstd,Force-Compression=true,oci-mediatypes=false"}},
			want: []flags.Output{{Type: "oci", Dest: "a.tar", Attrs: attrs{
				"compression": "zstd", "force-compression": "true", "oci-mediatypes": "false",
			}}},
		},
		{
			name:  "quoted field",
			flags: flags.OutputFlags{Outputs: []string{`type=local,"dest=a,b"`}},
			want:  []flags.Output{{Type: "local", Dest: "a,b", Attrs: attrs{}}},
		},
		{
			name:  "registry, two tags",
			flags: flags.OutputFlags{Outputs: []string{"type=registry"}, Tags: []string{"a:1", "example.org:5000/b"}},
			want: []flags.Output{{Type: "image", Attrs: attrs{
				"name": "a:1,example.org:5000/b", "push": "true", "unpack": "false", "oci-mediatypes": "true",
			}}},
		},
		{
			name:  "push joins an image output",
			flags: flags.OutputFlags{Outputs: []string{"type=image,name=a,unpack=true"}, Push: true},
			want: []flags.Output{{Type: "image", Attrs: attrs{
				"name": "a", "push": "true", "unpack": "true", "oci-mediatypes": "true",
			}}},
		},
		{
			name:  "push beside another output",
			flags: flags.OutputFlags{Outputs: []string{"type=tar,dest=x.tar"}, Push: true, Tags: []string{"a"}},
			want: []flags.Output{
				{Type: "tar", Dest: "x.tar", Attrs: attrs{}},
				{Type: "image", Attrs: attrs{"name": "a", "push": "true", "unpack": "false", "oci-mediatypes": "true"}},
			},
		},
		{
			name:  "load keeps docker's media types",
			flags: flags.OutputFlags{Load: true, Tags: []string{"a"}},
			want:  []flags.Output{{Type: "docker", Attrs: attrs{"name": "a"}}},
		},
		{
			name:  "load joins a docker output without dest, not one with",
			flags: flags.OutputFlags{Load: true, Outputs: []string{"type=docker", "type=docker,dest=x.tar"}},
			want: []flags.Output{
				{Type: "docker", Attrs: attrs{}},
				{Type: "docker", Dest: "x.tar", Attrs: attrs{}},
			},
		},
		{
			name:  "annotations go to images",
			flags: flags.OutputFlags{Outputs: []string{"type=oci,dest=a", "out"}, Annotations: []string{"k=v"}},
			want: []flags.Output{
				{Type: "oci", Dest: "a", Attrs: attrs{"annotation.k": "v", "oci-mediatypes": "true"}},
				{Type: "local", Dest: "out", Attrs: attrs{}},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := flags.Outputs(test.flags)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("outputs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOutputsRefused(t *testing.T) {
	tests := []struct {
		name  string
		flags flags.OutputFlags
		want  string
	}{
		{"no type", flags.OutputFlags{Outputs: []string{"dest=x,name=y"}}, "needs a type"},
		{"unknown type", flags.OutputFlags{Outputs: []string{"type=squashfs"}}, `unknown type "squashfs"`},
		{"bad csv", flags.OutputFlags{Outputs: []string{`type=oci,"dest`}}, "--output"},
		{"no value", flags.OutputFlags{Outputs: []string{"type=oci,dest"}}, `"dest" is not key=value`},
		{"local without dest", flags.OutputFlags{Outputs: []string{"type=local"}}, "needs dest=PATH"},
		{"directory to stdout", flags.OutputFlags{Outputs: []string{"type=oci,tar=false,dest=-"}}, "needs dest=PATH"},
		{"image with dest", flags.OutputFlags{Outputs: []string{"type=image,dest=x"}}, "takes no dest"},
		{"push without name", flags.OutputFlags{Push: true}, "needs a name"},
		{"two to stdout", flags.OutputFlags{Outputs: []string{"-", "type=oci"}}, "only one output"},
		{"two layouts", flags.OutputFlags{Outputs: []string{"type=oci,tar=false,dest=a", "type=oci,tar=false,dest=b"}}, "only one output"},
		{"two loads", flags.OutputFlags{Outputs: []string{"type=docker", "type=docker"}}, "once only"},
		{"docker, two platforms", flags.OutputFlags{Load: true, Platforms: 2}, "one platform, not 2"},
		{"docker, attestations", flags.OutputFlags{Outputs: []string{"type=docker,dest=x"}, Attests: true}, "no attestations"},
		{"tag in upper case", flags.OutputFlags{Tags: []string{"UPPER:x"}}, "lowercase"},
		{"tag with digest", flags.OutputFlags{Tags: []string{"a@sha256:" + strings.Repeat("0", 64)}}, "it has a digest"},
		{"name that is none", flags.OutputFlags{Outputs: []string{"type=oci,dest=x,name=a b"}}, `"a b" is not a tag`},
		{"annotation", flags.OutputFlags{Annotations: []string{"k"}}, "is not key=value"},
		{"annotation type", flags.OutputFlags{Annotations: []string{"layer:k=v"}}, `unknown type "layer"`},
		{"annotation platform", flags.OutputFlags{Annotations: []string{"manifest[a/b/c/d]:k=v"}}, "is not a platform"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := flags.Outputs(test.flags)
			wantError(t, err, test.want)
		})
	}
}

// wantError fails unless err says want.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %q", err, want)
	}
}

// TestOutputsForDocker reads docker=true.
func TestOutputsForDocker(t *testing.T) {
	outs, err := flags.Outputs(flags.OutputFlags{Outputs: []string{"type=oci,tar=false,docker=true,dest=x", "type=oci,dest=x.tar"}, Platforms: 1})
	if err != nil || len(outs) != 2 || !outs[0].IsForDocker() || outs[1].IsForDocker() || outs[0].Attrs["docker"] != "" {
		t.Errorf("outputs %+v, %v", outs, err)
	}
	for word, want := range map[string]string{
		"type=oci,docker=true,dest=x.tar":        "docker=true is for an OCI layout in a directory",
		"type=local,docker=true,dest=x":          "docker=true is for an OCI layout in a directory",
		"type=oci,tar=false,docker=maybe,dest=x": "neither true nor false",
		"type=oci,tar=false,docker=true,dest=x ": "one platform, not 2",
	} {
		if _, err := flags.Outputs(flags.OutputFlags{Outputs: []string{strings.TrimSpace(word)}, Platforms: 2}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", word, err, want)
		}
	}
}
