// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"context"
	"encoding/base64"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestMatchesAsApt compares the login for an archive with the one that apt sends, for
// files as people have them.
func TestMatchesAsApt(t *testing.T) {
	var mu sync.Mutex
	var sent string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if strings.HasSuffix(r.URL.Path, "InRelease") {
			sent = r.Header.Get("Authorization")
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	defer server.Close()
	port := server.URL[strings.LastIndexByte(server.URL, ':')+1:]
	for name, conf := range map[string]string{
		"no login":                 "",
		"with http":                "machine http://127.0.0.1 login u password p\n",
		"without a scheme":         "machine 127.0.0.1 login u password p\n",
		"https alone":              "machine https://127.0.0.1 login u password p\n",
		"port":                     "machine http://127.0.0.1:PORT login u password p\n",
		"another port":             "machine http://127.0.0.1:1 login u password p\n",
		"path":                     "machine http://127.0.0.1:PORT/private login u password p\n",
		"a path's beginning":       "machine http://127.0.0.1:PORT/priv login u password p\n",
		"path without port":        "machine http://127.0.0.1/private login u password p\n",
		"another path":             "machine http://127.0.0.1:PORT/public login u password p\n",
		"slash at the end":         "machine http://127.0.0.1:PORT/private/ login u password p\n",
		"only a slash":             "machine http://127.0.0.1:PORT/ login u password p\n",
		"lines":                    "machine http://127.0.0.1\n\tlogin u\n  password p\n",
		"password first":           "machine http://127.0.0.1 password p login u\n",
		"the second":               "machine http://other login a password b\nmachine http://127.0.0.1 login u password p\n",
		"the first of two":         "machine http://127.0.0.1 login u password p\nmachine http://127.0.0.1 login a password b\n",
		"the longer one is behind": "machine http://127.0.0.1 login u password p\nmachine http://127.0.0.1:PORT/private login a password b\n",
		"signs":                    "machine http://127.0.0.1 login u:@%41 password p#\"x\\\n",
		"without password":         "machine http://127.0.0.1 login u\n",
		"other words":              "machine http://127.0.0.1 account x login u password p\n",
		"capitals":                 "MACHINE http://127.0.0.1 login u password p\n",
		"another host":             "machine http://localhost login u password p\n",
		"comment":                  "# machine http://127.0.0.1 is ours\nmachine http://127.0.0.1 login u password p\n",
	} {
		conf = strings.ReplaceAll(conf, "PORT", port)
		dir := t.TempDir()
		for file, text := range map[string]string{
			"etc/apt/auth.conf.d/a.conf": conf, "etc/apt/sources.list": "deb [trusted=yes] " + server.URL + "/private stable main\n",
			"lists/partial/x": "", "archives/partial/x": "", "status": "", "parts/x": "",
		} {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		sent = "apt asked for nothing"
		said, _ := exec.Command("apt-get", "-o", "Dir::Etc="+dir+"/etc/apt", "-o", "Dir::State="+dir, "-o", "Dir::Cache="+dir, "-o", "Dir::State::status="+dir+"/status",
			"-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=0", "update").CombinedOutput() // it fails: there is no archive
		mu.Lock()
		apt := sent
		mu.Unlock()
		logins, err := Read(context.Background(), directory(dir))
		if err != nil {
			t.Fatal(err)
		}
		if got := logins.ForText(server.URL + "/private/dists/stable/InRelease"); got != apt {
			t.Errorf("%s: %q, and apt sends %q\n%s", name, plain(got), plain(apt), said)
		}
	}
}

// TestForBelow looks for logins of what is below an archive's address.
func TestForBelow(t *testing.T) {
	l := &Logins{files: [][]string{strings.Fields("machine h.example.org/debian/pool login u password p machine http://plain.example.org login u password p")}}
	for address, want := range map[string]bool{
		"https://h.example.org/debian": true, "https://h.example.org/debian/": true, "https://h.example.org": true, "https://h.example.org/debian/pool/x": true,
		"https://h.example.org/deb": false, "http://h.example.org/debian": false, "https://h.example.org/ubuntu": false, "http://plain.example.org/x": true,
		"https://plain.example.org/x": false, "%": false,
	} {
		if l.ForBelow(address) != want {
			t.Errorf("%s: %v", address, !want)
		}
	}
	if (*Logins)(nil).ForBelow("https://h") {
		t.Error("no logins have one")
	}
}

// plain is a header as people write it.
func plain(header string) string {
	text, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(header, "Basic "))
	if err != nil {
		return header
	}
	return string(text)
}

// directory is a directory as a tree.
type directory string

func (d directory) ReadFile(_ context.Context, name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(d), name))
}

func (d directory) ReadDir(_ context.Context, dir string) ([]string, error) {
	entries, err := fs.ReadDir(os.DirFS(string(d)), strings.TrimPrefix(dir, "/"))
	if os.IsNotExist(err) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return names, err
}

func TestAddresses(t *testing.T) {
	l := &Logins{addresses: addresses("# https://a:b@c.example.org\ndeb [arch=amd64] https://us%40er:pa%3Ass@deb.example.org:8/x/$(ARCH) s main\nhttps://t@apk.example.org/alpine/v3/main\n")}
	for address, want := range map[string]string{
		"https://deb.example.org:8/x/amd64/dists/s/InRelease": "us@er:pa:ss",
		"https://deb.example.org/x/InRelease":                 "",
		"http://deb.example.org:8/x/InRelease":                "",
		"https://apk.example.org/alpine/v3/main/x86_64/a.apk": "t:",
		"https://apk.example.org/alpine/v3/mainly/a.apk":      "",
		"https://c.example.org/x":                             "",
	} {
		if got := plain(l.ForText(address)); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
	for address, want := range map[string]string{
		"https://u:p@h.example.org/x@y/": "https://h.example.org/x@y/", "https://u@h:8": "https://h:8", "http://h/u@x": "http://h/u@x", "file:/x": "file:/x",
		"https://h%40h:p@h/": "https://h/", "https://h:h@h/h": "https://h/h", "%": "%",
	} {
		if got := Without(address)[0]; got != want {
			t.Errorf("%s without its login: %s, want %s", address, got, want)
		}
	}
}

func TestParseSecret(t *testing.T) {
	for text, want := range map[string]string{
		"u:p":     "u:p",
		"u:p:q\n": "u:p:q",
		"machine h.example.org login u password p":               "u:p",
		"# ours\nmachine h.example.org/x\nlogin u\npassword p\n": "u:p",
		"machine other.example.org login u password p":           "",
		"Basic dTpw": "u:p",
	} {
		l, err := ParseSecret(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := plain(l.ForText("https://h.example.org/x")); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"", "\n", "token", "a:b\nc:d\n"} {
		if _, err := ParseSecret(text); err == nil {
			t.Errorf("%q is a login", text)
		}
	}
	if l, err := ParseSecret("Bearer abc\n"); err != nil || l.ForText("https://h") != "Bearer abc" {
		t.Error(l, err)
	}
}

// FuzzLogins reads any text as each kind.
func FuzzLogins(f *testing.F) {
	f.Add("machine a login b password c", "https://a/")
	f.Add("deb https://u:p@h/x s main", "https://h/x")
	f.Fuzz(func(_ *testing.T, text, address string) {
		l, err := ParseSecret(text)
		if err == nil {
			l.ForText(address)
		}
		(&Logins{files: [][]string{strings.Fields(text)}, addresses: addresses(text)}).ForText(address)
		Without(address)
	})
}
