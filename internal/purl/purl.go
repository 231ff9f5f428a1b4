// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package purl tells what package an address gives, as a package URL: a release of
// GitHub, a file of PyPI's or npm's registry, a package of Debian's archive. What it
// doesn't know is of the type generic, with the address and the digest.
package purl

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/distribution/reference"
	packageurl "github.com/package-url/packageurl-go"
)

// URL is a package URL, taken apart.
type URL = packageurl.PackageURL

// Parse reads a package URL, and says what is wrong with one.
func Parse(text string) (URL, error) {
	p, err := packageurl.FromString(text)
	if err != nil {
		return URL{}, fmt.Errorf("%.200q is not a package URL, such as pkg:github/owner/name@v1.2: %w", text, err)
	}
	if p.Namespace == "" && slices.Contains([]string{"github", "gitlab", "bitbucket", "maven"}, p.Type) {
		return URL{}, fmt.Errorf("%.200q is not whole: it is pkg:%s/OWNER/NAME", text, p.Type)
	}
	return p, nil
}

// File is a file of a server.
type File struct {
	// Address is where it is.
	Address string
	// SHA256 is its digest in hex; empty if it isn't known.
	SHA256 string
}

// finder tells what an address of one of its hosts is; false for one that isn't a
// package's. The path has no escapes and no slash at its start.
type finder func(u *url.URL, at []string) (URL, bool)

// finders are those of the hosts that are known, but for distributions'.
func finders() map[string]finder {
	return map[string]finder{
		"github.com": github, "codeload.github.com": codeload, "raw.githubusercontent.com": rawGithub, "api.github.com": githubAPI,
		"gitlab.com": gitlab, "bitbucket.org": bitbucket, "huggingface.co": huggingface,
		"files.pythonhosted.org": pypi, "pypi.org": pypi, "pypi.python.org": pypi, "pypi.io": pypi,
		"registry.npmjs.org": npm, "registry.yarnpkg.com": npm,
		"crates.io": cargo, "static.crates.io": cargo, "index.crates.io": cargo,
		"repo1.maven.org": maven, "repo.maven.apache.org": maven, "central.maven.org": maven,
		"rubygems.org": gem, "proxy.golang.org": golang,
		"api.nuget.org": nuget, "www.nuget.org": nuget, "nuget.org": nuget,
		"repo.hex.pm": hex, "cran.r-project.org": cran, "cloud.r-project.org": cran, "hackage.haskell.org": hackage,
		"conda.anaconda.org": conda, "pub.dev": pub,
	}
}

// OfFile is the package that a file of a server is.
func OfFile(f File) URL {
	if u, err := url.Parse(f.Address); err == nil {
		host := strings.ToLower(u.Hostname())
		find := finders()[host]
		if find == nil {
			find = distributions()[host]
		}
		if find != nil {
			at := strings.Split(strings.Trim(path.Clean("/"+u.Path), "/"), "/")
			if p, ok := find(u, at); ok && p.Normalize() == nil {
				if _, err := Parse(p.String()); err == nil {
					return p
				}
			}
		}
	}
	return generic(f)
}

// made makes a package URL; its parts are brought into the type's form.
func made(kind, namespace, name, version string, qualifiers ...string) URL {
	p := URL{Type: kind, Namespace: namespace, Name: name, Version: version}
	for i := 0; i+1 < len(qualifiers); i += 2 {
		if qualifiers[i+1] != "" {
			p.Qualifiers = append(p.Qualifiers, packageurl.Qualifier{Key: qualifiers[i], Value: qualifiers[i+1]})
		}
	}
	return p
}

// sum is a digest as the qualifier checksum has it.
func sum(sha256 string) string {
	if sha256 == "" {
		return ""
	}
	return "sha256:" + sha256
}

