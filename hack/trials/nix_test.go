// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/helper"
	"github.com/strata-build/strata/internal/nix/resolve"
)

const (
	cacheURL  = "http://cache.example.org"
	storeBase = "0000000000000000000000000000000a-evil"
	storePath = "/nix/store/" + storeBase
)

// cacheKey signs what a cache says. It is the same each time.
func cacheKey() ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("cache"))
	return ed25519.NewKeyFromSeed(seed[:])
}

// described is what a cache says of a path, with its fields changed and then signed.
func described(change func(text string) string) string {
	text := "StorePath: " + storePath + "\nURL: nar/x.nar.xz\nCompression: xz\nNarHash: sha256:" + strings.Repeat("0", 52) +
		"\nNarSize: 100\nFileHash: sha256:" + strings.Repeat("0", 52) + "\nFileSize: 50\nReferences: \n"
	if change != nil {
		text = change(text)
	}
	info, err := resolve.ParseNarinfo([]byte(text))
	if err != nil {
		return text // it won't come so far that its signature counts
	}
	return text + "Sig: cache:" + base64.StdEncoding.EncodeToString(ed25519.Sign(cacheKey(), []byte(info.Fingerprint()))) + "\n"
}

// lookUp asks a cache for the path. What it gives must be fetched from there, or with TLS.
func lookUp(t *testing.T, text string) error {
	t.Helper()
	g, err := resolve.Closure(t.Context(), []string{storePath}, resolve.Options{
		Fetcher: server{cacheURL + "/" + storeBase[:32] + ".narinfo": []byte(text)}, Caches: []string{cacheURL},
		Keys: []resolve.Key{{Name: "cache", Value: cacheKey().Public().(ed25519.PublicKey)}},
	})
	if err != nil {
		return err
	}
	for _, info := range g.Paths {
		if !strings.HasPrefix(info.URL, cacheURL+"/") && !strings.HasPrefix(info.URL, "https://") {
			t.Errorf("the archive would be fetched from %s", info.URL)
		}
	}
	return nil
}

// narinfos are what a cache says of a path, and shouldn't.
func narinfos() []input {
	of := func(tries, refused, taken string, change func(text string) string) input {
		return input{tries, refused, taken, func(t *testing.T, _ *box) error { return lookUp(t, described(change)) }}
	}
	replaced := func(tries, refused, taken, old, new string) input {
		return of(tries, refused, taken, func(text string) string { return strings.Replace(text, old, new, 1) })
	}
	after := func(tries, refused, old, new string) input {
		return input{tries, refused, "", func(t *testing.T, _ *box) error { return lookUp(t, strings.Replace(described(nil), old, new, 1)) }}
	}
	return []input{
		of("nothing odd", "", "it is the description that the others are made of", nil),
		replaced("another path than was asked for", "the cache has", "", storeBase, "0000000000000000000000000000000b-evil"),
		replaced("a path that leaves the store", "is not a store path", "", storePath, "/nix/store/../../etc/passwd"),
		replaced("a name with a slash", "is not a store path", "", storeBase, storeBase+"/x"),
		replaced("a reference that leaves the store", "in References", "", "References: ", "References: ../../etc"),
		replaced("a deriver that leaves the store", "in Deriver", "", "References: ", "Deriver: ../x\nReferences: "),
		replaced("a reference that no cache has", "which "+storePath+" refers to", "", "References: ", "References: 0000000000000000000000000000000b-x"),
		replaced("a size of -1", "is not a number of bytes", "", "NarSize: 100", "NarSize: -1"),
		replaced("a size of 2^70", "is not a number of bytes", "", "NarSize: 100", "NarSize: 1180591620717411303424"),
		replaced("no size", "is empty", "", "NarSize: 100", "NarSize: 0"),
		replaced("a hash that is none", "NarHash", "", strings.Repeat("0", 52), "x"),
		replaced("a field twice", "it is there twice", "", "NarSize: 100", "NarSize: 100\nNarSize: 200"),
		replaced("an archive of another host without TLS", "another host without https", "", "nar/x.nar.xz", "http://evil.example.org/x"),
		replaced("an archive of another host with TLS", "", "a URL isn't signed, the hash is", "nar/x.nar.xz", "https://mirror.example.org/x"),
		replaced("an archive that is a file of the machine", "none that can be fetched", "", "nar/x.nar.xz", "file:///etc/passwd"),
		replaced("an archive with a password in its address", "none that can be fetched", "", "nar/x.nar.xz", "https://a:b@mirror.example.org/x"),
		replaced("a compression that isn't known", "unknown compression", "", "Compression: xz", "Compression: evil"),
		replaced("a compression that steps have for trees", "unknown compression", "", "Compression: xz", "Compression: modes"),
		after("a signature over another hash", "signature", "NarSize: 100", "NarSize: 101"),
		after("a stranger's signature", "signature", "Sig: cache:", "Sig: stranger:"),
		after("a signature that is none", "signature", "Sig: cache:", "Sig: cache:x"),
		after("no signature", "signature", "Sig: ", "X: "),
	}
}

