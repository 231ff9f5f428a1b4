// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/testenv"
)

// nowhere is a registry that does not exist.
const nowhere = "registry.invalid"

// asked notes the requests on their way to a registry.
type asked struct {
	next http.Handler
	mu   sync.Mutex
	all  []*http.Request
}

func (a *asked) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	a.mu.Lock()
	a.all = append(a.all, q.Clone(q.Context()))
	a.mu.Unlock()
	a.next.ServeHTTP(w, q)
}

// some counts requests whose method and address have a word in them.
func (a *asked) some(word string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, q := range a.all {
		if strings.Contains(q.Method+" "+q.URL.String(), word) {
			n++
		}
	}
	return n
}

// mirrored is a mirror with TLS, before a registry, and a home whose hosts.toml is
// about nowhere.
type mirrored struct {
	asked     *asked
	authority *authority
	host      string
	home      string
	image     v1.Image
}

func newMirrored(t *testing.T, next func(http.Handler) http.Handler) *mirrored {
	t.Helper()
	r := testenv.SharedRegistry(t)
	m := &mirrored{authority: newAuthority(t), home: testenv.Dir(t)}
	m.image = testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}})
	r.Push(t, "team/app:1", m.image)
	m.asked = &asked{next: next(r)}
	m.host = secure(t, m.asked, m.authority)
	return m
}

func same(h http.Handler) http.Handler { return h }

// write puts files into a directory about a registry.
func (m *mirrored) write(t *testing.T, dir, toml string, files map[string][]byte) {
	t.Helper()
	all := map[string][]byte{"hosts.toml": []byte(strings.ReplaceAll(toml, "MIRROR", m.host)), "ca.crt": m.authority.pem}
	for name, data := range files {
		all[name] = data
	}
	write(t, filepath.Join(m.home, ".config/containerd/certs.d", dir), all)
}

func (m *mirrored) options() registry.Options {
	return registry.Options{Env: func(name string) (string, bool) { return m.home, name == "HOME" }, Wait: time.Millisecond}
}

// TestHostsFile pulls from mirrors that containerd's hosts.toml names.
func TestHostsFile(t *testing.T) {
	wants := func(header string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				if q.Header.Get(header) != "let me in" {
					http.Error(w, "{}", http.StatusForbidden)
					return
				}
				next.ServeHTTP(w, q)
			})
		}
	}
	certified := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if len(q.TLS.PeerCertificates) == 0 {
				http.Error(w, "{}", http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, q)
		})
	}
	odd := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			rest, ok := strings.CutPrefix(q.URL.Path, "/odd/root/")
			if !ok {
				http.Error(w, "{}", http.StatusTeapot)
				return
			}
			q.URL.Path = "/v2/" + rest
			next.ServeHTTP(w, q)
		})
	}
	for name, c := range map[string]struct {
		dir, toml string
		next      func(http.Handler) http.Handler
	}{
		"ca":             {nowhere, "server='https://" + nowhere + "'\n[host.'https://MIRROR']\ncapabilities=['pull','resolve']\nca='ca.crt'\n", same},
		"several cas":    {nowhere, "[host.'MIRROR']\nca=['ca.crt']\n", same},
		"server":         {nowhere, "server='https://MIRROR'\nca='ca.crt'\n", same},
		"skip_verify":    {nowhere, "[host.'https://MIRROR']\nskip_verify=true\n", same},
		"client":         {nowhere, "[host.'https://MIRROR']\nca='ca.crt'\nclient=[['client.cert','client.key']]\n", certified},
		"header":         {nowhere, "[host.'https://MIRROR']\nca='ca.crt'\n[host.'https://MIRROR'.header]\nX-Word='let me in'\n", wants("X-Word")},
		"override_path":  {nowhere, "[host.'https://MIRROR/odd/root']\nca='ca.crt'\noverride_path=true\n", odd},
		"another first":  {nowhere, "[host.'https://127.0.0.1:1']\n[host.'https://MIRROR']\nca='ca.crt'\n", same},
		"for every host": {"_default", "[host.'https://MIRROR']\nca='ca.crt'\n", same},
		"with a port":    {nowhere + "_5000_", "[host.'https://MIRROR']\nca='ca.crt'\n", same},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMirrored(t, c.next)
			_, _, cert, key := issue(t, m.authority, "client")
			m.write(t, c.dir, c.toml, map[string][]byte{"client.cert": cert, "client.key": key})
			host := nowhere
			if name == "with a port" {
				host += ":5000"
			}
			if err := pull(t, m.options(), host+"/team/app:1"); err != nil {
				t.Fatal(err)
			}
			if m.asked.some("ns="+strings.Replace(host, ":", "%3A", 1)) == 0 {
				t.Error("the mirror was not told what it is a mirror of")
			}
		})
	}
	t.Run("without the ca", func(t *testing.T) {
		m := newMirrored(t, same)
		m.write(t, nowhere, "[host.'https://MIRROR']\n", nil)
		if err := pull(t, m.options(), nowhere+"/team/app:1"); err == nil {
			t.Error("an untrusted certificate is accepted")
		}
	})
	for name, toml := range map[string]string{"no TOML": "server = [", "unknown capability": "[host.'https://MIRROR']\ncapabilities=['fly']\n", "ca of no kind": "ca = 3\n"} {
		t.Run(name, func(t *testing.T) {
			m := newMirrored(t, same)
			m.write(t, nowhere, toml, nil)
			err := pull(t, m.options(), nowhere+"/team/app:1")
			if err == nil || !strings.Contains(err.Error(), "/hosts.toml: ") || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is: %v", err)
			}
		})
	}
}

