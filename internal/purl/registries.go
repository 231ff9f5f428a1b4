// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package purl

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// last is the last part of a path.
func last(at []string) string { return at[len(at)-1] }

// versioned is NAME-VERSION, where the version begins with the first digit after a
// dash.
var versioned = regexp.MustCompile(`^(.+?)-([0-9].*)$`)

// sdist is NAME-VERSION, where a name may have dashes and digits: the version begins
// behind the last dash.
var sdist = regexp.MustCompile(`^(.+)-([0-9][^-]*)$`)

// pypi has source archives and wheels, whose names are NAME-VERSION-…
func pypi(_ *url.URL, at []string) (URL, bool) {
	file := last(at)
	if wheel, ok := strings.CutSuffix(file, ".whl"); ok {
		if parts := strings.Split(wheel, "-"); len(parts) >= 5 {
			return made("pypi", "", parts[0], parts[1], "file_name", file), true
		}
		return URL{}, false
	}
	stem := trimArchive(file)
	m := sdist.FindStringSubmatch(stem)
	if stem == file || m == nil {
		return URL{}, false
	}
	return made("pypi", "", m[1], m[2], "file_name", file), true
}

// npm has NAME/-/NAME-VERSION.tgz, or @SCOPE/NAME/-/NAME-VERSION.tgz.
func npm(_ *url.URL, at []string) (URL, bool) {
	i := slices.Index(at, "-")
	stem, ok := strings.CutSuffix(last(at), ".tgz")
	if i < 1 || i > 2 || len(at) != i+2 || !ok {
		return URL{}, false
	}
	version, ok := strings.CutPrefix(stem, at[i-1]+"-")
	return made("npm", strings.Join(at[:i-1], "/"), at[i-1], version), ok
}

// cargo has crates/NAME/VERSION/download, or crates/NAME/NAME-VERSION.crate.
func cargo(_ *url.URL, at []string) (URL, bool) {
	i := slices.Index(at, "crates")
	if i < 0 {
		return URL{}, false
	}
	rest := at[i+1:]
	switch {
	case len(rest) == 3 && rest[2] == "download":
		return made("cargo", "", rest[0], rest[1]), true
	case len(rest) == 2:
		stem, ok := strings.CutSuffix(rest[1], ".crate")
		version, ok2 := strings.CutPrefix(stem, rest[0]+"-")
		return made("cargo", "", rest[0], version), ok && ok2
	}
	return URL{}, false
}

// maven has maven2/GROUP/…/ARTIFACT/VERSION/ARTIFACT-VERSION[-CLASSIFIER].TYPE.
func maven(_ *url.URL, at []string) (URL, bool) {
	if len(at) < 5 || at[0] != "maven2" {
		return URL{}, false
	}
	n := len(at)
	group, artifact, version := strings.Join(at[1:n-3], "."), at[n-3], at[n-2]
	rest, ok := strings.CutPrefix(at[n-1], artifact+"-"+version)
	if !ok {
		return URL{}, false
	}
	before, kind, _ := strings.Cut(rest, ".")
	if kind == "jar" {
		kind = "" // what is meant when nothing is said
	}
	return made("maven", group, artifact, version, "classifier", strings.TrimPrefix(before, "-"), "type", kind), true
}

// gem has downloads/NAME-VERSION[-PLATFORM].gem.
func gem(_ *url.URL, at []string) (URL, bool) {
	stem, ok := strings.CutSuffix(last(at), ".gem")
	m := versioned.FindStringSubmatch(stem)
	if !ok || m == nil {
		return URL{}, false
	}
	version, platform, _ := strings.Cut(m[2], "-")
	return made("gem", "", m[1], version, "platform", platform), true
}

// golang has MODULE/@v/VERSION.zip, with capitals written as an exclamation mark and
// the small letter. A package URL has small letters anyway.
func golang(_ *url.URL, at []string) (URL, bool) {
	i := slices.Index(at, "@v")
	if i < 1 || len(at) != i+2 {
		return URL{}, false
	}
	version, ok := strings.CutSuffix(at[i+1], ".zip")
	if !ok {
		if version, ok = strings.CutSuffix(at[i+1], ".mod"); !ok {
			return URL{}, false
		}
	}
	parts := strings.Split(strings.ReplaceAll(strings.Join(at[:i], "/"), "!", ""), "/")
	return made("golang", strings.Join(parts[:len(parts)-1], "/"), last(parts), strings.ReplaceAll(version, "!", "")), true
}

// nuget has v3-flatcontainer/NAME/VERSION/FILE, and api/v2/package/NAME/VERSION.
func nuget(_ *url.URL, at []string) (URL, bool) {
	switch {
	case len(at) == 4 && at[0] == "v3-flatcontainer":
		return made("nuget", "", at[1], at[2]), true
	case len(at) == 5 && at[0] == "api" && at[2] == "package":
		return made("nuget", "", at[3], at[4]), true
	}
	return URL{}, false
}

// hex has tarballs/NAME-VERSION.tar.
func hex(_ *url.URL, at []string) (URL, bool) {
	stem, ok := strings.CutSuffix(last(at), ".tar")
	m := versioned.FindStringSubmatch(stem)
	if !ok || m == nil || at[0] != "tarballs" {
		return URL{}, false
	}
	return made("hex", "", m[1], m[2]), true
}

// cran has src/contrib/NAME_VERSION.tar.gz, of today or from the Archive.
func cran(_ *url.URL, at []string) (URL, bool) {
	stem, ok := strings.CutSuffix(last(at), ".tar.gz")
	name, version, both := strings.Cut(stem, "_")
	return made("cran", "", name, version), ok && both && at[0] == "src"
}

// hackage has package/NAME-VERSION/NAME-VERSION.tar.gz.
func hackage(_ *url.URL, at []string) (URL, bool) {
	m := sdist.FindStringSubmatch(trimArchive(last(at)))
	if at[0] != "package" || m == nil {
		return URL{}, false
	}
	return made("hackage", "", m[1], m[2]), true
}

// conda has CHANNEL/SUBDIR/NAME-VERSION-BUILD.conda.
func conda(_ *url.URL, at []string) (URL, bool) {
	if len(at) != 3 {
		return URL{}, false
	}
	for _, kind := range []string{"conda", "tar.bz2"} {
		stem, ok := strings.CutSuffix(at[2], "."+kind)
		parts := strings.Split(stem, "-")
		if n := len(parts); ok && n > 2 {
			return made("conda", "", strings.Join(parts[:n-2], "-"), parts[n-2],
				"build", parts[n-1], "channel", at[0], "subdir", at[1], "type", kind), true
		}
	}
	return URL{}, false
}

// pub has api/archives/NAME-VERSION.tar.gz.
func pub(_ *url.URL, at []string) (URL, bool) {
	m := versioned.FindStringSubmatch(trimArchive(last(at)))
	if len(at) != 3 || at[1] != "archives" || m == nil {
		return URL{}, false
	}
	return made("pub", "", m[1], m[2]), true
}
