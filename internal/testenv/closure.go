// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/strata-build/strata/internal/nix/nar"
)

// MadeClosure is a closure of any size that no Nix made, with a binary cache.
type MadeClosure struct {
	// Root is the store path that refers to all others.
	Root string
	// Cache has the files of the cache, as FileServer takes them.
	Cache map[string][]byte
	// Key is the public key of its signatures.
	Key string
	// Bytes is the size of all archives, not packed.
	Bytes int64
	// Paths are the store paths below the root by their indices, and Leaves the
	// indices of those that only the root refers to.
	Paths  []string
	Leaves []int

	files map[string]map[string]string
}

// MakeClosure makes n paths below a root. Each refers to the first one and to some
// before it, and its name follows from those, so that a path with a salt is a new
// one, as all are that refer to it. Salted is the index of such a path.
func MakeClosure(t testing.TB, n, salted int, salt string) *MadeClosure {
	t.Helper()
	seed := sha256.Sum256([]byte("a key"))
	secret := ed25519.NewKeyFromSeed(seed[:])
	c := &MadeClosure{
		Cache: map[string][]byte{"/nix-cache-info": []byte("StoreDir: /nix/store\n")},
		Key:   "made-1:" + base64.StdEncoding.EncodeToString(secret.Public().(ed25519.PublicKey)),
		files: map[string]map[string]string{},
	}
	var paths []string
	used := map[string]bool{}
	for i := range n {
		var refs []string
		for _, j := range []int{0, i * 7919 % max(i, 1), (i*7919 + 104729) % max(i, 1), (i*7919 + 209458) % max(i, 1)} {
			if j < i {
				refs = append(refs, paths[j])
				used[paths[j]] = true
			}
		}
		files := map[string]string{"lib/data": numbers(i*1_000_000, 1000+(i*i*7919+13)%60_000), "bin/run": "#!/bin/sh\n"}
		if i == salted {
			files["lib/salt"] = salt
		}
		paths = append(paths, c.add(t, secret, fmt.Sprintf("pkg%d-1.0", i), files, refs))
	}
	c.Paths = paths
	for i, p := range paths {
		if !used[p] {
			c.Leaves = append(c.Leaves, i)
		}
	}
	c.Root = c.add(t, secret, "app-1.0", map[string]string{"bin/app": strings.Join(paths, "\n")}, paths)
	return c
}

// numbers is a text that compresses as texts do.
func numbers(from, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintln(&b, from+i)
	}
	return b.String()
}

// add adds a path with files in its two directories.
func (c *MadeClosure) add(t testing.TB, secret ed25519.PrivateKey, name string, files map[string]string, refs []string) string {
	t.Helper()
	const digits = "0123456789abcdfghijklmnpqrsvwxyz"
	sum := sha256.Sum256([]byte(fmt.Sprint(name, files, refs)))
	base := make([]byte, 32)
	for i := range base {
		base[i] = digits[sum[i]%32]
	}
	p := "/nix/store/" + string(base) + "-" + name
	c.files[path.Base(p)] = files
	archive := archiveOf(t, files)
	c.Bytes += int64(len(archive))
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(archive); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	refs = unique(refs)
	hash := "sha256:" + base32(sha256.Sum256(archive))
	fingerprint := fmt.Sprintf("1;%s;%s;%d;%s", p, hash, len(archive), strings.Join(refs, ","))
	signature := base64.StdEncoding.EncodeToString(ed25519.Sign(secret, []byte(fingerprint)))
	for i := range refs {
		refs[i] = path.Base(refs[i])
	}
	file := base32(sha256.Sum256(packed.Bytes()))
	c.Cache["/nar/"+file] = packed.Bytes()
	c.Cache["/"+string(base)+".narinfo"] = fmt.Appendf(nil,
		"StorePath: %s\nURL: nar/%s\nCompression: zstd\nFileHash: sha256:%s\nFileSize: %d\nNarHash: %s\nNarSize: %d\nReferences: %s\nSig: made-1:%s\n",
		p, file, file, packed.Len(), hash, len(archive), strings.Join(refs, " "), signature)
	return p
}

// archiveOf is the Nix archive of files in directories bin and lib.
func archiveOf(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := nar.NewWriter(&b)
	steps := []error{w.Write(nar.Entry{Type: nar.Directory}, nil)}
	for _, dir := range []string{"bin", "lib"} {
		steps = append(steps, w.Write(nar.Entry{Type: nar.Directory, Name: dir}, nil))
		for _, name := range []string{"app", "data", "run", "salt"} {
			if text, ok := files[dir+"/"+name]; ok {
				e := nar.Entry{Type: nar.Regular, Name: name, Executable: dir == "bin", Size: int64(len(text))}
				steps = append(steps, w.Write(e, strings.NewReader(text)))
			}
		}
		steps = append(steps, w.Write(nar.Entry{Type: nar.Leave}, nil))
	}
	for _, err := range append(steps, w.Write(nar.Entry{Type: nar.Leave}, nil), w.Close()) {
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// WriteStore writes the paths as directories into dir, and removes others.
func (c *MadeClosure) WriteStore(t testing.TB, dir string) {
	t.Helper()
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if c.files[e.Name()] == nil {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, files := range c.files {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			continue
		}
		for file, text := range files {
			to := filepath.Join(dir, name, file)
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(to, []byte(text), 0o555); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// unique sorts and drops doubles.
func unique(all []string) []string {
	all = slices.Sorted(slices.Values(all))
	return slices.Compact(all)
}

// base32 writes a hash as Nix does.
func base32(sum [32]byte) string {
	const digits = "0123456789abcdfghijklmnpqrsvwxyz"
	out := make([]byte, 52)
	for i := range out {
		bit := (len(out) - 1 - i) * 5
		v := int(sum[bit/8]) >> (bit % 8)
		if bit/8+1 < len(sum) {
			v |= int(sum[bit/8+1]) << (8 - bit%8)
		}
		out[i] = digits[v&31]
	}
	return string(out)
}
