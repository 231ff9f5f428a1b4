// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// NixStore is what Debian's Nix made of a small closure, without any network: it
// has everything that a store path may have, and is exported in every way.
type NixStore struct {
	// Dir has the binary caches cache-zstd, -xz, -none, -gzip, -bzip2, -unsigned and
	// -other (signed by another key); the on-disk store disk, with hard links; and
	// its descriptions disk/old.json and disk/registration.
	Dir string
	// App is the store path of the root, Link that of a symbolic link which is a
	// store path, and Paths are all of the closure.
	App, Link string
	Paths     []string
	// Key is the public key of the signed caches, SecretFile has the secret one.
	Key, SecretFile string
}

// nixExpression builds the closure with nothing but busybox.
const nixExpression = `let
  tools = builtins.path { path = ./tools; name = "tools"; };
  make = name: script: derivation {
    inherit name;
    system = builtins.currentSystem;
    builder = "${tools}/bin/sh";
    PATH = "${tools}/bin";
    args = [ "-euc" script ];
  };
in rec {
  libc = make "libc-1.0" "mkdir -p $out/lib $out/share/empty; seq 100000 > $out/lib/libc.so; ln -s libc.so $out/lib/libc.so.6";
  shell = make "shell-5.2" "mkdir -p $out/bin; cp ${tools}/bin/busybox $out/bin/busybox; for a in sh cat echo; do ln -s busybox $out/bin/$a; done; echo ${libc} > $out/uses";
  names = make "names" ''
    mkdir -p "$out/a b" "$out/ü" "$out/back\slash"
    echo 1 > "$out/a b/new
    line"; echo 2 > $out/ü/漢字; printf 3 > "$out/a b/ü"; ln -s nowhere "$out/dangling link"; : > $out/nothing
    cp $out/ü/漢字 $out/twin
  '';
  settings = make "settings.conf" "echo port=8080 > $out";
  link = make "link" "ln -s ${settings} $out";
  app = make "app-0.1" ''
    mkdir -p $out/bin $out/share/app
    printf '#!%s\n%s\n%s\n' ${shell}/bin/sh 'echo hello from the store' "${shell}/bin/cat ${link}" > $out/bin/app
    chmod 755 $out/bin/app
    ln -s ${names} $out/share/names
    echo $out > $out/share/app/self
  '';
}
`

// nixScript makes the caches of it.
const nixScript = `set -eu
export NIX_CONFIG='experimental-features = nix-command flakes
sandbox = false
build-users-group =
substituters =
'
mkdir -p tools/bin
cp "$BUSYBOX" tools/bin/busybox
for a in sh cat echo mkdir ln chmod cp seq printf; do ln -s busybox tools/bin/$a; done
app=$(nix-build closure.nix -A app --no-out-link)
nix-build closure.nix -A link --no-out-link > link
echo "$app" > app
nix-store -qR "$app" > paths
for key in strata other; do nix-store --generate-binary-cache-key $key.example-1 $key.sec $key.pub; done
for c in zstd xz none gzip bzip2; do
  nix copy --to "file://$PWD/cache-$c?compression=$c&secret-key=$PWD/strata.sec" "$app"
done
nix copy --to "file://$PWD/cache-unsigned?compression=none" "$app"
nix copy --to "file://$PWD/cache-other?compression=none&secret-key=$PWD/other.sec" "$app"
nix copy --no-check-sigs --to "$PWD/disk" "$app"
nix-store --store "$PWD/disk" --optimise
nix path-info -r --json "$app" > disk/old.json
nix-store --dump-db $(cat paths) > disk/registration
`

// Nix makes the closure, once for a version of Nix and a busybox: later calls
// find it in .cache. It needs root, as Debian's Nix does.
func Nix(t testing.TB) *NixStore {
	t.Helper()
	version := strings.TrimSpace(Output(t, "nix", "--version"))
	busybox := Program(t, "busybox")
	program, err := os.ReadFile(busybox)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(append([]byte(version+nixExpression+nixScript), program...))
	dir := filepath.Join(Root(t), ".cache", fmt.Sprintf("nix-%x", sum[:6]))
	if err := makeNix(dir, busybox); err != nil {
		t.Fatal(err)
	}
	text := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(data))
	}
	return &NixStore{
		Dir: dir, App: text("app"), Link: text("link"), Paths: strings.Fields(text("paths")),
		Key: text("strata.pub"), SecretFile: filepath.Join(dir, "strata.sec"),
	}
}

// makeNix fills the directory, unless it is there. Tests of other packages may want
// it at the same time.
func makeNix(dir, busybox string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	lock, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	made := dir + ".new"
	if err := os.RemoveAll(made); err != nil {
		return err
	}
	if err := os.Mkdir(made, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(made, "closure.nix"), []byte(nixExpression), 0o644); err != nil {
		return err
	}
	cmd := exec.Command("sh", "-c", nixScript)
	cmd.Dir = made
	cmd.Env = append(os.Environ(), "BUSYBOX="+busybox, "LC_ALL=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make a Nix store: %w\n%s", err, out)
	}
	return os.Rename(made, dir)
}

// NixRoot is a root directory with Debian's Nix and a shell, for builds to run Nix
// in, and with a source: closure.nix and what it needs.
func NixRoot(t testing.TB, store *NixStore) (root, source string) {
	t.Helper()
	root, source = Dir(t), Dir(t)
	nix := Program(t, "nix")
	script := `set -eu
mkdir -p usr/bin usr/libexec/nix bin nix root tmp etc proc sys dev var
cp -L "$NIX" usr/bin/nix
for a in nix-build nix-store nix-instantiate; do ln -s nix usr/bin/$a; done
ln -s ../../bin/nix usr/libexec/nix/build-remote
for f in $(ldd "$NIX" | grep -o '/[^ ]*'); do mkdir -p .$(dirname $f); cp -L $f .$f; done
cp -L "$(command -v busybox)" bin/busybox
for a in sh cat mkdir; do ln -s busybox bin/$a; done
`
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "NIX="+nix)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make a root with Nix: %v\n%s", err, out)
	}
	for _, name := range []string{"closure.nix", "tools"} {
		Output(t, "cp", "-a", filepath.Join(store.Dir, name), source)
	}
	return root, source
}

// NixHash is the SHA-256 of the Nix archive of a path, in hex, as Nix computes it.
func NixHash(t testing.TB, path string) string {
	t.Helper()
	return strings.TrimSpace(Output(t, "nix-hash", "--type", "sha256", path))
}