// TestCapabilities asks each host only for what it may be asked for.
func TestCapabilities(t *testing.T) {
	m := newMirrored(t, same)
	server := testenv.NewRegistry(t, testenv.RegistryOptions{})
	server.Push(t, "team/app:1", m.image)
	m.write(t, nowhere, "server='http://"+server.Host+"'\n[host.'https://MIRROR']\ncapabilities=['pull']\nca='ca.crt'\n", nil)
	repo := repository(t, m.options(), nowhere+"/team/app")
	d, _, err := repo.Manifest(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	if n := m.asked.some("/manifests/1"); n != 0 {
		t.Errorf("a mirror that knows no tags was asked for one %d times", n)
	}
	if _, _, err := repo.Manifest(t.Context(), d.Digest.String()); err != nil {
		t.Fatal(err)
	}
	if n := m.asked.some("/manifests/sha256:"); n != 1 {
		t.Errorf("the mirror was asked for the manifest %d times", n)
	}
	push := func(repo *registry.Repository) error {
		data := []byte("blob")
		h, size, err := v1.SHA256(bytes.NewReader(data))
		if err != nil {
			return err
		}
		_, err = repo.Upload(t.Context(), v1.Descriptor{Digest: h, Size: size}, "", func(offset int64) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(data[offset:])), nil
		})
		return err
	}
	server.Reset()
	if err := push(repo); err != nil {
		t.Fatal(err)
	}
	if m.asked.some("POST") != 0 || len(server.Uploads("team/app")) == 0 {
		t.Error("the push went to the mirror")
	}
	m.write(t, nowhere, "server='https://MIRROR'\ncapabilities=['pull','resolve']\nca='ca.crt'\n", nil)
	if err := push(repository(t, m.options(), nowhere+"/team/app")); err == nil || !strings.Contains(err.Error(), "hosts.toml names no host to push to") {
		t.Errorf("a push that no registry accepts: %v", err)
	}
}

func repository(t *testing.T, o registry.Options, name string) *registry.Repository {
	t.Helper()
	client, err := registry.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		t.Fatal(err)
	}
	repo, err := client.Repository(ref)
	if err != nil {
		t.Fatal(err)
	}
	return repo
}

// TestCredentialsOfMirrors logs in at each host with its own password, and at none
// with another's.
func TestCredentialsOfMirrors(t *testing.T) {
	guard := func(user string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				if name, _, ok := q.BasicAuth(); !ok || name != user {
					w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
					http.Error(w, "{}", http.StatusUnauthorized)
					return
				}
				next.ServeHTTP(w, q)
			})
		}
	}
	first, second := newMirrored(t, guard("nobody")), newMirrored(t, guard("second"))
	login := func(host, user string) string {
		return fmt.Sprintf("%q: {%q: %q}", host, "auth", base64.StdEncoding.EncodeToString([]byte(user+":secret")))
	}
	auths := []string{login(first.host, "first"), login(second.host, "second"), login(nowhere, "upstream")}
	toml := "[host.'https://MIRROR']\nskip_verify=true\n[host.'https://" + second.host + "']\nskip_verify=true\n"
	first.write(t, nowhere, toml, nil)
	write(t, first.home, map[string][]byte{".docker/config.json": []byte(`{"auths": {` + strings.Join(auths, ",") + `}}`)})
	if err := pull(t, first.options(), nowhere+"/team/app:1"); err != nil {
		t.Fatal(err)
	}
	for user, a := range map[string]*asked{"first": first.asked, "second": second.asked} {
		for _, q := range a.all {
			if name, _, ok := q.BasicAuth(); ok && name != user {
				t.Errorf("the mirror of %s was told the password of %s", user, name)
			}
		}
	}
}

// TestDockerDaemon pulls an image of docker.io from the mirror of daemon.json.
func TestDockerDaemon(t *testing.T) {
	r := testenv.SharedRegistry(t)
	r.Push(t, "library/mirrored:1", testenv.Image(t, "amd64", v1.Config{}, []testenv.Entry{{Path: "a"}}))
	home := testenv.Dir(t)
	o := registry.Options{Env: func(name string) (string, bool) { return home, name == "HOME" }}
	daemon := func(text string) {
		write(t, home, map[string][]byte{".config/docker/daemon.json": []byte(text)})
	}
	daemon(fmt.Sprintf(`{"registry-mirrors": ["http://%s/"], "debug": true}`, r.Host))
	if err := pull(t, o, "mirrored:1"); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{`{`, `{"registry-mirrors": ["nonsense"]}`} {
		daemon(bad)
		if err := pull(t, o, "mirrored:1"); err == nil || !strings.Contains(err.Error(), "daemon.json") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	// A registry with TLS that no one vouches for, in a network that docker trusts.
	m := newMirrored(t, same)
	daemon(`{"insecure-registries": ["10.0.0.0/8"]}`)
	if err := pull(t, o, m.host+"/team/app:1"); err == nil {
		t.Error("a registry that daemon.json does not name is trusted")
	}
	for _, word := range []string{m.host, "127.0.0.0/8"} {
		daemon(fmt.Sprintf(`{"insecure-registries": [%q]}`, word))
		if err := pull(t, o, m.host+"/team/app:1"); err != nil {
			t.Errorf("insecure-registries %s: %v", word, err)
		}
	}
}
