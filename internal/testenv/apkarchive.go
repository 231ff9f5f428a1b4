// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // it is apk's format
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// APK is a package of apk's format 2 that a test makes up.
type APK struct {
	Name, Version string
	// Arch is "noarch" when it is empty.
	Arch string
	// Info are further lines of .PKGINFO, such as "depend = musl".
	Info []string
	// Files are contents by their paths without a leading slash; one that ends in a
	// slash is a directory, and "-> target" makes a link. What begins with #! can be run.
	Files map[string]string
	// Headers changes headers of Files before they are written, by their paths.
	Headers map[string]func(*tar.Header)
	// Scripts are by apk's names, such as post-install.
	Scripts map[string]string
	// Data is the segment of files in place of one with Files.
	Data []byte
}

// APKArchive is a signed archive of apk packages on 127.0.0.1.
type APKArchive struct {
	// URL is the archive's address, as a line of /etc/apk/repositories.
	URL string
	// Dir is the directory that is served.
	Dir string
	// KeyName is the name of the key's file, and Key is the key in PEM.
	KeyName string
	Key     []byte
	// Recorder notes what was asked for.
	*Recorder

	key     *rsa.PrivateKey
	records map[string][]string // by architecture
}

// NewAPKArchive serves an archive of packages until the test ends.
func NewAPKArchive(t testing.TB, packages ...APK) *APKArchive {
	t.Helper()
	a := NewAPKKey(t)
	a.Dir = t.TempDir()
	a.Add(t, packages...)
	a.Recorder = &Recorder{next: http.FileServer(http.Dir(a.Dir))}
	a.URL = "http://" + serve(t, a.Recorder)
	return a
}

// NewAPKKey makes an archive that has nothing but a key.
func NewAPKKey(t testing.TB) *APKArchive {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return &APKArchive{
		KeyName: "archive@example.org-5f5f5f5f.rsa.pub", key: key, records: map[string][]string{},
		Key: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
	}
}

