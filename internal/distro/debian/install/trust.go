// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// UpdateCertificates is the name of the program that [Trust.Update] stands in for.
const UpdateCertificates = "update-ca-certificates"

// Trust is where update-ca-certificates finds what a system trusts, and where it
// puts that.
type Trust struct {
	// Script is the program itself.
	Script string
	// Conf lists the certificates that are trusted, which lie in Certs.
	Conf, Certs string
	// Local has an administrator's own, Hooks what runs after a change.
	Local, Hooks string
	// Links is the folder that is made.
	Links string
}

// SystemTrust is the system's own.
func SystemTrust() Trust {
	return Trust{
		Script: "/usr/sbin/" + UpdateCertificates,
		Conf:   "/etc/ca-certificates.conf", Certs: certificatesDir,
		Local: "/usr/local/share/ca-certificates", Hooks: "/etc/ca-certificates/update.d",
		Links: trustDir,
	}
}

// trustScripts are the versions of the program that Update knows to do the same
// as, by the SHA-256 of the script: those of Debian 11, 12 and 13.
func trustScripts() []string {
	return []string{
		"7ad4af5c16cfe26de17f76a3b2217f011a651fe1f25ed1608584765aeeffb7f9",
		"395364bffc7ce85ccbe2de71215f9c6c85c024af3bbd991c75a01c2d2aa3080a",
		"2cb06c85b5f01c4f6b72c3983d9f66d44aac0a7ac997ee55e7e429aedbc3934d",
	}
}

// Update does what the program would do with these arguments, without the five
// processes that the script starts for each of a hundred and forty certificates,
// twice. It returns false, and has done nothing, when the script is one it
// doesn't know, or when there is anything but certificates to add.
func (t Trust) Update(args []string, stdout, stderr io.Writer) (bool, error) {
	hooks, ok := t.plain(args)
	if !ok {
		return false, nil
	}
	certs, ok := t.wanted()
	if !ok {
		return false, nil
	}
	fmt.Fprintf(stdout, "Updating certificates in %s...\n", t.Links)
	var bundle bytes.Buffer
	added := 0
	for _, cert := range certs {
		more, err := t.add(cert, &bundle)
		if err != nil {
			return true, fmt.Errorf("update certificates: %w", err)
		}
		added += more
	}
	if added > 0 {
		if err := t.rehash(stderr); err != nil {
			return true, fmt.Errorf("update certificates: %w", err)
		}
	}
	if err := t.replaceBundle(bundle.Bytes()); err != nil {
		return true, fmt.Errorf("update certificates: %w", err)
	}
	fmt.Fprintf(stdout, "%d added, 0 removed; done.\n", added)
	if hooks {
		fmt.Fprintf(stdout, "Running hooks in %s...\ndone.\n", t.Hooks)
	}
	return true, nil
}

// plain tells whether the arguments and everything but the certificates are as
// they nearly always are, and whether the folder of hooks, which is empty, is
// mentioned.
func (t Trust) plain(args []string) (hooks, ok bool) {
	text, err := os.ReadFile(t.Script)
	if err != nil {
		return false, false
	}
	sum := sha256.Sum256(text)
	known := false
	for _, script := range trustScripts() {
		known = known || hex.EncodeToString(sum[:]) == script
	}
	quiet := len(args) == 2 && args[0] == "--hooksdir" && args[1] == ""
	if !known || !quiet && len(args) > 0 || !holdsNothing(t.Local) || !quiet && !holdsNothing(t.Hooks) {
		return false, false
	}
	if _, err := os.Lstat("/sbin/restorecon"); err == nil {
		return false, false
	}
	_, err = os.Stat(t.Hooks)
	return !quiet && err == nil, true
}

// holdsNothing tells whether a folder is empty, or isn't there.
func holdsNothing(dir string) bool {
	entries, err := os.ReadDir(dir)
	return len(entries) == 0 && (err == nil || errors.Is(err, fs.ErrNotExist))
}

// wanted are the files of the certificates that are trusted. It returns false when
// the list has anything else.
func (t Trust) wanted() (files []string, ok bool) {
	text, err := os.ReadFile(t.Conf)
	if err != nil || len(text) == 0 || text[len(text)-1] != '\n' {
		return nil, false
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		// The shell would take these for something else.
		if line[0] == '!' || strings.TrimSpace(line) != line || strings.ContainsAny(line, "\\\x00") {
			return nil, false
		}
		file := t.Certs + "/" + line
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
			return nil, false
		}
		if info, err := os.Lstat(t.link(file)); err == nil && info.Mode().Type() != fs.ModeSymlink || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, false
		}
		files = append(files, file)
	}
	info, err := os.Stat(t.Links)
	return files, len(files) > 0 && err == nil && info.IsDir()
}

// link is the link to a certificate.
func (t Trust) link(file string) string { return filepath.Join(t.Links, linkName(file)) }

// add links a certificate if it isn't, and appends it to the bundle. It returns
// how many links it made.
func (t Trust) add(file string, bundle *bytes.Buffer) (int, error) {
	added, link := 0, t.link(file)
	_, err := os.Stat(link)
	if to, errLink := os.Readlink(link); err != nil || errLink != nil || to != file {
		if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		if err := os.Symlink(file, link); err != nil {
			return 0, err
		}
		added = 1
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	bundle.Write(text)
	if len(text) > 0 && text[len(text)-1] != '\n' {
		bundle.WriteByte('\n')
	}
	return added, nil
}

// rehash removes links that lead nowhere and lets OpenSSL make those that are named
// after a certificate's subject.
func (t Trust) rehash(stderr io.Writer) error {
	err := filepath.WalkDir(t.Links, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type() != fs.ModeSymlink {
			return err
		}
		if _, err := os.Stat(path); err != nil {
			return os.Remove(path)
		}
		return nil
	})
	if err != nil {
		return err
	}
	cmd := exec.Command("openssl", "rehash", ".")
	cmd.Dir, cmd.Stderr = t.Links, stderr
	return cmd.Run()
}

// replaceBundle writes the file with all certificates.
func (t Trust) replaceBundle(text []byte) error {
	file := filepath.Join(t.Links, "ca-certificates.crt")
	next := file + ".new"
	if err := os.WriteFile(next, text, 0o644); err != nil {
		return err
	}
	return errors.Join(os.Chmod(next, 0o644), os.Rename(next, file))
}

// UpdateTrust is update-ca-certificates: it does what the program of the image
// does, or becomes that program. It returns the exit status.
func UpdateTrust(args []string, stdout, stderr io.Writer) int {
	t := SystemTrust()
	done, err := t.Update(args, stdout, stderr)
	if !done {
		err = unix.Exec(t.Script, append([]string{t.Script}, args...), os.Environ())
	}
	if err != nil {
		fmt.Fprintf(stderr, "%v\n", err)
		return 1
	}
	return 0
}
