// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package scratch shows that images of nothing but packages run.
package scratch

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

var every = flag.Bool("every", false, "all images, not only the small ones")

func TestMain(m *testing.M) { testenv.Main(m) }

// A program is what an image is made for.
type program struct {
	names string
	// small says that the image takes no more than a few seconds.
	small bool
	// run are commands, one after the other, as any user; $T is a directory of the
	// user's own below /tmp, and $URL a server with TLS.
	run [][]string
	// says is in what the last one prints.
	says string
}

// nginxConf is a configuration of nginx that needs no directory of root's.
const nginxConf = `pid $T/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path $T/b; proxy_temp_path $T/p; fastcgi_temp_path $T/f; uwsgi_temp_path $T/u; scgi_temp_path $T/s;
  server { listen 8080; root /var/www/html; }
}
`

func programs() map[string]program {
	command := func(words ...string) [][]string { return [][]string{words} }
	return map[string]program{
		"python3": {names: "python3", run: command("python3", "-c", "import ssl, zoneinfo, datetime, sqlite3\n"+
			"print(len(ssl.create_default_context().get_ca_certs()) > 100, zoneinfo.ZoneInfo('Europe/Berlin').utcoffset(datetime.datetime(2024, 7, 1)))"), says: "True 2:00:00"},
		"java": {
			names: "openjdk-17-jre-headless", run: [][]string{{"java", "-version"}, {"keytool", "-list", "-cacerts", "-storepass", "changeit"}},
			says: "debian:isrg_root_x1.pem",
		},
		"node": {names: "nodejs", run: command("node", "-e",
			"const n = require('fs').readFileSync('/etc/ssl/certs/ca-certificates.crt', 'utf8').split('BEGIN').length; require('tls').createSecureContext(); console.log(n > 100)"), says: "true"},
		"nginx":     {names: "nginx", small: true, run: command("nginx", "-t", "-e", "stderr", "-c", "$T/own.conf"), says: "test is successful"},
		"psql":      {names: "postgresql-client", run: command("psql", "--version"), says: "psql (PostgreSQL)"},
		"curl":      {names: "curl", small: true, run: command("curl", "-fsS", "--cacert", "/etc/own.pem", "$URL"), says: "served by TLS"},
		"git":       {names: "git", run: [][]string{{"git", "init", "-q", "$T/r"}, {"git", "-C", "$T/r", "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--allow-empty", "-qm", "first"}, {"git", "-C", "$T/r", "log", "--format=%s"}}, says: "first"},
		"busybox":   {names: "busybox", small: true, run: command("busybox", "sh", "-c", "cd $T && busybox touch x && busybox stat -c %a /tmp && busybox cat /etc/timezone /etc/passwd"), says: "1777\nEtc/UTC\nroot:"},
		"redis":     {names: "redis-server", run: command("redis-server", "--version"), says: "Redis server v="},
		"memcached": {names: "memcached", small: true, run: command("memcached", "-V"), says: "memcached 1."},
		"sqlite3":   {names: "sqlite3", small: true, run: command("sqlite3", "$T/db", "create table t(n); insert into t values(20), (22); select sum(n) from t"), says: "42"},
		"perl":      {names: "perl", run: command("perl", "-MPOSIX", "-MDigest::SHA=sha1_hex", "-e", "print POSIX::floor(42.5), sha1_hex('')"), says: "42da39a3ee"},
		"ruby":      {names: "ruby", run: command("ruby", "-ropenssl", "-rjson", "-e", "s = OpenSSL::X509::Store.new; s.set_default_paths; puts({a: OpenSSL::Digest::SHA1.hexdigest('')}.to_json)"), says: `{"a":"da39a3ee`},
		"php":       {names: "php-cli", run: command("php", "-r", "echo json_encode([extension_loaded('ctype'), openssl_get_cert_locations()['default_cert_dir'], date_default_timezone_get()]);"), says: `[true,"\/usr\/lib\/ssl\/certs","UTC"]`},
		"ssh":       {names: "openssh-client", run: [][]string{{"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "$T/key"}, {"ssh-keygen", "-l", "-f", "$T/key"}}, says: "ED25519"},
		"rsync":     {names: "rsync", run: [][]string{{"rsync", "-r", "/etc/ssl/certs/", "$T/copy"}, {"rsync", "--list-only", "$T/copy/ca-certificates.crt"}}, says: "ca-certificates.crt"},
		"apache":    {names: "apache2", run: command("apache2", "-v"), says: "Server version: Apache/2."},
		"lighttpd":  {names: "lighttpd, systemd-standalone-tmpfiles", run: command("lighttpd", "-v"), says: "lighttpd/1."},
		"php-fpm":   {names: "php-fpm, systemd-standalone-tmpfiles", run: command("php-fpm8.2", "-v"), says: "(fpm-fcgi)"},
		"tomcat":    {names: "tomcat10, systemd-standalone-sysusers, coreutils", run: command("id", "-u", "tomcat"), says: "999"},
		"cron":      {names: "cron, libpam-modules, coreutils, dash", run: command("sh", "-c", "cat /etc/pam.d/common-auth"), says: "pam_unix.so nullok"},
		"jq":        {names: "jq", small: true, run: command("jq", "-n", "[40, 2] | add"), says: "42"},
	}
}

// TestScratchImages builds images of Debian's packages on scratch, with the scripts of
// the packages, and starts each as root and as a user that has no account; what
// distroless images have, they have, too. Without a flag these are the small ones.
func TestScratchImages(t *testing.T) {
	all := programs()
	maps.DeleteFunc(all, func(_ string, p program) bool { return !p.small && !*every })
	out := buildAll(t, all)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "served by TLS") }))
	t.Cleanup(server.Close)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			root := unpacked(t, filepath.Join(out, name+".tar"))
			hasWhatDistrolessHas(t, root)
			writeFile(t, root+"/etc/own.pem", pemOf(server.Certificate()))
			for _, uid := range []int{0, 65532} {
				startAs(t, root, uid, all[name], server.URL)
			}
		})
	}
}

