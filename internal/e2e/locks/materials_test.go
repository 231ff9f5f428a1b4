// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package locks

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	packageurl "github.com/package-url/packageurl-go"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
	"github.com/strata-build/strata/llb/lock"
)

// lockedSources are the digests of everything that a lock has for linux/amd64, with what
// each is. What Strata itself brings is left out: the frontend's image.
func lockedSources(t *testing.T, h *house.House, e *everySource) map[string]string {
	t.Helper()
	f, err := lock.Read("strata.lock", []byte(house.Read(t, e.dir, "strata.lock")))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, i := range f.Sources.Images {
		if strings.HasPrefix(h.Frontend, i.Name) {
			continue
		}
		all[strings.TrimPrefix(i.Digest, "sha256:")] = "image"
	}
	for _, u := range f.Sources.URLs {
		all[u.SHA256] = "url"
	}
	for _, g := range f.Sources.Git {
		all[g.Commit] = "git"
	}
	for _, target := range f.Targets {
		p := f.Platform(target.Name, "linux/amd64")
		if p.Packages != nil {
			for _, pkg := range p.Packages.Packages {
				all[pkg.SHA256] = "package"
			}
		}
		for _, c := range p.Closures {
			for _, s := range c.Paths {
				all[s.FileHash] = "NAR"
			}
		}
	}
	return all
}

// materials are the digests that a provenance has of what a build was made from, with what
// each is. What Strata itself brings is left out: the frontend's image.
func materials(t *testing.T, h *house.House, statement map[string]any) map[string]string {
	t.Helper()
	all := map[string]string{}
	list, _ := house.Dig(statement, "predicate", "materials").([]any)
	if list == nil {
		list, _ = house.Dig(statement, "predicate", "buildDefinition", "resolvedDependencies").([]any)
	}
	for _, m := range list {
		uri, digests := house.Dig(m, "uri").(string), house.Dig(m, "digest").(map[string]any)
		if p, err := packageurl.FromString(uri); err == nil && strings.HasPrefix(h.Frontend, p.Namespace+"/"+p.Name) {
			continue
		}
		sum, _ := digests["sha256"].(string)
		if sum == "" {
			sum, _ = digests["sha1"].(string)
		}
		if sum == "" {
			t.Errorf("the material %s has no digest", uri)
		}
		all[sum] = kindOfMaterial(uri)
	}
	return all
}

func kindOfMaterial(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil:
		return uri
	case u.Scheme == "pkg":
		return "image"
	case strings.Contains(u.Path, "/repo/.git"):
		return "git"
	case strings.HasPrefix(u.Path, "/pool/"):
		return "package"
	case strings.HasPrefix(u.Path, "/nar/"):
		return "NAR"
	}
	return "url"
}

// TestMaterialsAreTheLock shows that the lock has all that the provenance says the image
// was made from, and the provenance all that the lock has, of every kind and by both doors;
// and that the list of contents has the same, as far as it is in the image.
func TestMaterialsAreTheLock(t *testing.T) {
	h := house.New(t)
	e := newEverySource(t, h)
	e.lock(t, h)
	want := lockedSources(t, h, e)
	var kinds []string
	for _, kind := range want {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	if diff := cmp.Diff([]string{"NAR", "git", "image", "package", "url"}, slices.Compact(kinds)); diff != "" {
		t.Fatalf("the kinds of what is locked (-want +got):\n%s", diff)
	}
	h.Each(t, func(t *testing.T, w house.Way) {
		name := w.Image(t, h, "", e.flags("--attest", "type=provenance,mode=max")...)
		found := statements(t, h, name)
		if len(found) != 1 {
			t.Fatalf("there are %d attestations", len(found))
		}
		if diff := cmp.Diff(want, materials(t, h, found[0])); diff != "" {
			t.Errorf("what the image was made from (-lock +provenance):\n%s", diff)
		}
	})
	list, err := h.CLI.Command("lock", "--sbom", e.dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	for sum, kind := range want {
		if kind != "package" && kind != "NAR" && !strings.Contains(string(list), `"`+sum+`"`) {
			t.Errorf("the list of contents doesn't have the %s %s:\n%s", kind, sum, list)
		}
	}
	readBySyft(t, list)
}

// readBySyft lets syft read a list of contents, and looks for an image, a store path and a repository in it.
func readBySyft(t *testing.T, list []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "list.spdx.json")
	house.Write(t, file, list)
	out := testenv.Output(t, "syft", "convert", "--quiet", file, "-o", "json")
	house.Contains(t, out, "pkg:oci/", "pkg:nix/", "vcs_url")
}
