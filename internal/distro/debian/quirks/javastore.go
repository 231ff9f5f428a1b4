// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import (
	"bytes"
	"cmp"
	"crypto/sha1" //nolint:gosec // it is the format's
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/strata-build/strata/internal/distro/rootdir"
)

// JavaStore is where ca-certificates-java keeps the certificates for Java.
const JavaStore = "/etc/ssl/certs/java/cacerts"

// JavaPassword is what Debian's scripts and Java's own store are sealed with.
const JavaPassword = "changeit"

// A trusted is an entry of a store: a certificate under a name, with the time at
// which it was put in.
type trusted struct {
	alias, certificate []byte // with their lengths, as they are in the file
	millis             int64  // after 1970
}

// settleJavaStore gives certificates that were put into Java's store since start
// the time 0, and all an order of its own: scripts add them in the disk's. A store of another
// format, or with another password or keys, stays as it is.
func settleJavaStore(root rootdir.Root, start time.Time) error {
	file := root.At(JavaStore)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("settle %s: %w", JavaStore, err)
	}
	entries, ok := readJavaStore(data)
	if !ok || !slices.ContainsFunc(entries, func(e trusted) bool { return e.millis >= start.UnixMilli() }) {
		return nil
	}
	for i := range entries {
		if entries[i].millis >= start.UnixMilli() {
			entries[i].millis = 0
		}
	}
	sortStore(entries)
	if err := os.WriteFile(file, writeJavaStore(entries), 0); err != nil {
		return fmt.Errorf("settle %s: %w", JavaStore, err)
	}
	return nil
}

// readJavaStore reads a keystore of the format JKS, version 2, that has nothing but
// trusted certificates: a magic number, the version, and how many entries there
// are; for each its kind, its name, its time, the certificate's type, and the
// certificate; then a digest. It reports whether the store is one.
func readJavaStore(data []byte) ([]trusted, bool) {
	if len(data) < 12+sha1.Size {
		return nil, false
	}
	body, digest := data[:len(data)-sha1.Size], data[len(data)-sha1.Size:]
	if !bytes.HasPrefix(body, []byte("\xfe\xed\xfe\xed\x00\x00\x00\x02")) || !bytes.Equal(javaDigest(body), digest) {
		return nil, false
	}
	count, rest, ok := binary.BigEndian.Uint32(body[8:]), body[12:], true
	take := func(n int) []byte {
		if !ok || n < 0 || n > len(rest) {
			ok = false
			return make([]byte, 8)
		}
		var out []byte
		out, rest = rest[:n:n], rest[n:]
		return out
	}
	// sized takes what follows its length, which has some bytes itself.
	sized := func(width int) []byte {
		all := rest
		n := 0
		for _, b := range take(width)[:width] {
			n = n<<8 | int(b)
		}
		take(n)
		return all[:len(all)-len(rest)]
	}
	var entries []trusted
	for range count {
		if !bytes.Equal(take(4), []byte{0, 0, 0, 2}) || !ok {
			return nil, false
		}
		e := trusted{alias: sized(2)}
		e.millis = int64(binary.BigEndian.Uint64(take(8)))
		e.certificate = append(slices.Clone(sized(2)), sized(4)...)
		entries = append(entries, e)
	}
	return entries, ok && len(rest) == 0
}

func writeJavaStore(entries []trusted) []byte {
	out := binary.BigEndian.AppendUint32([]byte("\xfe\xed\xfe\xed\x00\x00\x00\x02"), uint32(len(entries)))
	for _, e := range entries {
		out = append(append(out, 0, 0, 0, 2), e.alias...)
		out = append(binary.BigEndian.AppendUint64(out, uint64(e.millis)), e.certificate...)
	}
	return append(out, javaDigest(out)...)
}

// AddToJavaStore puts the certificates of some files into the list, each by the file's
// name, as the program of ca-certificates-java does.
func AddToJavaStore(root rootdir.Root, files []string) error {
	entries, err := storeIn(root)
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(root.At(file))
		if err != nil {
			return fmt.Errorf("read certificate: %w", err)
		}
		block, _ := pem.Decode(text)
		if block == nil {
			return fmt.Errorf("read certificate %s: it isn't PEM", file)
		}
		alias := strings.ToLower("debian:" + path.Base(file))
		e := trusted{alias: append(binary.BigEndian.AppendUint16(nil, uint16(len(alias))), alias...)}
		e.certificate = append([]byte("\x00\x05X.509"), binary.BigEndian.AppendUint32(nil, uint32(len(block.Bytes)))...)
		e.certificate = append(e.certificate, block.Bytes...)
		entries = slices.DeleteFunc(entries, func(old trusted) bool { return bytes.Equal(old.alias, e.alias) })
		entries = append(entries, e)
	}
	sortStore(entries)
	return root.Write(JavaStore, string(writeJavaStore(entries)), 0o644)
}

// JavaNames are the names of the certificates in the list.
func JavaNames(root rootdir.Root) ([]string, error) {
	entries, err := storeIn(root)
	var names []string
	for _, e := range entries {
		names = append(names, string(e.alias[2:]))
	}
	return names, err
}

// storeIn are the entries of the list; none if there is no list.
func storeIn(root rootdir.Root) ([]trusted, error) {
	data, err := os.ReadFile(root.At(JavaStore))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries, ok := readJavaStore(data)
	if !ok {
		return nil, fmt.Errorf("read %s: it is of another format, or has another password", JavaStore)
	}
	return entries, nil
}

func sortStore(entries []trusted) {
	slices.SortFunc(entries, func(a, b trusted) int {
		return cmp.Or(bytes.Compare(a.alias, b.alias), bytes.Compare(a.certificate, b.certificate))
	})
}

// javaDigest seals a store: SHA-1 of the password in UTF-16, words that the format has, and the
// content.
func javaDigest(body []byte) []byte {
	h := sha1.New() //nolint:gosec // it is the format's
	for _, unit := range utf16.Encode([]rune(JavaPassword)) {
		_, _ = h.Write([]byte{byte(unit >> 8), byte(unit)})
	}
	_, _ = h.Write([]byte("Mighty Aphrodite"))
	_, _ = h.Write(body)
	return h.Sum(nil)
}
