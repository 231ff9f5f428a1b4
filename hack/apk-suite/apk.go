// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// An apk is the program itself.
type apk struct{ command []string }

// ask puts the question to apk, on a root of its own.
func (p *apk) ask(q *question) (answer, error) {
	root, err := os.MkdirTemp("", "apk-suite")
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = os.RemoveAll(root) }()
	if err := q.write(root); err != nil {
		return answer{}, err
	}
	words := append(p.command[:len(p.command):len(p.command)],
		"--root", root, "--arch", arch, "--allow-untrusted", "--simulate", "--no-cache", "--root-tmpfs=no")
	words = append(words, q.args...)
	out, err := exec.Command(words[0], words[1:]...).CombinedOutput() //nolint:gosec // the program that the user names
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return answer{}, err
	}
	a := readAnswer(string(out))
	if a.failed != (err != nil) {
		return a, fmt.Errorf("%q: %w\n%s", words, err, out)
	}
	return a, nil
}

// write makes a root of apk's that has what a question needs.
func (q *question) write(root string) error {
	lines := ""
	for i, r := range q.repos {
		file := filepath.Join(root, fmt.Sprintf("repository%d.tar.gz", i))
		if err := writeIndex(file, r.text); err != nil {
			return err
		}
		if r.tag != "" {
			lines += "@" + r.tag + " "
		}
		lines += "test:/" + file + "\n"
	}
	world := ""
	for _, w := range q.world {
		world += w + "\n"
	}
	for name, text := range map[string]string{
		"etc/apk/repositories": lines, "etc/apk/world": world, "lib/apk/db/installed": q.installed,
		"lib/apk/db/scripts.tar": "", "lib/apk/db/triggers": "", "var/log/apk.log": "", "tmp/x": "",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeIndex writes an APKINDEX.tar.gz without a signature.
func writeIndex(file, text string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	t := tar.NewWriter(z)
	err = t.WriteHeader(&tar.Header{Name: "APKINDEX", Mode: 0o644, Size: int64(len(text))})
	if err == nil {
		_, err = strings.NewReader(text).WriteTo(t)
	}
	return errors.Join(err, t.Close(), z.Close(), f.Close())
}
