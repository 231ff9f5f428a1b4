// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/nix/resolve"
	"github.com/strata-build/strata/internal/testenv"
)

// cacheFiles is a binary cache that a test can change, by the names below its
// address.
type cacheFiles map[string][]byte

func readCache(t *testing.T, dir string) cacheFiles {
	t.Helper()
	c := cacheFiles{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			c[strings.TrimPrefix(p, dir)], err = os.ReadFile(p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func narinfo(p string) string { return "/" + path.Base(p)[:32] + ".narinfo" }

// set changes a line of a path's narinfo.
func (c cacheFiles) set(p, key, value string) {
	line := regexp.MustCompile(`(?m)^` + key + `: .*$`)
	c[narinfo(p)] = line.ReplaceAll(c[narinfo(p)], []byte(key+": "+value))
}

// get reads a line of a path's narinfo.
func (c cacheFiles) get(p, key string) string {
	_, rest, _ := strings.Cut("\n"+string(c[narinfo(p)]), "\n"+key+": ")
	value, _, _ := strings.Cut(rest, "\n")
	return value
}

// archive is the file with a path's archive.
func (c cacheFiles) archive(p string) string { return "/" + c.get(p, "URL") }

// replace puts something else in the place of an archive, and says so where
// nothing is signed.
func (c cacheFiles) replace(p string, data []byte) {
	c[c.archive(p)] = data
	c.set(p, "FileHash", "sha256:"+digest.FromBytes(data).Encoded())
	c.set(p, "FileSize", fmt.Sprint(len(data)))
}

// sign makes what was changed pass for true, as whoever has the key can.
func (c cacheFiles) sign(t *testing.T, store *testenv.NixStore, p string) {
	t.Helper()
	name, encoded, _ := strings.Cut(strings.TrimSpace(read(t, store.SecretFile)), ":")
	secret, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	info, err := resolve.ParseNarinfo(c[narinfo(p)])
	if err != nil {
		t.Fatal(err)
	}
	c.set(p, "Sig", name+":"+base64.StdEncoding.EncodeToString(ed25519.Sign(secret, []byte(info.Fingerprint()))))
}

// TestDerivationRefuses builds from caches that lie. Each time there is one clear
// error at the line that asks for the path, and a sound cache afterwards
// gives a sound image.
func TestDerivationRefuses(t *testing.T) {
	h, store := newHouse(t), testenv.Nix(t)
	find := func(name string) string {
		for _, p := range store.Paths {
			if strings.HasSuffix(p, "-"+name) {
				return p
			}
		}
		t.Fatalf("no path is called %s", name)
		return ""
	}
	libc, settings, names := find("libc-1.0"), find("settings.conf"), find("names")
	for _, tc := range []struct {
		name   string
		change func(c cacheFiles)
		want   string
	}{
		{
			"a path that is not there", func(c cacheFiles) { delete(c, narinfo(libc)) },
			"find " + libc + " (which " + find("shell-5.2") + " refers to): in CACHE: fetch CACHE" + narinfo(libc) + ": not found",
		},
		{
			"no signature", func(c cacheFiles) { c[narinfo(libc)] = bytes.Split(c[narinfo(libc)], []byte("Sig:"))[0] },
			"in CACHE: no valid signature: it has none at all, and trusted are strata.example-1",
		},
		{
			"another size", func(c cacheFiles) { c.set(libc, "NarSize", "1") },
			"in CACHE: no valid signature: it has signatures by strata.example-1, and trusted are strata.example-1",
		},
		{
			"another path", func(c cacheFiles) { c[narinfo(libc)] = c[narinfo(settings)] },
			"in CACHE: the cache has " + settings + " for that hash",
		},
		{
			"no narinfo", func(c cacheFiles) { c[narinfo(libc)] = []byte("<html>") },
			`in CACHE: no valid narinfo: "<html>" isn't a key and a value`,
		},
		{"a reference out of the closure", func(c cacheFiles) {
			c.set(settings, "References", path.Base(find("app-0.1")[:43])+"-gone")
			c.sign(t, store, settings)
		}, "-gone (which " + settings + " refers to): in CACHE: the cache has "},
		{"a circle", func(c cacheFiles) {
			c.set(libc, "References", path.Base(find("shell-5.2")))
			c.sign(t, store, libc)
		}, "they refer to each other in a circle"},
		{
			"another archive", func(c cacheFiles) { c[c.archive(settings)] = c[c.archive(libc)] },
			regexp.QuoteMeta("unpack "+path.Base(settings)+": CACHE/nar/") + `\S+ is not what the cache announced`,
		},
		{"no archive", func(c cacheFiles) {
			c.replace(names, []byte("never fetched"))
			delete(c, c.archive(names))
		}, regexp.QuoteMeta("fetch "+path.Base(names)+": CACHE/nar/") + `\S+ answers with status 404`},
		{
			"another archive with its own hash", func(c cacheFiles) { c.replace(settings, c[c.archive(find("link"))]) },
			"unpack " + settings + ": it has another size than announced: ",
		},
		{
			"an archive that is cut", func(c cacheFiles) { c.replace(libc, c[c.archive(libc)][:1000]) },
			"unpack " + libc + ": no valid Nix archive: it is cut short: unexpected EOF",
		},
		{
			"an archive with more", func(c cacheFiles) { c.replace(libc, append(bytes.Clone(c[c.archive(libc)]), 0)) },
			"unpack " + libc + `: it has another size than announced: more than \d+ bytes`,
		},
		{"a bomb", func(c cacheFiles) {
			var b bytes.Buffer
			w, _ := zstd.NewWriter(&b)
			_, _ = w.Write(make([]byte, 64<<20))
			_ = w.Close()
			c.replace(libc, b.Bytes())
			c.set(libc, "Compression", "zstd")
		}, "unpack " + libc + ": no valid Nix archive"},
		{
			"an unknown compression", func(c cacheFiles) { c.set(libc, "Compression", "br") },
			`in Compression: unknown compression "br"; known are none, gzip, bzip2, xz, zstd`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := readCache(t, filepath.Join(store.Dir, "cache-none"))
			tc.change(c)
			server := testenv.FileServer(t, c)
			dir := directory(t, map[string]string{"strata.yaml": fromCache(store, server.URL)})
			for _, by := range []string{"source", "step"} {
				got := h.build(t, "--progress=quiet", "--build-arg=STRATA_FETCH="+by, "-o", "type=oci,dest="+filepath.Join(dir, "image.tar"), dir)
				text := strings.ReplaceAll(got.Stderr, server.URL, "CACHE")
				ok, err := regexp.MatchString(loosely(tc.want), text)
				if err != nil {
					t.Fatal(err)
				}
				if got.Code != 1 && got.Code != 2 || !ok || !strings.Contains(text, "strata.yaml:") || strings.Contains(text, "strata-step") || strings.Contains(text, "/dev/.strata") {
					t.Errorf("%s: exit status %d\n%s\nwant %s", by, got.Code, text, tc.want)
				}
				if _, err := os.Stat(filepath.Join(dir, "image.tar")); err == nil {
					t.Errorf("%s: there is an image", by)
				}
			}
		})
	}
	server := testenv.FileServer(t, readCache(t, filepath.Join(store.Dir, "cache-none")))
	checkStore(t, store, h.buildLayout(t, fromCache(store, server.URL)))
}

// loosely quotes a text for a regular expression, unless it is one.
func loosely(text string) string {
	if strings.Contains(text, `\`) {
		return text
	}
	return regexp.QuoteMeta(text)
}