var (
	// named is a file name with a version in it: tool-1.2.3-linux-amd64.
	named = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9.+_-]*?)[-_]v?([0-9]+(?:\.[0-9]+)+(?:[.+~-]?(?:alpha|beta|rc|pre|dev|p)\.?[0-9]*)?)(?:[-_.].*)?$`)
	// numbered is a directory that says a version: v1.2.3.
	numbered = regexp.MustCompile(`^v?[0-9]+(?:\.[0-9]+)+(?:[-+~][0-9A-Za-z.+~-]+)?$`)
)

// generic is the package of a file that nothing else is known of: its name and version
// are those of the file's name, or the version is that of a directory.
func generic(f File) URL {
	name, version := f.Address, ""
	if u, err := url.Parse(f.Address); err == nil {
		f.Address = WithoutLogin(f.Address)
		parts := strings.Split(strings.Trim(u.Path, "/"), "/")
		if name = parts[len(parts)-1]; name == "" {
			name = u.Hostname()
		}
		for _, part := range parts[:len(parts)-1] {
			if numbered.MatchString(part) {
				version = part
			}
		}
	}
	stem := trimExtensions(name)
	if m := named.FindStringSubmatch(stem); m != nil {
		name, version = m[1], m[2]
	}
	return made("generic", "", name, version, "checksum", sum(f.SHA256), "download_url", f.Address)
}

// trimExtensions takes the endings of archives off a name.
func trimExtensions(name string) string {
	for {
		ext := path.Ext(name)
		switch ext {
		case ".tar", ".gz", ".tgz", ".xz", ".txz", ".bz2", ".tbz2", ".zst", ".zip", ".jar", ".whl", ".exe", ".gem", ".crate", ".sh", ".AppImage":
			name = strings.TrimSuffix(name, ext)
		default:
			return name
		}
	}
}

// OfGit is the package that a checkout is: a repository, with the tag, or else the
// commit, that it is of. Both may be empty.
func OfGit(remote, tag, commit string) URL {
	version := tag
	if version == "" {
		version = commit
	}
	host, repository := splitRemote(remote)
	parts := strings.Split(repository, "/")
	kinds := map[string]string{"github.com": "github", "gitlab.com": "gitlab", "bitbucket.org": "bitbucket"}
	if kind := kinds[host]; kind != "" && len(parts) > 1 {
		p := made(kind, strings.Join(parts[:len(parts)-1], "/"), parts[len(parts)-1], version)
		if p.Normalize() == nil {
			return p
		}
	}
	at := "git+" + WithoutLogin(remote)
	if commit != "" {
		at += "@" + commit
	}
	name := parts[len(parts)-1]
	if name == "" {
		name = "repository"
	}
	return made("generic", "", name, version, "vcs_url", at)
}

// splitRemote is the host of a repository and its path there, without the .git.
func splitRemote(remote string) (host, repository string) {
	u, err := url.Parse(remote)
	if err != nil || u.Host == "" {
		before, after, _ := strings.Cut(remote, ":") // user@host:path
		return strings.ToLower(before[strings.LastIndex(before, "@")+1:]), strings.TrimSuffix(strings.Trim(after, "/"), ".git")
	}
	return strings.ToLower(u.Hostname()), strings.TrimSuffix(strings.Trim(u.Path, "/"), ".git")
}

// WithoutLogin is an address without a login.
func WithoutLogin(address string) string {
	if u, err := url.Parse(address); err == nil && u.User != nil {
		u.User = nil
		return u.String()
	}
	return address
}

// OfImage is the package that an image is, of the type oci: its version is the digest.
// A platform's architecture may be said.
func OfImage(ref, arch string) (URL, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return URL{}, fmt.Errorf("name the image %s: %w", ref, err)
	}
	var version, tag string
	if d, ok := named.(reference.Digested); ok {
		version = d.Digest().String()
	}
	if t, ok := named.(reference.Tagged); ok {
		tag = t.Tag()
	}
	at := named.Name()
	return made("oci", "", strings.ToLower(path.Base(at)), version, "arch", arch, "repository_url", at, "tag", tag), nil
}
