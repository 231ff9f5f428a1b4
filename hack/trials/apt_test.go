// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian"
	"github.com/strata-build/strata/internal/tree"
)

// day is one of the month in which the archives of these tests are of.
func day(n int) time.Time { return time.Date(2024, 11, n, 12, 0, 0, 0, time.UTC) }

// pgpKey makes a key on the first, which lasts for some days, or for ever.
func pgpKey(t *testing.T, days int) *openpgp.Entity {
	t.Helper()
	e, err := openpgp.NewEntity("archive", "", "archive@example.org", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return day(1) }, KeyLifetimeSecs: uint32(days * 24 * 3600),
	})
	must(t, err)
	return e
}

// clearSigned signs a text on the second.
func clearSigned(t *testing.T, text string, hash crypto.Hash, keys ...*openpgp.Entity) []byte {
	t.Helper()
	var b bytes.Buffer
	var private []*packet.PrivateKey
	for _, k := range keys {
		private = append(private, k.PrivateKey)
	}
	w, err := clearsign.EncodeMulti(&b, private, &packet.Config{DefaultHash: hash, Time: func() time.Time { return day(2) }})
	must(t, err)
	_, err = w.Write([]byte(text))
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// An aptArchive is one whose parts are as they should be until an input changes them.
type aptArchive struct {
	key, other *openpgp.Entity
	// release is the list of files without its hashes, list that of packages, and
	// hashes what the release says of it.
	release, list, hashes string
	// packed is the list as it is served, by the path below the suite.
	packed map[string][]byte
	// sign makes the file InRelease; nil signs by key.
	sign func(text string) []byte
	// now is the time, and known the date of what the lock has seen.
	now, known time.Time
	source     distro.Source
	asked      string
}

const aptURL = "http://archive.example.org/debian"

func newAptArchive(t *testing.T) *aptArchive {
	return &aptArchive{
		key: pgpKey(t, 0), other: pgpKey(t, 0), now: day(3), asked: "evil",
		release: "Origin: Example\nSuite: stable\nCodename: stable\nDate: Sat, 02 Nov 2024 10:00:00 UTC\nArchitectures: amd64\nComponents: main\n",
		list:    aptPackage("evil", "Filename", "pool/evil_1_all.deb"),
		source:  distro.Source{URIs: []string{aptURL}, Suites: []string{"stable"}, Components: []string{"main"}, Keys: "key.asc"},
	}
}

// aptPackage is a package's paragraph, with one field given.
func aptPackage(name, field, value string) string {
	fields := [][2]string{
		{"Package", name},
		{"Version", "1"},
		{"Architecture", "all"},
		{"Filename", "pool/" + name + ".deb"},
		{"Size", "100"},
		{"SHA256", strings.Repeat("a", 64)},
		{"Depends", ""},
	}
	var b strings.Builder
	for _, f := range fields {
		if f[0] == field {
			f[1] = value
		}
		if f[1] != "" {
			b.WriteString(f[0] + ": " + f[1] + "\n")
		}
	}
	return b.String() + "\n"
}

// resolve asks for a package of the archive. All that comes of it must be fetched from the archive.
func (a *aptArchive) resolve(t *testing.T) error {
	t.Helper()
	const file = "main/binary-amd64/Packages"
	if a.packed == nil {
		a.packed = map[string][]byte{file: []byte(a.list)}
	}
	if a.hashes == "" {
		a.hashes = "SHA256:\n"
		for name, data := range a.packed {
			a.hashes += fmt.Sprintf(" %x %d %s\n", sha256.Sum256(data), len(data), name)
		}
	}
	text := a.release + a.hashes
	if a.sign == nil {
		a.sign = func(text string) []byte { return clearSigned(t, text, crypto.SHA256, a.key) }
	}
	at := server{aptURL + "/dists/stable/InRelease": a.sign(text)}
	for name, data := range a.packed {
		at[aptURL+"/dists/stable/"+name] = data
	}
	var ring bytes.Buffer
	must(t, a.key.Serialize(&ring))
	source := a.source
	solution, err := debian.System{}.Resolve(t.Context(), distro.Request{
		Platform: "linux/amd64", Layers: [][]string{{a.asked}}, Sources: []*distro.Source{&source}, Base: files{}, Fetch: at, Now: a.now,
		Context: func(context.Context, string) (tree.Tree, error) { return files{"/key.asc": ring.String()}, nil },
		Known: func(string) *distro.Repository {
			if a.known.IsZero() {
				return nil
			}
			return &distro.Repository{Suite: "stable", Date: a.known}
		},
	})
	if err != nil {
		return err
	}
	for _, p := range solution.Packages {
		if got := (debian.System{}).Facts().Address(aptURL, p.Path); !within(got, aptURL) {
			t.Errorf("%s would be fetched from %s", p.Name, got)
		}
	}
	return nil
}

func apt(tries, refused, taken string, change func(t *testing.T, a *aptArchive)) input {
	return input{tries, refused, taken, func(t *testing.T, _ *box) error {
		a := newAptArchive(t)
		change(t, a)
		return a.resolve(t)
	}}
}

// aptReleases are archives whose signed list of files is odd.
func aptReleases() []input {
	sign := func(tries, refused string, sign func(t *testing.T, a *aptArchive, text string) []byte) input {
		return apt(tries, refused, "", func(t *testing.T, a *aptArchive) {
			a.sign = func(text string) []byte { return sign(t, a, text) }
		})
	}
	signed := func(t *testing.T, a *aptArchive, text string) []byte {
		return clearSigned(t, text, crypto.SHA256, a.key)
	}
	release := func(tries, refused, taken, old, new string) input {
		return apt(tries, refused, taken, func(_ *testing.T, a *aptArchive) { a.release = strings.Replace(a.release, old, new, 1) })
	}
	hashes := func(tries, refused, text string) input {
		return apt(tries, refused, "", func(_ *testing.T, a *aptArchive) { a.hashes = text })
	}
	return []input{
		apt("nothing odd", "", "it is the archive that the others are made of", func(*testing.T, *aptArchive) {}),
		sign("no signature", "it has no clear-signed text", func(_ *testing.T, _ *aptArchive, text string) []byte { return []byte(text) }),
		sign("text before the signed part", "text stands outside", func(t *testing.T, a *aptArchive, text string) []byte {
			return append([]byte("Origin: Evil\n\n"), signed(t, a, text)...)
		}),
		sign("text behind the signed part", "text stands outside", func(t *testing.T, a *aptArchive, text string) []byte {
			return append(signed(t, a, text), "Origin: Evil\n"...)
		}),
		sign("a second signed part", "text stands outside", func(t *testing.T, a *aptArchive, text string) []byte {
			return append(signed(t, a, text), signed(t, a, text)...)
		}),
		sign("a stranger's signature", "none of these keys is trusted", func(t *testing.T, a *aptArchive, text string) []byte {
			return clearSigned(t, text, crypto.SHA256, a.other)
		}),
		sign("a signature over other text", "is bad", func(t *testing.T, a *aptArchive, text string) []byte {
			return bytes.Replace(signed(t, a, text), []byte("Origin: Example"), []byte("Origin: Exempli"), 1)
		}),
		sign("a signature with SHA-1", "weaker than SHA256", func(t *testing.T, a *aptArchive, text string) []byte {
			return weakly(t, signed(t, a, text))
		}),
		sign("a signature that is cut", "does not parse", func(t *testing.T, a *aptArchive, text string) []byte {
			return cutArmor(t, signed(t, a, text))
		}),
		apt("a key that has expired", "expired", "", func(t *testing.T, a *aptArchive) { a.key, a.now = pgpKey(t, 5), day(20) }),
		apt("a key that is revoked", "revoked", "", func(t *testing.T, a *aptArchive) {
			must(t, a.key.RevokeKey(packet.KeyCompromised, "stolen", &packet.Config{Time: func() time.Time { return day(2) }}))
		}),
		release("a list that has expired", "it expired on 2024-11-02", "", "Suite:", "Valid-Until: Sat, 02 Nov 2024 12:00:00 UTC\nSuite:"),
		release("a list of next year", "isn't valid before 2099", "", "02 Nov 2024", "03 Jan 2099"),
		release("a date that is none", "", "as apt, a warning says that it has none", "Sat, 02 Nov 2024 10:00:00 UTC", "yesterday"),
		release("a date in another time zone", "", "as apt, a warning says that it has none", "UTC", "+0500"),
		release("a field twice", "stands twice", "", "Suite:", "Origin: Evil\nSuite:"),
		release("another suite than was asked for", "", "a warning says so, as apt's", "Suite: stable\nCodename: stable", "Suite: oldstable\nCodename: former"),
		apt("an older list than the lock has seen", "older than the one of", "", func(_ *testing.T, a *aptArchive) { a.known = day(3) }),
		hashes("no hashes but MD5", "weaker hashes do not count", "MD5Sum:\n 0123456789abcdef0123456789abcdef 5 main/binary-amd64/Packages\n"),
		hashes("no hashes but SHA-1", "weaker hashes do not count", "SHA1:\n 0123456789abcdef0123456789abcdef01234567 5 main/binary-amd64/Packages\n"),
		hashes("no hashes", "weaker hashes do not count", "X: y\n"),
		hashes("a hash that is too short", "is not a SHA256", "SHA256:\n abcd 5 main/binary-amd64/Packages\n"),
		hashes("a list of packages ../../x", "leads out of the suite", "SHA256:\n "+strings.Repeat("a", 64)+" 5 ../../x\n"),
		hashes("a list of packages /etc/passwd", "leads out of the suite", "SHA256:\n "+strings.Repeat("a", 64)+" 5 /etc/passwd\n"),
		hashes("a list of -1 bytes", "is not a size", "SHA256:\n "+strings.Repeat("a", 64)+" -1 main/binary-amd64/Packages\n"),
		hashes("a list of 8 EiB", "its index says 9223372036854775807 bytes", "SHA256:\n "+strings.Repeat("a", 64)+" 9223372036854775807 main/binary-amd64/Packages\n"),
		hashes("no list of the architecture", "does not seem to provide it", "SHA256:\n "+strings.Repeat("a", 64)+" 5 main/binary-arm64/Packages\n"),
	}
}

// aptLists are archives whose signed list of packages is odd.
func aptLists() []input {
	list := func(tries, refused, taken, text string) input {
		return apt(tries, refused, taken, func(_ *testing.T, a *aptArchive) { a.list = text })
	}
	field := func(tries, refused, taken, name, value string) input {
		return list(tries, refused, taken, aptPackage("evil", name, value))
	}
	packed := func(tries, refused string, pack func(t *testing.T) []byte) input {
		return apt(tries, refused, "", func(t *testing.T, a *aptArchive) {
			a.packed = map[string][]byte{"main/binary-amd64/Packages.gz": pack(t)}
		})
	}
	return []input{
		field("a package's file ../../../evil.deb", "leads out of the archive", "", "Filename", "../../../evil.deb"),
		field("a package's file pool/../../evil.deb", "leads out of the archive", "", "Filename", "pool/../../evil.deb"),
		field("a package's file of an absolute path", "", "it is a path below the archive, like all", "Filename", "/evil.deb"),
		field("a package's file on another server", "", "it is a path below the archive, like all", "Filename", "//evil.example.org/x.deb"),
		field("a package's file of another address", "", "it is a path below the archive, like all", "Filename", "http://evil.example.org/x.deb"),
		field("a package's file with a query", "can't be in one", "", "Filename", "pool/x.deb?to=evil"),
		field("a package's file with a fragment", "can't be in one", "", "Filename", "pool/x.deb#evil"),
		field("a package's file with a line's end", "can't be in one", "", "Filename", "pool/x\n .deb"),
		field("a package's file that isn't said", "has no file", "", "Filename", ""),
		field("a package without a hash", "sha256", "", "SHA256", ""),
		field("a hash that is none", "sha256", "", "SHA256", strings.Repeat("z", 64)),
		field("a package of -1 bytes", "size", "", "Size", "-1"),
		field("a package of 2^70 bytes", "size", "", "Size", "1180591620717411303424"),
		field("a name ../x", "is not a name and a version", "", "Package", "../x"),
		field("a version 1/../x", "is not a name and a version", "", "Version", "1/../x"),
		field("a terminal's commands for a version", "is not a name and a version", "", "Version", "1\x1b[2J"),
		field("a need that no one can read", "evil", "", "Depends", "a (>> "),
		field("a need of itself", "", "it is there", "Depends", "evil"),
		field("a need of 10,000 alternatives", "cannot be installed", "", "Depends", strings.TrimSuffix(numbered(10_000, "x%d | "), "| ")),
		list("a line that is no field", "is not a field", "", aptPackage("evil", "", "")+"no field\n"),
		list("a paragraph without a name", "without a Package", "", "Version: 1\n\n"),
		list("a circle of 2,000 needs", "", "each comes once", aptPackage("evil", "Depends", "x0")+circle(2000)),
		packed("20 MB of zeros", "larger than allowed", func(t *testing.T) []byte { return gzipped(t, make([]byte, 20<<20)) }),
		packed("a stream that ends early", "unexpected EOF", func(t *testing.T) []byte {
			z := gzipped(t, []byte(aptPackage("evil", "", "")))
			return z[:len(z)-9]
		}),
		packed("text behind the stream", "decompress gzip", func(t *testing.T) []byte {
			return append(gzipped(t, []byte(aptPackage("evil", "", ""))), "and more"...)
		}),
	}
}

// circle is n packages, each of which needs the next, and the last the first.
func circle(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(aptPackage(fmt.Sprintf("x%d", i), "Depends", fmt.Sprintf("x%d", (i+1)%n)))
	}
	return b.String()
}