// buildAll builds one build file with a target for each image, and returns the
// directory of the images' archives.
func buildAll(t *testing.T, all map[string]program) string {
	t.Helper()
	uri, suite := testenv.DebianMirror(t)
	var b strings.Builder
	b.WriteString("targets:\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "  %s:\n    layers:\n      - packages:\n          names: [%s, ca-certificates, tzdata, netbase, base-files, base-passwd]\n"+
			"          repositories: [{type: deb, uri: %q, suites: [%s], components: [main], signed_by: key.gpg}]\n", name, all[name].names, uri, suite)
		if name == "ssh" {
			b.WriteString("      - files: [{dest: /etc/passwd, content: \"root:x:0:0::/root:/bin/sh\\nnonroot:x:65532:65532::/tmp:/bin/sh\\n\"}]\n")
		}
	}
	dir, out := t.TempDir(), t.TempDir()
	writeFile(t, dir+"/strata.yaml", b.String())
	key, err := os.ReadFile(testenv.DebianKeyring)
	must(t, err)
	must(t, os.WriteFile(dir+"/key.gpg", key, 0o644))
	cli, daemon := testenv.Strata(t), testenv.Shared(t)
	cmd := cli.Command("lock", "--progress=plain", dir)
	cmd.Env = append(cmd.Env, "BUILDKIT_HOST="+daemon.Addr)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("strata lock: %v\n%s", err, text)
	}
	targets := strings.Join(slices.Sorted(maps.Keys(all)), ",")
	cli.MustRun(t, "build", "--addr", daemon.Addr, "--target", targets, "-o", "type=tar,dest="+out+"/{target}.tar", dir)
	return out
}

// hasWhatDistrolessHas looks for directories, accounts, certificates and time zones.
func hasWhatDistrolessHas(t *testing.T, root string) {
	t.Helper()
	if info, err := os.Stat(root + "/tmp"); err != nil || info.Mode() != os.ModeDir|os.ModeSticky|0o777 {
		t.Errorf("/tmp is %v, %v", info, err)
	}
	for file, want := range map[string]string{
		"/etc/passwd": "root:x:0:0:", "/etc/group": "nogroup:", "/etc/ssl/certs/ca-certificates.crt": "BEGIN CERTIFICATE", "/etc/services": "https",
		"/usr/share/zoneinfo/Europe/Berlin": "TZif", "/etc/timezone": "Etc/UTC\n", "/etc/os-release": "ID=debian", "/var/lib/dpkg/status": "Package: tzdata",
	} {
		text, err := os.ReadFile(root + file)
		if err != nil || !strings.Contains(string(text), want) && !(file == "/etc/passwd" && strings.HasPrefix(string(text), "root:")) {
			t.Errorf("%s: %v, want %q in it:\n%.200s", file, err, want, text)
		}
	}
	if to, err := os.Readlink(root + "/etc/localtime"); err != nil || to != "/usr/share/zoneinfo/Etc/UTC" {
		t.Errorf("/etc/localtime leads to %q, %v", to, err)
	}
}
