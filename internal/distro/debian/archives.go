// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/index"
	"github.com/strata-build/strata/internal/distro/login"
)

// archive is one suite of a Debian archive.
type archive struct {
	id         string
	uris       []string
	suite      string
	components []string
	// architectures are those whose packages count; all that there are when it's empty.
	architectures []string
	// source is where the build file gives it, or configured where the base does.
	source     *distro.Source
	configured *index.Source
	// signers are fingerprints; when there are any, no other keys count.
	signers []string
	// everValid says that the archive's time limit doesn't count.
	everValid bool
	// undated says that neither its date nor the limit count.
	undated bool
	// trusted says that the build file takes it without a signature.
	trusted bool
	// release is nil where the archive has none and is trusted.
	release *index.Release
	// skipped are the lists that it doesn't have and that are left out, in apt's words.
	skipped []string
}

// archivesFor are those that the build file gives, or those that the base is
// configured for.
func archivesFor(ctx context.Context, r *distro.Request, b *base, architectures []string) ([]*archive, error) {
	if len(r.Sources) > 0 {
		return given(r.Sources)
	}
	configured, err := b.sources(ctx, architectures)
	if err != nil {
		return nil, err
	}
	var found []*archive
	for i := range configured {
		found = append(found, configuredArchives(&configured[i])...)
	}
	if len(found) == 0 && !r.OnlyFiles() {
		return nil, distro.NoArchives(b.Configured)
	}
	for _, a := range found {
		if _, err := distro.ParseAddresses(strings.Join(a.uris, " ")); err != nil {
			return nil, fmt.Errorf("read the package sources of %s: %w", b.Name, err)
		}
	}
	return named(found), nil
}

// named gives archives their ids: the suite, with a number where that would be
// the same twice.
func named(archives []*archive) []*archive {
	names := make([]string, len(archives))
	for i, a := range archives {
		names[i] = cmp.Or(strings.Trim(a.suite, "./"), "flat")
	}
	for i, id := range distro.UniqueIDs(names) {
		archives[i].id = id
	}
	return archives
}

// given are the archives of the build file.
func given(sources []*distro.Source) ([]*archive, error) {
	var out []*archive
	seen := map[string]bool{}
	for _, s := range sources {
		if len(s.Suites) == 0 {
			return nil, &distro.Error{Source: s, Err: errors.New("a deb repository needs `suites`")}
		}
		for _, suite := range s.Suites {
			if len(s.Components) == 0 && !strings.HasSuffix(suite, "/") {
				return nil, &distro.Error{Source: s, Err: fmt.Errorf("the suite %s needs `components`, main for example", suite)}
			}
			if key := fmt.Sprint(s.URIs, suite, s.Components); !seen[key] {
				seen[key] = true
				out = append(out, &archive{uris: s.URIs, suite: suite, components: s.Components, source: s, everValid: s.Snapshot, trusted: s.Trusted})
			}
		}
	}
	return named(out), nil
}

// configuredArchives are what a source of the base stands for.
func configuredArchives(s *index.Source) []*archive {
	var out []*archive
	for _, suite := range s.Suites {
		a := &archive{uris: login.Without(s.URIs...), suite: suite, components: s.Components, architectures: s.Architectures, configured: s}
		a.everValid, a.undated = s.Options["check-valid-until"] == "no", s.Options["check-date"] == "no"
		for _, key := range s.SignedBy {
			if !strings.HasPrefix(key, "/") {
				a.signers = append(a.signers, key)
			}
		}
		out = append(out, a)
	}
	return out
}

// Repositories are the suites of the build file's archives.
func (System) Repositories(sources []*distro.Source) ([]distro.Repository, error) {
	archives, err := given(sources)
	out := make([]distro.Repository, 0, len(archives))
	for _, a := range archives {
		out = append(out, a.repository())
	}
	return out, err
}

// repository is the archive as all systems say it.
func (a *archive) repository() distro.Repository {
	r := distro.Repository{
		ID: a.id, URIs: a.uris, Given: a.source != nil, Trusted: a.trusted, Suite: a.suite, Components: a.components, Distribution: a.distribution(),
	}
	if a.release != nil {
		r.Date, r.Signers = a.release.Date, a.release.Signers
	}
	return r
}

// warnings are about what apt warns of in an archive's Release.
func (a *archive) warnings() []distro.Warning {
	var out []distro.Warning
	for _, text := range a.skipped {
		out = append(out, distro.Warning{Text: fmt.Sprintf("archive %s: %s", a.id, text)})
	}
	if a.release == nil {
		return out
	}
	if a.release.Date.IsZero() && !a.undated {
		out = append(out, distro.Warning{Text: fmt.Sprintf("archive %s: its Release file has no Date, or one that isn't a time in UTC, so that an older one can't be told from it", a.id)})
	}
	if !a.release.IsOf(a.suite) {
		out = append(out, distro.Warning{Text: fmt.Sprintf("archive %s: its Release file is that of %s (%s), and %s was asked for; is it the right address?",
			a.id, cmp.Or(a.release.Suite, "no suite"), cmp.Or(a.release.Codename, "no code name"), a.suite)})
	}
	return out
}

// distribution is what the packages are made for, such as debian-12; empty when
// the archive doesn't say.
func (a *archive) distribution() string {
	if a.release == nil || a.release.Origin == "" {
		return ""
	}
	name := strings.ToLower(strings.ReplaceAll(a.release.Origin, " ", "-"))
	version := a.release.Version
	if name == "debian" {
		version, _, _ = strings.Cut(version, ".")
	}
	if version == "" {
		return name
	}
	return name + "-" + version
}

// Addresses adds the public snapshots of Debian and Ubuntu archives.
func (System) Addresses(r distro.Repository) []string {
	out := append([]string{}, r.URIs...)
	if r.Date.IsZero() {
		return out
	}
	seen := map[string]bool{}
	for _, uri := range r.URIs {
		if at := snapshot(uri, r.Date); at != "" && !seen[at] {
			seen[at] = true
			out = append(out, at)
		}
	}
	return out
}

// snapshot is where the archive at an address can be had as it was; empty where
// that isn't kept.
func snapshot(uri string, date time.Time) string {
	stamp := date.UTC().Format("20060102T150405Z")
	switch name := path.Base(strings.TrimSuffix(uri, "/")); name {
	case "debian", "debian-security":
		return "https://snapshot.debian.org/archive/" + name + "/" + stamp
	case "ubuntu":
		return "https://snapshot.ubuntu.com/ubuntu/" + stamp
	}
	return ""
}
