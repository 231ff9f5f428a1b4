// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

func derivationObject() object[Derivation] {
	path := absolute()
	return object[Derivation]{
		span:  func(d *Derivation) *Range { return &d.Range },
		check: checkDerivation,
		keys: []key[Derivation]{
			{name: "path", doc: "A store path.", schema: path.schema, read: func(c cursor, d *Derivation) {
				if p, ok := path.read(c); ok {
					d.Paths = append(d.Paths, p)
				}
			}},
			{name: "paths", doc: "Store paths.", schema: filled(path).schema, read: func(c cursor, d *Derivation) {
				all, _ := filled(path).read(c)
				d.Paths = append(d.Paths, all...)
			}},
			bind("substituters", "Binary caches, the preferred one first.", list(text(checkLine)),
				func(d *Derivation) *[]String { return &d.Substituters }),
			bind("trusted_public_keys", "Keys that a binary cache's signatures are checked with.", list(text(checkLine)),
				func(d *Derivation) *[]String { return &d.TrustedPublicKeys }),
			bind("store", "An exported store.", pointer(storeObject().kind()),
				func(d *Derivation) **Store { return &d.Store }),
			bind("build", "How Nix builds it inside BuildKit.", pointer(derivationBuildObject().kind()),
				func(d *Derivation) **DerivationBuild { return &d.Build }),
			bind("fetch", "Who fetches the archives: source for BuildKit, each as a source of its own, or step for the steps that unpack them.", chosen(ParseFetch, "source", FetchByStep),
				func(d *Derivation) *String { return &d.Fetch }),
			maxLayersKey(func(d *Derivation) (*int, *Pos) { return &d.MaxLayers, &d.MaxLayersPos }),
			bind("algorithm", "How paths are grouped into layers: cohort, popularity, per-path or single.", chosen(ParseAlgorithm, "cohort", "popularity", "per-path", "single"),
				func(d *Derivation) *String { return &d.Algorithm }),
			bind("pin", "Groups of paths that get a layer of their own.", list(filled(text(checkLine))),
				func(d *Derivation) *[][]String { return &d.Pin }),
			bind("link", "A directory that gets symbolic links to bin, lib and share.", path,
				func(d *Derivation) *String { return &d.Link }),
			bind("registration", "Add the store's registration.", boolean(),
				func(d *Derivation) *bool { return &d.Registration }),
		},
	}
}

func checkDerivation(c cursor, d *Derivation) {
	if paths, _ := c.lookup("paths"); paths != nil && c.has("path") {
		c.faultAt(paths, "", "has both path and paths; write paths alone")
	}
	if len(d.Paths) == 0 && d.Build == nil {
		c.fault("has none of path, paths, build; it needs to know what goes into the image")
	}
	if build, _ := c.lookup("build"); build != nil && len(d.Paths) > 0 {
		c.faultAt(build, "", "has both a path and build; what is built is what goes into the image")
	}
	if build, _ := c.lookup("build"); build != nil && d.Store != nil {
		c.faultAt(build, "", "has both store and build; the paths come from one of them")
	}
}

func storeObject() object[Store] {
	return object[Store]{
		span: func(s *Store) *Range { return &s.Range },
		one:  []string{"context", "source"},
		keys: []key[Store]{
			bind("context", "A named context that holds the store.", text(checkLine),
				func(s *Store) *String { return &s.Context }),
			bind("source", "A directory of the context that holds the store.", inTree(),
				func(s *Store) *String { return &s.Source }),
			bind("graph", "A file of the store that describes its paths: what nix path-info --json or nix-store --dump-db print.", inTree(),
				func(s *Store) *String { return &s.Graph }),
		},
	}
}

func derivationBuildObject() object[DerivationBuild] {
	return object[DerivationBuild]{
		span: func(b *DerivationBuild) *Range { return &b.Range },
		one:  []string{"file", "flake"},
		keys: []key[DerivationBuild]{
			bind("from", "An image with Nix.", text(checkFrom),
				func(b *DerivationBuild) *String { return &b.From }),
			bind("file", "A Nix expression in the context.", inTree(),
				func(b *DerivationBuild) *String { return &b.File }),
			bind("flake", "A flake.", text(checkLine),
				func(b *DerivationBuild) *String { return &b.Flake }),
			bind("attr", "The attribute to build.", text(checkLine),
				func(b *DerivationBuild) *String { return &b.Attr }),
			bind("network", "The build's network: none, default or host.", chosen(ParseNetwork, "none", "default", "host"),
				func(b *DerivationBuild) *String { return &b.Network }),
		},
	}
}
