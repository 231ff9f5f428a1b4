// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/testenv"
)

// TestRehashAsOpenSSL makes the links for this machine's certificates twice.
func TestRehashAsOpenSSL(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(certificatesDir, "mozilla", "*.crt"))
	if err != nil || len(found) < 20 {
		t.Fatalf("this machine has %d certificates: %v", len(found), err)
	}
	ours, theirs := t.TempDir(), t.TempDir()
	for _, file := range found {
		for _, dir := range []string{ours, theirs} {
			must(t, os.Symlink(file, filepath.Join(dir, linkName(file))))
			must(t, errIfNot(os.Symlink("nowhere", filepath.Join(dir, "0123abcd.0"))))
		}
	}
	testenv.Output(t, "openssl", "rehash", theirs)
	must(t, Rehash(rootdir.Root(ours), "/"))
	if diff := cmp.Diff(linksIn(t, theirs), linksIn(t, ours)); diff != "" {
		t.Error(diff)
	}
}

// errIfNot lets a link be there already.
func errIfNot(err error) error {
	if os.IsExist(err) {
		return nil
	}
	return err
}

// TestJavaStoreIsJavas lets Java's own keytool read what is made.
func TestJavaStoreIsJavas(t *testing.T) {
	t.Setenv("LC_ALL", "C.UTF-8") // keytool takes its arguments in it
	root, dir := rootdir.Root(t.TempDir()), t.TempDir()
	one, two := certificate(t, dir, "One_Ü"), certificate(t, dir, "two")
	for _, files := range [][]string{{one}, {one, two}} {
		var names []string
		for _, file := range files {
			text, err := os.ReadFile(file)
			must(t, err)
			must(t, root.Write("/certs/"+filepath.Base(file), string(text), 0o644))
			names = append(names, "/certs/"+filepath.Base(file))
		}
		must(t, AddToJavaStore(root, names))
	}
	names, err := JavaNames(root)
	if diff := cmp.Diff([]string{"debian:two.pem", "debian:one_ü.pem"}, names); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	testenv.Output(t, "keytool", "-list", "-storetype", "JKS", "-keystore", root.At(JavaStore), "-storepass", JavaPassword, "-alias", "debian:one_ü.pem")
	testenv.Output(t, "keytool", "-list", "-storetype", "JKS", "-keystore", root.At(JavaStore), "-storepass", JavaPassword, "-alias", "debian:two.pem")
}
