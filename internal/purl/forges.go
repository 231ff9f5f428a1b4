// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package purl

import (
	"net/url"
	"slices"
	"strings"
)

// gitRef is the tag or branch of what is left of a path, without how Git calls it.
func gitRef(parts []string) string {
	ref := strings.Join(parts, "/")
	for _, prefix := range []string{"refs/tags/", "refs/heads/"} {
		ref = strings.TrimPrefix(ref, prefix)
	}
	return ref
}

// archiveRef is the reference that an archive is named by.
func archiveRef(parts []string) string { return trimArchive(gitRef(parts)) }

// namedArchive is the reference of an archive of GitHub, which may have a file's name behind
// it that says the same: v1.0/NAME-1.0.tar.gz.
func namedArchive(name string, parts []string) string {
	if n := len(parts) - 1; n > 0 {
		ref, file := gitRef(parts[:n]), trimArchive(parts[n])
		if version, ok := strings.CutPrefix(strings.ToLower(file), strings.ToLower(name)+"-"); ok && version != "" && strings.Contains(strings.ToLower(ref), strings.TrimPrefix(version, "v")) {
			return ref
		}
	}
	return archiveRef(parts)
}

func trimArchive(name string) string {
	for _, ext := range []string{".tar.gz", ".tar.bz2", ".tar", ".zip", ".tgz"} {
		if rest, ok := strings.CutSuffix(name, ext); ok {
			return rest
		}
	}
	return name
}

// github knows releases, archives and single files.
func github(_ *url.URL, at []string) (URL, bool) {
	if len(at) < 4 {
		return URL{}, false
	}
	owner, name, rest := at[0], at[1], at[3:]
	switch {
	case at[2] == "releases" && rest[0] == "download" && len(rest) > 2:
		return made("github", owner, name, strings.Join(rest[1:len(rest)-1], "/")), true
	case at[2] == "releases" && len(rest) > 2 && rest[1] == "download": // releases/latest/download
		return made("github", owner, name, ""), true
	case at[2] == "archive":
		return made("github", owner, name, namedArchive(name, rest)), true
	case at[2] == "tarball" || at[2] == "zipball":
		return made("github", owner, name, gitRef(rest)), true
	case (at[2] == "raw" || at[2] == "blob") && len(rest) > 1:
		return inRepository("github", owner, name, rest), true
	}
	return URL{}, false
}

// inRepository is a file of a repository: a reference, which has no slash unless it is
// a full one, and the path.
func inRepository(kind, owner, name string, parts []string) URL {
	of := 1
	if len(parts) > 3 && parts[0] == "refs" {
		of = 3
	}
	p := made(kind, owner, name, gitRef(parts[:of]))
	p.Subpath = strings.Join(parts[of:], "/")
	return p
}

// codeload is what GitHub's archives redirect to.
func codeload(_ *url.URL, at []string) (URL, bool) {
	if len(at) < 4 {
		return URL{}, false
	}
	return made("github", at[0], at[1], gitRef(at[3:])), true
}

func rawGithub(_ *url.URL, at []string) (URL, bool) {
	if len(at) < 4 {
		return URL{}, false
	}
	return inRepository("github", at[0], at[1], at[2:]), true
}

// githubAPI is repos/OWNER/NAME/tarball/REF.
func githubAPI(_ *url.URL, at []string) (URL, bool) {
	if len(at) < 4 || at[0] != "repos" || at[3] != "tarball" && at[3] != "zipball" {
		return URL{}, false
	}
	return made("github", at[1], at[2], gitRef(at[4:])), true
}

// gitlab has GROUP/…/NAME, then /-/ and what is wanted of the repository.
func gitlab(_ *url.URL, at []string) (URL, bool) {
	i := slices.Index(at, "-")
	if i < 2 || len(at) < i+3 {
		return URL{}, false
	}
	group, name, rest := strings.Join(at[:i-1], "/"), at[i-1], at[i+2:]
	switch at[i+1] {
	case "archive":
		if len(rest) > 1 {
			rest = rest[:len(rest)-1] // the last one is the file
		}
		return made("gitlab", group, name, archiveRef(rest)), true
	case "releases":
		if len(rest) > 1 && rest[1] == "downloads" && rest[0] != "permalink" {
			return made("gitlab", group, name, rest[0]), true
		}
	case "raw":
		if len(rest) > 1 {
			return inRepository("gitlab", group, name, rest), true
		}
	}
	return URL{}, false
}

func bitbucket(_ *url.URL, at []string) (URL, bool) {
	switch {
	case len(at) > 3 && at[2] == "get":
		return made("bitbucket", at[0], at[1], archiveRef(at[3:])), true
	case len(at) > 4 && at[2] == "raw":
		return inRepository("bitbucket", at[0], at[1], at[3:]), true
	case len(at) > 3 && at[2] == "downloads":
		return made("bitbucket", at[0], at[1], ""), true
	}
	return URL{}, false
}

// huggingface has models, and datasets and spaces below a directory of that name.
func huggingface(_ *url.URL, at []string) (URL, bool) {
	if len(at) < 5 || at[2] != "resolve" || at[0] == "datasets" || at[0] == "spaces" {
		return URL{}, false
	}
	return made("huggingface", at[0], at[1], at[3]), true
}
