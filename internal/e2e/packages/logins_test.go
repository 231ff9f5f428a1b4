// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package packages

import (
	"bytes"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/compress"
	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// password is one that nothing else is like.
const password = "s3cr3t-Zq8w"

// guard makes a server answer only whoever has the login.
func guard(r *testenv.Recorder) {
	r.Refuse(func(q *http.Request) (int, string) {
		if user, given, _ := q.BasicAuth(); user != "ann" || given != password {
			return http.StatusUnauthorized, "log in\n"
		}
		return 0, ""
	})
}

// unpacked is a file's text without compression. The layer of a distribution is passed
// over: no test has written any of it.
func unpacked(t *testing.T, file string) string {
	t.Helper()
	const large = 4 << 20
	if info, err := os.Stat(file); err != nil || info.Size() > large {
		return ""
	}
	r, err := compress.Reader(bytes.NewReader([]byte(house.Read(t, file))), "")
	if err != nil {
		return house.Read(t, file)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return house.Read(t, file)
	}
	return string(data)
}

// keepsQuiet fails when anything in a directory has the password, in whatever way it is
// packed.
func keepsQuiet(t *testing.T, what, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(file string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if text := unpacked(t, file); strings.Contains(text, password) || strings.Contains(text, "YW5uOn") {
				t.Errorf("%s: %s has the password", what, file)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLoginOfTheBase locks and builds from an archive that wants the login of the base's
// auth.conf.d, through the doors. Nothing has the login but the base.
func TestLoginOfTheBase(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "hello", Version: "1+2", Files: map[string]string{"usr/share/hello": "hello\n"}})
	guard(a.Recorder)
	host := strings.TrimPrefix(a.URL, "http://")
	project := func(tag, word string) string {
		base := testenv.SharedRegistry(t).Push(t, "login:"+tag, testenv.DebianImage(t, []testenv.Entry{{Path: "etc/apt/sources.list", Data: []byte("\n")}}, []testenv.Entry{
			{Path: "etc/apt/trusted.gpg.d/a.asc", Data: a.Keyring},
			{Path: "etc/apt/sources.list", Data: []byte("deb " + a.URL + " stable main\n")},
			{Path: "etc/apt/auth.conf.d/ours.conf", Mode: 0o600, Data: []byte("machine http://" + host + "/dists login ann password " + word + "\nmachine http://" + host + "/ login ann password " + word + "\n")},
		}))
		return h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers:\n  - packages: [hello]\n")
	}
	dir := project("right", password)
	h.MustLock(t, a, dir, "--platform=linux/amd64")
	text := house.Read(t, dir, "strata.lock")
	house.Contains(t, text, "name: hello", "login: true", a.URL)
	h.Each(t, func(t *testing.T, w house.Way) {
		out := filepath.Join(t.TempDir(), "out")
		cache := filepath.Join(t.TempDir(), "cache")
		w.Must(t, house.Flags(dir, "--no-cache", "--platform=linux/amd64", "--attest=type=provenance,mode=max", "-o", "type=oci,tar=false,dest="+out, "--cache-to=type=local,mode=max,dest="+cache)...)
		house.Want(t, "the file", house.Read(t, testenv.OpenLayout(t, out).Unpack(t, "amd64"), "usr/share/hello"), "hello\n")
		for name, words := range map[string]string{"the attestation and the manifests": out, "the cache": cache} {
			keepsQuiet(t, name+" of "+w.Name, indexesOf(t, words))
		}
	})
	h.Each(t, func(t *testing.T, w house.Way) {
		lock := w.Files(t, house.Flags(dir, "--no-cache", "--target=strata.lock", "--platform=linux/amd64")...)
		house.Want(t, "the lock", house.Read(t, lock, "strata.lock"), text)
	})
	keepsQuiet(t, "the project", dir)
	for _, verb := range []string{"llb", "graph", "plan"} {
		cmd := h.CLI.Command(verb, "--platform=linux/amd64", dir)
		cmd.Env = append(cmd.Env, "BUILDKIT_HOST="+h.Daemon.Addr)
		said, err := cmd.CombinedOutput()
		if err != nil || strings.Contains(string(said), password) || strings.Contains(string(said), "YW5uOn") {
			t.Errorf("strata %s: %v\n%s", verb, err, said)
		}
		if verb == "plan" {
			house.Contains(t, string(said), `"recommends": false`, `"in_base": true`)
		}
	}

	dir = project("wrong", "guess")
	status, out := h.Lock(t, a, dir, "--platform=linux/amd64")
	if status != 1 || strings.Contains(out, "guess") {
		t.Errorf("exit status %d\n%s", status, out)
	}
	house.Contains(t, out, "strata.yaml:4:", "/dists/stable/InRelease: the server answers with status 401: it doesn't accept the login, or has got none")
	house.Write(t, filepath.Join(dir, "strata.lock"), []byte(text[:strings.Index(text, "    base:")]+strings.Replace(text[strings.Index(text, "    base:"):], "login:right@", "login:wrong@", 1)))
	said, err := h.Strata(house.Flags(dir, "--no-cache", "--platform=linux/amd64", "-o", "type=cacheonly")...)
	if err == nil || strings.Contains(said, "guess") {
		t.Errorf("a package is fetched with a wrong password: %v\n%s", err, said)
	}
	house.Contains(t, said, "strata.yaml:4:", "fetch hello 1+2: fetch "+a.URL, "the server answers with status 401")
}

// indexesOf is a copy of what a layout has beside images' layers: the base's layers
// have the base's login.
func indexesOf(t *testing.T, dir string) string {
	t.Helper()
	out := t.TempDir()
	err := filepath.WalkDir(dir, func(file string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if text := unpacked(t, file); !strings.Contains(text, "etc/apt/auth.conf.d/ours.conf\x00") {
			house.Write(t, filepath.Join(out, d.Name()), []byte(text))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestLoginBySecret takes the login for an archive from a build secret, in each of its
// forms, on scratch.
func TestLoginBySecret(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "hello", Version: "1", Files: map[string]string{"usr/share/hello": "hello\n"}})
	guard(a.Recorder)
	host := strings.TrimPrefix(a.URL, "http://")
	name, _, _ := strings.Cut(host, ":")
	secrets := t.TempDir()
	for file, text := range map[string]string{
		"plain": "ann:" + password + "\n", "netrc": "machine http://" + host + "\nlogin ann\npassword " + password + "\n", "header": "Basic YW5uOnMzY3IzdC1acTh3",
		"none": "a token\n",
	} {
		house.Write(t, filepath.Join(secrets, file), []byte(text))
	}
	dir := h.PackagesProject(t, a, "hello")
	locked := func(dir string, more ...string) (int, string) {
		return h.Lock(t, a, dir, append(more, "--platform=linux/amd64")...)
	}
	status, out := locked(dir)
	if status != 1 {
		t.Errorf("without a login: exit status %d", status)
	}
	house.Contains(t, out, "status 401", "`auth`")
	if status, out = locked(dir, "--secret=id=HTTP_AUTH_HEADER_"+name+",src="+secrets+"/header"); status != 0 {
		t.Errorf("BuildKit's own secret: exit status %d\n%s", status, out)
	}

	house.Replace(t, filepath.Join(dir, "strata.yaml"), "signed_by: key.asc", "signed_by: key.asc, auth: archive")
	house.Remove(t, filepath.Join(dir, "strata.lock"))
	status, out = locked(dir)
	if status != 1 {
		t.Errorf("without the secret: exit status %d", status)
	}
	house.Contains(t, out, "there is no secret archive; give it with --secret id=archive")
	if status, out = locked(dir, "--secret=id=archive,src="+secrets+"/none"); status != 1 || strings.Contains(out, "a token") {
		t.Errorf("a secret that is no login: exit status %d\n%s", status, out)
	}
	for _, form := range []string{"plain", "netrc", "header"} {
		_ = os.Remove(filepath.Join(dir, "strata.lock"))
		if status, out := locked(dir, "--secret=id=archive,src="+secrets+"/"+form); status != 0 {
			t.Errorf("%s: exit status %d\n%s", form, status, out)
		}
	}
	keepsQuiet(t, "the project", dir)
	h.Each(t, func(t *testing.T, w house.Way) {
		out, cache := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "cache")
		w.Must(t, house.Flags(dir, "--no-cache", "--build-arg=MIRROR="+a.URL, "--platform=linux/amd64", "--secret=id=archive,src="+secrets+"/plain",
			"--attest=type=provenance,mode=max", "-o", "type=oci,tar=false,dest="+out, "--cache-to=type=local,mode=max,dest="+cache)...)
		keepsQuiet(t, "the image of "+w.Name, out)
		keepsQuiet(t, "the cache of "+w.Name, cache)
	})
	embedded := h.CLI.Command(append([]string{"build", "-o", "type=cacheonly"}, house.Flags(dir, "--build-arg=MIRROR="+a.URL, "--platform=linux/amd64", "--secret=id=archive,src="+secrets+"/netrc")...)...)
	if out, err := embedded.CombinedOutput(); err != nil || strings.Contains(string(out), password) {
		t.Errorf("the embedded engine: %v\n%s", err, out)
	}
	a.Add(t, testenv.Deb{Name: "hello", Version: "2"}) // the first one is in the daemon's cache
	if status, out := locked(dir, "--update", "--secret=id=archive,src="+secrets+"/plain"); status != 0 {
		t.Errorf("lock --update: exit status %d\n%s", status, out)
	}
	said, err := h.Strata(house.Flags(dir, "--build-arg=MIRROR="+a.URL, "--platform=linux/amd64", "-o", "type=cacheonly")...)
	if err == nil {
		t.Error("a build without the secret succeeds")
	}
	house.Contains(t, said, "strata.yaml:5:", "there is no secret archive; give it with --secret id=archive")
	said, _ = h.Strata(house.Flags(dir, "--build-arg=MIRROR="+a.URL, "--call=outline")...)
	house.Contains(t, said, "archive")
	house.Replace(t, filepath.Join(dir, "strata.yaml"), "$MIRROR", "http://ann:"+password+"@"+host)
	if said, err = h.Strata(house.Flags(dir, "--build-arg=MIRROR=x", "--platform=linux/amd64")...); err == nil || strings.Contains(said, "fetch") {
		t.Errorf("a login in an address: %v\n%s", err, said)
	}
	house.Contains(t, said, "strata.yaml:7:", "has a login in it", "give it as a build secret, with `auth`")
}

// TestLoginOfAPK takes packages from a repository whose address in the base has a login.
func TestLoginOfAPK(t *testing.T) {
	h := house.New(t)
	a := testenv.NewAPKArchive(t, testenv.APK{Name: "plain", Version: "3-r1", Files: map[string]string{"usr/share/plain": "plain\n"}})
	guard(a.Recorder)
	given := *a
	given.URL = strings.Replace(a.URL, "http://", "http://ann:"+password+"@", 1)
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+apkBase(t, h, &given)+"\nlayers:\n  - packages: [plain]\n")
	cmd := h.CLI.Command("lock", "--progress=plain", "--platform=linux/amd64", dir)
	cmd.Env = append(cmd.Env, "BUILDKIT_HOST="+h.Daemon.Addr)
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), password) {
		t.Fatalf("strata lock: %v\n%s", err, out)
	}
	house.Contains(t, house.Read(t, dir, "strata.lock"), "name: plain", "login: true", "\""+a.URL+"\"")
	keepsQuiet(t, "the project", dir)
	h.Each(t, func(t *testing.T, w house.Way) {
		out := w.Files(t, house.Flags(dir, "--no-cache", "--platform=linux/amd64")...)
		house.Want(t, "the file", house.Read(t, out, "usr/share/plain"), "plain\n")
	})
}