// narOf writes strings as Nix archives have them.
func narOf(words ...string) []byte {
	var b bytes.Buffer
	for _, w := range words {
		_ = binary.Write(&b, binary.LittleEndian, uint64(len(w)))
		b.WriteString(w)
		b.Write(make([]byte, -len(w)&7))
	}
	return b.Bytes()
}

// unpackNar hands an archive to the step helper, with the hash that it has.
func unpackNar(t *testing.T, b *box, data []byte, change func(item *call.Item)) error {
	t.Helper()
	sum := sha256.Sum256(data)
	item := call.Item{Name: storeBase, Hash: hex.EncodeToString(sum[:]), Size: int64(len(data)), Format: "none"}
	item.Input = b.file(t, "x.nar", data)
	if change != nil {
		change(&item)
	}
	var stderr strings.Builder
	args := call.Store{Dir: "/nix/store", Items: []call.Item{item}, Out: b.out}.Args()
	if status := helper.Main(args, &stderr, &stderr); status != 0 {
		return errors.New(stderr.String())
	}
	return nil
}

// nars are archives of store paths.
func nars() []input {
	const magic = "nix-archive-1"
	file := []string{"(", "type", "regular", "contents", "x", ")"}
	entry := func(name string, node ...string) []string {
		return append(append([]string{"entry", "(", "name", name, "node"}, node...), ")")
	}
	directory := func(entries ...[]string) []byte {
		words := []string{magic, "(", "type", "directory"}
		for _, e := range entries {
			words = append(words, e...)
		}
		return narOf(append(words, ")")...)
	}
	of := func(tries, refused, taken string, data []byte) input {
		return input{tries, refused, taken, func(t *testing.T, b *box) error { return unpackNar(t, b, data, nil) }}
	}
	item := func(tries, refused string, change func(item *call.Item)) input {
		return input{tries, refused, "", func(t *testing.T, b *box) error { return unpackNar(t, b, directory(entry("a", file...)), change) }}
	}
	symlink := func(target string) []string { return []string{"(", "type", "symlink", "target", target, ")"} }
	huge := append(narOf(magic, "(", "type", "regular", "contents"), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)
	deep := []string{magic}
	for range 600 {
		deep = append(deep, "(", "type", "directory", "entry", "(", "name", "d", "node")
	}
	return []input{
		of("an archive with nothing odd", "", "it is there", directory(entry("a", file...), entry("b", symlink("/etc/shadow")...))),
		of("a name ../x", "can't be called", "", directory(entry("../x", file...))),
		of("a name ..", "can't be called", "", directory(entry("..", file...))),
		of("a name that is empty", "can't be called", "", directory(entry("", file...))),
		of("a name with a zero byte", "can't be called", "", directory(entry("a\x00b", file...))),
		of("a name of 300 letters", "a string has 300 bytes", "", directory(entry(strings.Repeat("a", 300), file...))),
		of("a deletion in the image", "mean a deletion", "", directory(entry(".wh.x", file...))),
		of("names out of order", "comes after", "", directory(entry("b", file...), entry("a", file...))),
		of("a name twice, first as a link that leads out", "comes after", "", directory(entry("a", symlink("/etc")...), entry("a", file...))),
		of("a file below a link", "no valid Nix archive", "", directory(entry("a", append(symlink("/etc")[:5], entry("x", file...)...)...))),
		of("a link to nothing", "can't point to", "", directory(entry("a", symlink("")...))),
		of("a link of 5,000 letters", "a string has 5000 bytes", "", directory(entry("a", symlink(strings.Repeat("a", 5000))...))),
		of("a device", "is not a type of file", "", directory(entry("a", "(", "type", "device", ")"))),
		of("600 directories in each other", "within each other", "", narOf(deep...)),
		of("a file of 8 EiB", "a file has", "", huge),
		of("a file that ends early", "unexpected EOF", "", narOf(magic, "(", "type", "regular", "contents", "x")),
		of("bytes behind its end", "bytes follow its end", "", append(directory(entry("a", file...)), "more bytes"...)),
		of("padding that says something", "padding isn't zero", "", bytes.Replace(directory(entry("a", file...)), []byte("x\x00\x00\x00\x00\x00\x00\x00"), []byte("x\x00\x00\x00\x00\x00\x00\x01"), 1)),
		of("another format", "stands where", "", narOf("nix-archive-2", "(", ")")),
		item("another hash than was vouched for", "it is not what was announced", func(item *call.Item) { item.Hash = strings.Repeat("0", 64) }),
		item("another size than was vouched for", "another size", func(item *call.Item) { item.Size++ }),
		item("another compression than is said", "decompress xz", func(item *call.Item) { item.Format = "xz" }),
		{"10,000 times its size, packed by gzip", "another size", "", func(t *testing.T, b *box) error {
			big := append(narOf(magic, "(", "type", "regular", "contents"), binary.LittleEndian.AppendUint64(nil, 2<<20)...)
			z := gzipped(t, append(big, make([]byte, 2<<20)...))
			return unpackNar(t, b, z, func(item *call.Item) { item.Format, item.Size = "gzip", 8<<10 })
		}},
		item("a name ../../x for the path itself", "can't be", func(item *call.Item) { item.Name = "../../x" }),
		item("a name with a comma for the path itself", "has no valid hash or size", func(item *call.Item) { item.Name = "a,b" }),
	}
}
