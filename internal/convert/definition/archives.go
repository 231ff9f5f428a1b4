// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/convert/draft"
	"github.com/strata-build/strata/internal/convert/report"
)

// Archives are the targets that say where packages come from, for "like". They are
// configured as the distribution itself has it, so that keys by address have a place.
type Archives struct {
	// Base is the image of the distribution, or empty for one of apk that has none.
	Base string
	// Debian says that it is one, and not one of apk.
	Debian bool
	// Own are the repositories that the base is configured for.
	Own []string

	targets []draft.Target
}

// Like is the image for repositories and keys, which are addresses, paths in the context,
// or both with @tag or [options] in front, as the distribution writes them.
func (a *Archives) Like(notes *report.Notes, line int, repositories, keys []string) string {
	if len(repositories) == 0 && len(keys) == 0 || slices.Equal(repositories, a.Own) && len(keys) == 0 {
		return a.Base
	}
	t := draft.Target{From: a.Base}
	if a.Debian {
		t.Layers = []draft.Layer{{Files: a.debian(notes, line, repositories, keys)}}
	} else {
		t.Layers = []draft.Layer{{Files: a.apk(notes, line, repositories, keys)}}
	}
	for i := range a.targets {
		if sameFiles(a.targets[i].Layers[0].Files, t.Layers[0].Files) {
			return "target:" + a.targets[i].Name
		}
	}
	t.Name = "archives"
	if n := len(a.targets); n > 0 {
		t.Name = fmt.Sprintf("archives-%d", n+1)
	}
	a.targets = append(a.targets, t)
	return "target:" + t.Name
}

// Targets are those that Like named.
func (a *Archives) Targets() []draft.Target { return a.targets }

func sameFiles(a, b []draft.Entry) bool {
	return slices.EqualFunc(a, b, func(x, y draft.Entry) bool {
		return x.Dest == y.Dest && x.URL == y.URL && slices.Equal(x.Sources, y.Sources) &&
			(x.Content == nil) == (y.Content == nil) && (x.Content == nil || *x.Content == *y.Content)
	})
}

var signedBy = regexp.MustCompile(`signed-by=([^\] ]+)`)

// debian is apt's configuration. A key goes where the repository looks for it: the first
// key to the first keyring that a repository names.
func (a *Archives) debian(notes *report.Notes, line int, repositories, keys []string) []draft.Entry {
	var rings []string
	for _, r := range repositories {
		for _, m := range signedBy.FindAllStringSubmatch(r, -1) {
			if !slices.Contains(rings, m[1]) {
				rings = append(rings, m[1])
			}
		}
	}
	var out []draft.Entry
	for i, key := range keys {
		dest := "/etc/apt/trusted.gpg.d/" + strings.TrimSuffix(path.Base(key), path.Ext(key)) + ".asc"
		switch {
		case i < len(rings):
			dest = rings[i]
		default:
			notes.Add(line, report.Doubt, "no repository says that %s signs it, so it may sign all", key)
		}
		out = append(out, Key(dest, key))
	}
	if len(keys) > 1 && len(rings) > 1 {
		notes.Add(line, report.Doubt, "which key is for which keyring is taken from their order")
	}
	if len(repositories) > 0 {
		out = append(out, Lines("/etc/apt/sources.list.d/archives.list", repositories))
	}
	return out
}

// apk is apk's configuration.
func (a *Archives) apk(_ *report.Notes, _ int, repositories, keys []string) []draft.Entry {
	var out []draft.Entry
	if a.Base == "" {
		out = append(out, Lines("/lib/apk/db/installed", nil))
	}
	for _, key := range keys {
		out = append(out, Key("/etc/apk/keys/"+path.Base(key), key))
	}
	if len(repositories) > 0 {
		out = append(out, Lines("/etc/apk/repositories", repositories))
	}
	return out
}

// Key is an entry for a key, which is an address or a path in the context.
func Key(dest, key string) draft.Entry {
	if strings.Contains(key, "://") {
		return draft.Entry{Dest: dest, URL: key}
	}
	return draft.Entry{Dest: dest, Sources: []string{path.Clean(key)}}
}

// Lines is a file of lines.
func Lines(dest string, all []string) draft.Entry {
	text := ""
	if len(all) > 0 {
		text = strings.Join(all, "\n") + "\n"
	}
	return draft.Entry{Dest: dest, Content: &text}
}

// Base is the name of a file in an address or a path.
func Base(address string) string { return path.Base(address) }
