// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"strings"
)

func packagesKind() kind[Packages] {
	names := filled(packageNameKind())
	long := object[Packages]{
		want: "a list or a map",
		span: func(p *Packages) *Range { return &p.Range },
		check: func(c cursor, p *Packages) {
			if !c.has("names") && !p.Upgrade.IsSet() {
				c.fault("has none of names, upgrade; it needs to know what goes into the image")
			}
		},
		keys: []key[Packages]{
			{
				name: "names", doc: "Names, each with a version (name=1.2-3) or a suite (name/suite) if need be, and packages that are files (./PATH, or a map).",
				schema: names.schema, read: func(c cursor, p *Packages) {
					all, _ := names.read(c)
					p.take(all)
				},
			},
			bind("repositories", "Archives; those that the base is configured for when left out.", list(repositoryObject().kind()),
				func(p *Packages) *[]Repository { return &p.Repositories }),
			bind("like", "An image whose archives, keys and preferences count in the base's place.", text(checkFrom),
				func(p *Packages) *String { return &p.Like }),
			bind("upgrade", "Bring the base's packages up to date: true for all of them, or security.", chosen(ParseUpgrade, "true", "false", "security"),
				func(p *Packages) *String { return &p.Upgrade }),
			bind("scripts", "What is done with maintainer scripts: run or skip.", chosen(ParseScripts, "run", "skip"),
				func(p *Packages) *String { return &p.Scripts }),
			bind("fetch", "Who fetches the archives: source for BuildKit, each as a source of its own, or step for the steps that unpack them.", chosen(ParseFetch, "source", FetchByStep),
				func(p *Packages) *String { return &p.Fetch }),
			bind("recommends", "Install what the packages recommend, too.", boolean(),
				func(p *Packages) *bool { return &p.Recommends }),
			bind("conffiles", "keep: files of earlier layers win over the packages' configuration files.", chosen(ParseConffiles, "keep"),
				func(p *Packages) *String { return &p.Conffiles }),
			bind("purls", "Package URLs for packages by their names, for the list of contents; their distribution's when left out.", pairsOf("package", checkPackage, text(CheckPURL)),
				func(p *Packages) *[]Pair { return &p.PURLs }),
			bind("allow_held", "Change what the base holds, if it is asked for by name.", boolean(),
				func(p *Packages) *bool { return &p.AllowHeld }),
		},
	}
	return or(long.kind(), names, likeList(), func(c cursor, names []packageName) Packages {
		p := Packages{Range: c.span}
		p.take(names)
		return p
	})
}

// packageName is an item of names: a name, or a file.
type packageName struct {
	name String
	file *PackageFile
}

// take keeps the items of names, files apart.
func (p *Packages) take(all []packageName) {
	for _, n := range all {
		if n.file != nil {
			p.Files = append(p.Files, *n.file)
		} else {
			p.Names = append(p.Names, n.name)
		}
	}
}

func packageNameKind() kind[packageName] {
	file := packageFileObject().kind()
	long := kind[packageName]{schema: file.schema, read: func(c cursor) (packageName, bool) {
		f, ok := file.read(c)
		return packageName{file: &f}, ok
	}}
	return or(long, text(checkPackage), likeText(), func(_ cursor, name String) packageName { return packageName{name: name} })
}

func packageFileObject() object[PackageFile] {
	return object[PackageFile]{
		want:    "the name of a package or a map",
		instead: asPackageFile,
		span:    func(f *PackageFile) *Range { return &f.Range },
		one:     []string{"source", "url"},
		needs: []needs{
			{"from", []string{"source"}},
			{"checksum", []string{"url"}},
		},
		check: func(c cursor, f *PackageFile) {
			if f.URL.IsSet() && !f.Checksum.IsSet() {
				c.fault("has a url without a checksum; nothing else says that the package is the one that is meant")
			}
		},
		keys: []key[PackageFile]{
			bind("source", "A path or a pattern of package files in the context, or in from.", inTree(),
				func(f *PackageFile) *String { return &f.Source }),
			bind("from", "Where source is: target:NAME, context:NAME, dockerfile:PATH#STAGE or a reference.", text(checkFrom),
				func(f *PackageFile) *String { return &f.From }),
			bind("url", "An address to fetch the package from by HTTP.", address(),
				func(f *PackageFile) *String { return &f.URL }),
			bind("checksum", "The digest of what url gives, as sha256:HEX.", digest(),
				func(f *PackageFile) *String { return &f.Checksum }),
		},
	}
}

// IsPackageFile reports whether the name of a package is that of a file of the context.
func IsPackageFile(name string) bool {
	return strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../")
}

func repositoryObject() object[Repository] {
	return object[Repository]{
		span: func(r *Repository) *Range { return &r.Range },
		check: func(c cursor, r *Repository) {
			if r.Trusted && r.SignedBy.IsSet() {
				c.fault("trusted takes the archive without a signature, so signed_by says nothing; leave one of them out")
			}
		},
		keys: []key[Repository]{
			bind("type", "The kind of archive: deb or apk.", chosen(ParseRepositoryType, "deb", "apk"),
				func(r *Repository) *String { return &r.Type }).must(),
			bind("uri", "The archive's address.", text(checkLine),
				func(r *Repository) *String { return &r.URI }).must(),
			bind("suites", "The suites to use.", list(text(checkLine)),
				func(r *Repository) *[]String { return &r.Suites }),
			bind("components", "The components to use.", list(text(checkLine)),
				func(r *Repository) *[]String { return &r.Components }),
			bind("signed_by", "A keyring in the context.", inTree(),
				func(r *Repository) *String { return &r.SignedBy }),
			bind("auth", "A build secret with the login for its server: user:password, or lines of apt's auth.conf.", text(checkLine),
				func(r *Repository) *String { return &r.Auth }),
			bind("snapshot", "It is a snapshot: its list of files may have expired.", boolean(),
				func(r *Repository) *bool { return &r.Snapshot }),
			bind("trusted", "Take it as it is, without a signature, as trusted=yes of apt's sources.", boolean(),
				func(r *Repository) *bool { return &r.Trusted }),
		},
	}
}

// checkPackage accepts what may name a package in some archive; its resolver
// looks closer.
func checkPackage(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("a package's name cannot be empty")
	case IsPackageFile(name):
		_, err := CleanSource(name)
		return err
	case IsPackageFile(strings.TrimPrefix(name, "!")):
		return fmt.Errorf("%.80q is a file; write the name of the package that must not come in", name)
	case strings.ContainsAny(name, " \t\n\r\x00,"):
		return fmt.Errorf("%.80q is not one package; write a list item for each", name)
	case strings.HasPrefix(name, "-"):
		return fmt.Errorf("%.80q looks like an option; want the name of a package", name)
	}
	return nil
}
