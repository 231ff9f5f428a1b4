// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/testenv"
)

// certificate writes a certificate of its own into a directory.
func certificate(t *testing.T, dir, name string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, name+".pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// javaRoot is a root whose store Java's own keytool made of certificates.
func javaRoot(t *testing.T, kind, password string, certificates ...string) string {
	t.Helper()
	root := t.TempDir()
	file := filepath.Join(root, JavaStore)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range certificates {
		testenv.Output(t, "keytool", "-importcert", "-noprompt", "-trustcacerts", "-storetype", kind, "-storepass", password, "-keystore", file,
			"-alias", "debian:"+filepath.Base(c), "-file", c)
	}
	return root
}

func content(t *testing.T, root string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, JavaStore))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestJavaStore settles stores by Java's own tool: one comes out however it was
// made, and the tool reads it.
func TestJavaStore(t *testing.T) {
	dir := t.TempDir()
	a, b := certificate(t, dir, "a"), certificate(t, dir, "b")
	start := time.Now()
	one, other := javaRoot(t, "JKS", JavaPassword, a, b), javaRoot(t, "JKS", JavaPassword, b, a)
	if bytes.Equal(content(t, one), content(t, other)) {
		t.Fatal("the stores are the same before")
	}
	for _, root := range []string{one, other} {
		if err := settleJavaStore(rootdir.Root(root), start); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(content(t, one), content(t, other)) {
		t.Error("the stores differ")
	}
	said := testenv.Output(t, "keytool", "-J-Duser.timezone=UTC", "-J-Duser.language=en", "-list", "-storetype", "JKS", "-storepass", JavaPassword,
		"-keystore", filepath.Join(one, JavaStore))
	for _, part := range []string{"2 entries", "debian:a.pem, Jan 1, 1970, trustedCertEntry", "debian:b.pem, Jan 1, 1970, trustedCertEntry"} {
		if !strings.Contains(said, part) {
			t.Errorf("there is no %q in\n%s", part, said)
		}
	}
}

// TestJavaStoreIsLeftAlone keeps what was there before, and what isn't understood.
func TestJavaStoreIsLeftAlone(t *testing.T) {
	a := certificate(t, t.TempDir(), "a")
	before := time.Now()
	for name, root := range map[string]string{
		"of the base":      javaRoot(t, "JKS", JavaPassword, a),
		"another password": javaRoot(t, "JKS", "different", a),
		"another format":   javaRoot(t, "PKCS12", JavaPassword, a),
	} {
		start := before
		if name == "of the base" {
			start = time.Now()
		}
		was := content(t, root)
		if err := settleJavaStore(rootdir.Root(root), start); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(content(t, root), was) {
			t.Errorf("%s: it is changed", name)
		}
	}
	if err := settleJavaStore(rootdir.Root(t.TempDir()), before); err != nil {
		t.Errorf("without a store: %v", err)
	}
}

func FuzzJavaStore(f *testing.F) {
	f.Add(writeJavaStore([]trusted{{alias: []byte("\x00\x01a"), millis: 5, certificate: []byte("\x00\x01X\x00\x00\x00\x01c")}})[12:])
	f.Fuzz(func(t *testing.T, data []byte) {
		for count := range 3 {
			body := append([]byte("\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00"), byte(count))
			body = append(body, data...)
			body = append(body, javaDigest(body)...)
			if entries, ok := readJavaStore(body); ok && !bytes.Equal(writeJavaStore(entries), body) {
				t.Errorf("%q is written otherwise", body)
			}
		}
	})
}
