// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func noEnv(string) (string, bool) { return "", false }

// authority is a CA of its own.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	a.cert, a.key, a.pem, _ = issue(t, nil, "authority")
	return a
}

// issue makes a certificate, signed by itself without a parent.
func issue(t *testing.T, parent *authority, name string) (*x509.Certificate, *ecdsa.PrivateKey, []byte, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: parent == nil,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	signer, signKey := template, key
	if parent != nil {
		signer, signKey = parent.cert, parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer, &key.PublicKey, signKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})
}

// secure puts TLS before a registry; clients have to show a certificate of the
// authority's.
func secure(t *testing.T, r http.Handler, a *authority) string {
	t.Helper()
	_, _, certPEM, keyPEM := issue(t, a, "registry")
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	server := httptest.NewUnstartedServer(r)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: pool}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func write(t *testing.T, dir string, files map[string][]byte) string {
	t.Helper()
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// pull asks for a manifest.
func pull(t *testing.T, o registry.Options, name string) error {
	t.Helper()
	o.Wait = time.Millisecond
	if o.Env == nil {
		o.Env = noEnv
	}
	client, err := registry.New(o)
	if err != nil {
		return err
	}
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		t.Fatal(err)
	}
	repo, err := client.Repository(ref)
	if err != nil {
		return err
	}
	_, _, err = repo.Manifest(t.Context(), "1")
	return err
}

// TestCertificates pulls by TLS from a registry with a CA of its own, that lets
// only those in who show a certificate.
func TestCertificates(t *testing.T) {
	r := testenv.SharedRegistry(t)
	r.Push(t, "tls/app:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}}))
	a := newAuthority(t)
	host := secure(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if len(q.TLS.PeerCertificates) == 0 && q.URL.Path != "/v2/" {
			http.Error(w, "{}", http.StatusForbidden)
			return
		}
		r.ServeHTTP(w, q)
	}), a)
	_, _, cert, key := issue(t, a, "client")
	name := host + "/tls/app:1"
	all := map[string][]byte{"ca.crt": a.pem, "client.cert": cert, "client.key": key}
	dir := write(t, testenv.Dir(t), all)
	home, dockers := testenv.Dir(t), testenv.Dir(t)
	for file, data := range all {
		write(t, home, map[string][]byte{filepath.Join(".config/containers/certs.d", host, file): data})
		write(t, dockers, map[string][]byte{filepath.Join(".config/docker/certs.d", host, file): data})
	}
	toml := write(t, testenv.Dir(t), map[string][]byte{
		"ca.crt": a.pem, "client.cert": cert, "client.key": key,
		"buildkitd.toml": fmt.Appendf(nil, "[registry.%q]\nca = ['ca.crt']\n[[registry.%q.keypair]]\ncert = 'client.cert'\nkey = 'client.key'\n", host, host),
	})
	for what, o := range map[string]registry.Options{
		"directory": {CertDir: dir},
		"home":      {Env: func(v string) (string, bool) { return home, v == "HOME" }},
		"docker":    {Env: func(v string) (string, bool) { return dockers, v == "HOME" }},
		"buildkitd": {Config: filepath.Join(toml, "buildkitd.toml")},
		"no checks": {CertDir: write(t, testenv.Dir(t), map[string][]byte{"client.cert": cert, "client.key": key}), Insecure: true},
	} {
		if err := pull(t, o, name); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, o := range map[string]registry.Options{
		"nothing":               {},
		"no client certificate": {CertDir: write(t, testenv.Dir(t), map[string][]byte{"ca.crt": a.pem})},
		"another authority":     {CertDir: write(t, testenv.Dir(t), map[string][]byte{"ca.crt": newAuthority(t).pem, "client.cert": cert, "client.key": key})},
	} {
		if err := pull(t, o, name); err == nil {
			t.Errorf("with %s the registry can be read", what)
		}
	}
}

// TestTLSFails pulls from registries that TLS can't be spoken with: that is said, of the
// host that it is about, whatever comes of plain http.
func TestTLSFails(t *testing.T) {
	r := testenv.NewFakeRegistry(t, testenv.Quirks{})
	r.Add(t, "app:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}}))
	start := func(h http.Handler, change func(*tls.Config)) string {
		server := httptest.NewUnstartedServer(h)
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.TLS = &tls.Config{MinVersion: tls.VersionTLS10} //nolint:gosec // as old registries are
		change(server.TLS)
		server.StartTLS()
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	}
	tokens := start(http.NotFoundHandler(), func(*tls.Config) {})
	wants := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="https://%s/token",service="tokens"`, tokens))
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(wants.Close)
	for name, c := range map[string]struct {
		host     string
		insecure bool
		want     string
	}{
		"too old": {start(r, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS10 }), true, "no answer by TLS: remote error: tls: protocol version not supported"},
		"wants a certificate": {
			start(r, func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert }), true, "no answer by TLS: remote error: tls: certificate required",
		},
		"tokens of a server that is not trusted": {wants.Listener.Addr().String(), false, "the certificate of " + tokens + " is not trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			o := registry.Options{Env: noEnv, Insecure: c.insecure, Wait: time.Millisecond}
			_, _, err := repository(t, o, c.host+"/app").Manifest(t.Context(), "1")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
