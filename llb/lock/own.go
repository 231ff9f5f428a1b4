// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"slices"
	"strings"
)

// A target may be for a platform of its own, whatever is asked for, and yet ask for other
// packages each time: a compiler for $TARGETARCH. Then the lock has it for each platform
// that is asked for, as "linux/amd64 for linux/arm64". What is the same for all is there
// once, under the target's own platform.
const whenAsked = " for "

// PlatformFor is what a lock calls a target's own platform when another one is asked for.
func PlatformFor(own, asked string) string {
	if own == asked {
		return own
	}
	return own + whenAsked + asked
}

// For is what a target was resolved to for its own platform, when another one is asked
// for; nil when that is nothing. A nil File has nothing.
func (f *File) For(target, own, asked string) *Platform {
	only, all := f.Platform(target, PlatformFor(own, asked)), f.Platform(target, own)
	switch {
	case only == nil:
		return all
	case all == nil || all == only:
		return only
	}
	found := *only
	if found.Packages == nil {
		found.Packages = all.Packages
	}
	if found.Closures == nil {
		found.Closures = all.Closures
	}
	return &found
}

// whenAskedFor is what a target was resolved to when a platform is asked for.
func (t *Target) whenAskedFor(platform string) []Platform {
	var found, always []Platform
	for _, p := range t.Platforms {
		_, asked, isFor := strings.Cut(p.Name, whenAsked)
		switch {
		case p.Name == platform, isFor && asked == platform:
			found = append(found, p)
		case !isFor:
			always = append(always, p)
		}
	}
	if len(found) > 0 {
		return found
	}
	for i := range always {
		always[i].Name = PlatformFor(always[i].Name, platform)
	}
	return always
}

// join makes one of what is the same for all platforms that were asked for.
func (t *Target) join() {
	always, only := map[string]string{}, map[string]map[string]bool{}
	for i := range t.Platforms {
		own, _, isFor := strings.Cut(t.Platforms[i].Name, whenAsked)
		switch text := t.Platforms[i].text(); {
		case !isFor:
			always[own] = text
		case only[own] == nil:
			only[own] = map[string]bool{text: true}
		default:
			only[own][text] = true
		}
	}
	var out []Platform
	for _, p := range t.Platforms {
		own, _, isFor := strings.Cut(p.Name, whenAsked)
		text, has := always[own]
		switch {
		case isFor && has && text == p.text():
			continue
		case isFor && !has && len(only[own]) == 1:
			p.Name, always[own] = own, p.text()
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Platform) int { return strings.Compare(a.Name, b.Name) })
	t.Platforms = out
}

// text is what a lock says for a platform.
func (p *Platform) text() string {
	w := &writer{}
	if p.Packages != nil {
		w.packages(p.Packages)
	}
	w.closures(p.Closures)
	return w.String()
}