// TestLoginOverTLS fetches from a server whose certificate only the base knows, with a
// login that apt gives to no server without encryption.
func TestLoginOverTLS(t *testing.T) {
	h := house.New(t)
	a := testenv.NewDebArchive(t, testenv.Deb{Name: "hello", Version: "1~tls", Files: map[string]string{"usr/share/hello": "hello\n"}})
	guard(a.Recorder)
	server := httptest.NewTLSServer(a.Recorder)
	t.Cleanup(server.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	base := testenv.SharedRegistry(t).Push(t, "login:tls", testenv.DebianImage(t, []testenv.Entry{{Path: "etc/apt/sources.list", Data: []byte("\n")}}, []testenv.Entry{
		{Path: "etc/ssl/"},
		{Path: "etc/ssl/certs/"},
		{Path: "etc/ssl/certs/ca-certificates.crt", Data: authority},
		{Path: "etc/apt/trusted.gpg.d/a.asc", Data: a.Keyring},
		{Path: "etc/apt/sources.list", Data: []byte("deb " + server.URL + " stable main\n")},
		{Path: "etc/apt/auth.conf", Data: []byte("machine " + server.Listener.Addr().String() + "/ login ann password " + password + "\n")},
	}))
	dir := h.Project(t, "-- strata.yaml --\n{syntax}\nfrom: "+base+"\nlayers:\n  - packages: [hello]\n")
	h.MustLock(t, a, dir, "--platform=linux/amd64")
	out := h.ByStrata().Image(t, h, "", house.Flags(dir, "--platform=linux/amd64")...)
	house.Want(t, "the file", house.Read(t, house.SomeOf(t, h, out, "usr/share/hello"), "usr/share/hello"), "hello\n")
}