// Add puts packages into the archive and signs it again. Those without an
// architecture are in each.
func (a *APKArchive) Add(t testing.TB, packages ...APK) {
	t.Helper()
	for i := range packages {
		p := &packages[i]
		file, record := a.Build(t, p)
		for _, arch := range []string{"x86_64", "aarch64"} {
			if p.Arch != "" && p.Arch != arch {
				continue
			}
			dir := filepath.Join(a.Dir, arch)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, p.Name+"-"+p.Version+".apk"), file, 0o644); err != nil {
				t.Fatal(err)
			}
			a.records[arch] = append(a.records[arch], record)
		}
	}
	for arch, records := range a.records {
		index := a.Index(t, strings.Join(records, "\n"))
		if err := os.WriteFile(filepath.Join(a.Dir, arch, "APKINDEX.tar.gz"), index, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Index packs and signs the text of an index.
func (a *APKArchive) Index(t testing.TB, text string) []byte {
	t.Helper()
	body := packSegment(t, true, tarEntry{name: "DESCRIPTION", content: "v1"}, tarEntry{name: "APKINDEX", content: text})
	return append(a.sign(t, body), body...)
}

func (a *APKArchive) sign(t testing.TB, signed []byte) []byte {
	t.Helper()
	sum := sha1.Sum(signed) //nolint:gosec // it is apk's format
	signature, err := rsa.SignPKCS1v15(nil, a.key, crypto.SHA1, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return packSegment(t, false, tarEntry{name: ".SIGN.RSA." + a.KeyName, content: string(signature)})
}

// Build makes the package's file and its record in an index.
func (a *APKArchive) Build(t testing.TB, p *APK) (file []byte, record string) {
	t.Helper()
	data := p.Data
	if data == nil {
		data = p.data(t)
	}
	arch := p.Arch
	if arch == "" {
		arch = "noarch"
	}
	sum := sha256.Sum256(data)
	info := fmt.Sprintf("# made up for a test\npkgname = %s\npkgver = %s\npkgdesc = %s\nurl = https://example.org\nbuilddate = 1700000000\n"+
		"size = 4096\narch = %s\norigin = %s\nlicense = MIT\n", p.Name, p.Version, "the "+p.Name, arch, p.Name)
	info += strings.Join(append(p.Info, "datahash = "+hex.EncodeToString(sum[:])), "\n") + "\n"
	entries := []tarEntry{{name: ".PKGINFO", content: info}}
	for _, name := range slices.Sorted(maps.Keys(p.Scripts)) {
		entries = append(entries, tarEntry{name: "." + name, content: p.Scripts[name], mode: 0o755})
	}
	control := packSegment(t, false, entries...)
	file = slices.Concat(a.sign(t, control), control, data)
	id := sha1.Sum(control) //nolint:gosec // it is apk's format
	record = fmt.Sprintf("C:Q1%s\nP:%s\nV:%s\nA:%s\nS:%d\nI:4096\nT:the %s\nU:https://example.org\nL:MIT\no:%s\nt:1700000000\n",
		base64.StdEncoding.EncodeToString(id[:]), p.Name, p.Version, arch, len(file), p.Name, p.Name)
	for _, field := range []struct{ key, letter string }{
		{"provider_priority", "k"}, {"depend", "D"}, {"provides", "p"}, {"install_if", "i"},
	} {
		var values []string
		for _, line := range p.Info {
			if key, value, _ := strings.Cut(line, " = "); key == field.key {
				values = append(values, value)
			}
		}
		if len(values) > 0 {
			record += field.letter + ":" + strings.Join(values, " ") + "\n"
		}
	}
	return file, record
}

// data packs the files, with the directories that they are in.
func (p *APK) data(t testing.TB) []byte {
	t.Helper()
	all := map[string]string{}
	for name, content := range p.Files {
		all[name] = content
		for dir := path.Dir(strings.TrimSuffix(name, "/")); dir != "." && dir != "/"; dir = path.Dir(dir) {
			if _, ok := p.Files[dir+"/"]; !ok {
				all[dir+"/"] = ""
			}
		}
	}
	var entries []tarEntry
	for _, name := range slices.Sorted(maps.Keys(all)) {
		e := tarEntry{name: name, content: all[name], sums: true, change: p.Headers[name]}
		if strings.HasPrefix(e.content, "#!") {
			e.mode = 0o755
		}
		entries = append(entries, e)
	}
	return packSegment(t, true, entries...)
}

// A tarEntry is a file of a segment.
type tarEntry struct {
	name, content string
	mode          int64
	sums          bool // with checksums, as files have them
	change        func(*tar.Header)
}

// packSegment writes a gzip stream of a tar archive, with the end of the archive
// or without, as all but the last segment are.
func packSegment(t testing.TB, end bool, entries ...tarEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.content)), ModTime: time.Unix(1700000000, 0), Uname: "root", Gname: "root"}
		if e.mode != 0 {
			h.Mode = e.mode
		}
		body := e.content
		if strings.HasSuffix(e.name, "/") {
			h.Typeflag, h.Mode, h.Size, body = tar.TypeDir, 0o755, 0, ""
		} else if target, ok := strings.CutPrefix(e.content, "-> "); ok {
			h.Typeflag, h.Linkname, h.Mode, h.Size, body = tar.TypeSymlink, target, 0o777, 0, ""
		}
		if e.sums && h.Typeflag != tar.TypeDir {
			sum := sha1.Sum([]byte(body + h.Linkname)) //nolint:gosec // it is apk's format
			h.PAXRecords = map[string]string{"APK-TOOLS.checksum.SHA1": hex.EncodeToString(sum[:])}
		}
		if e.change != nil {
			e.change(h)
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := io.WriteString(w, body); err != nil {
				t.Fatal(err)
			}
		}
	}
	finish := w.Flush
	if end {
		finish = w.Close
	}
	if err := finish(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
