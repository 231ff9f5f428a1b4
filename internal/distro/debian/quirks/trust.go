// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/child"
)

// certificatesProgram is the name of the program that [trust.update] is a shim for.
const certificatesProgram = "update-ca-certificates"

// trust is where update-ca-certificates finds what a system trusts, and where it
// puts that.
type trust struct {
	// script is the program itself.
	script string
	// conf lists the certificates that are trusted, which lie in certs.
	conf, certs string
	// local has an administrator's own, hooks what runs after a change.
	local, hooks string
	// links is the directory that is made.
	links string
}

// systemTrust is the system's own.
func systemTrust() trust {
	return trust{
		script: "/usr/sbin/" + certificatesProgram,
		conf:   certificatesConf, certs: certificatesDir,
		local: "/usr/local/share/ca-certificates", hooks: "/etc/ca-certificates/update.d",
		links: trustDir,
	}
}

// update does what the program would do with these arguments, without the five
// processes that the script starts for each of a hundred and forty certificates,
// twice. It returns false, and has done nothing, when the script is one it
// doesn't know, or when there is anything but certificates to add.
func (t trust) update(args []string, stdout, stderr io.Writer) (bool, error) {
	hooks, ok := t.plain(args)
	if !ok {
		return false, nil
	}
	certs, ok := t.wanted()
	if !ok {
		return false, nil
	}
	fmt.Fprintf(stdout, "Updating certificates in %s...\n", t.links)
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
		fmt.Fprintf(stdout, "Running hooks in %s...\ndone.\n", t.hooks)
	}
	return true, nil
}

// plain reports whether the arguments and everything but the certificates are as
// they nearly always are, and whether the directory of hooks, which is empty, is
// mentioned.
func (t trust) plain(args []string) (hooks, ok bool) {
	text, err := os.ReadFile(t.script)
	if err != nil {
		return false, false
	}
	known := of("ca-certificates", "/usr/sbin/"+certificatesProgram).Matches(Package{Name: "ca-certificates"}, string(text))
	quiet := len(args) == 2 && args[0] == "--hooksdir" && args[1] == ""
	if !known || !quiet && len(args) > 0 || !holdsNothing(t.local) || !quiet && !holdsNothing(t.hooks) {
		return false, false
	}
	if _, err := os.Lstat("/sbin/restorecon"); err == nil {
		return false, false
	}
	_, err = os.Stat(t.hooks)
	return !quiet && err == nil, true
}

// holdsNothing reports whether a directory is empty, or isn't there.
func holdsNothing(dir string) bool {
	entries, err := os.ReadDir(dir)
	return len(entries) == 0 && (err == nil || errors.Is(err, fs.ErrNotExist))
}

// wanted are the files of the certificates that are trusted. It returns false when
// the list has anything else.
func (t trust) wanted() (files []string, ok bool) {
	text, err := os.ReadFile(t.conf)
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
		file := t.certs + "/" + line
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
			return nil, false
		}
		if info, err := os.Lstat(t.link(file)); err == nil && info.Mode().Type() != fs.ModeSymlink || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, false
		}
		files = append(files, file)
	}
	info, err := os.Stat(t.links)
	return files, len(files) > 0 && err == nil && info.IsDir()
}

// link is the link to a certificate.
func (t trust) link(file string) string { return filepath.Join(t.links, linkName(file)) }

// add links a certificate if it isn't, and appends it to the bundle. It returns
// how many links it made.
func (t trust) add(file string, bundle *bytes.Buffer) (int, error) {
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
func (t trust) rehash(stderr io.Writer) error {
	err := filepath.WalkDir(t.links, func(path string, d fs.DirEntry, err error) error {
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
	return new(child.Starter).Run(func() *exec.Cmd {
		cmd := exec.Command("openssl", "rehash", ".")
		cmd.Dir, cmd.Stderr = t.links, stderr
		return cmd
	})
}

// replaceBundle writes the file with all certificates.
func (t trust) replaceBundle(text []byte) error {
	file := filepath.Join(t.links, "ca-certificates.crt")
	next := file + ".new"
	if err := os.WriteFile(next, text, 0o644); err != nil {
		return err
	}
	return errors.Join(os.Chmod(next, 0o644), os.Rename(next, file))
}

// updateTrust is update-ca-certificates: it does what the program of the image
// does, or becomes that program. It returns the exit status.
func updateTrust(args []string, stdout, stderr io.Writer) int {
	t := systemTrust()
	done, err := t.update(args, stdout, stderr)
	if !done {
		err = unix.Exec(t.script, append([]string{t.script}, args...), os.Environ())
	}
	if err != nil {
		fmt.Fprintf(stderr, "%v\n", err)
		return 1
	}
	return 0
}
