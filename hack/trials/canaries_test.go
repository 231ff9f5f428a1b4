// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/compress"
	"github.com/strata-build/strata/internal/testenv"
)

// canaries are secrets that nothing else is like, and where they may be.
type canaries struct {
	all     []canary
	exempts []string
	// known are parts of the names of files that have a kind of secrets whatever Strata does.
	known map[string][]string
}

// A canary is found by any of its forms: as it is, and within something that is written in
// base64.
type canary struct {
	kind  string
	forms [][]byte
}

// add makes a canary.
func (c *canaries) add(kind string) string {
	text := "Kanarie" + rand.Text()
	one := canary{kind, [][]byte{[]byte(text)}}
	for before := range 3 {
		padded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + text))
		one.forms = append(one.forms, []byte(padded[4:len(padded)-4])) // without what its neighbours have a part in
	}
	c.all = append(c.all, one)
	return text
}

// addKey takes the secret part of an SSH key for a canary.
func (c *canaries) addKey(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	must(t, err)
	lines := strings.Split(string(data), "\n")
	c.all = append(c.all, canary{"SSH key", [][]byte{[]byte(lines[3])}})
}

// dir is a directory in which canaries may be.
func (c *canaries) dir(t *testing.T) string {
	t.Helper()
	dir := testenv.Dir(t)
	c.exempt(dir)
	return dir
}

// exempt lets canaries be in a directory.
func (c *canaries) exempt(dir string) { c.exempts = append(c.exempts, dir) }

// look looks for canaries.
func (c *canaries) look(t *testing.T, where string, data []byte) {
	t.Helper()
	for _, one := range c.all {
		if slices.ContainsFunc(c.known[one.kind], func(part string) bool { return strings.Contains(where, part) }) {
			continue
		}
		for _, form := range one.forms {
			if i := bytes.Index(data, form); i >= 0 {
				t.Errorf("%s has the %s: %q", where, one.kind, data[max(i-100, 0):min(i+100, len(data))])
				break
			}
		}
	}
}

// lookBelow looks into each file of a directory, and into what is packed in it. It returns how
// many there are.
func (c *canaries) lookBelow(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	must(t, filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(c.exempts, file):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		n++
		c.look(t, file, data)
		if r, err := compress.Reader(bytes.NewReader(data), ""); err == nil {
			unpacked, _ := io.ReadAll(r) // as far as it can be unpacked
			_ = r.Close()
			c.look(t, "what is packed in "+file, unpacked)
		}
		return nil
	}))
	return n
}

// TestCanaries shows that a canary would be found, also in what is packed.
func TestCanaries(t *testing.T) {
	c := &canaries{}
	text := c.add("secret")
	for before := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte("ann:xx"[:4+before%3] + text + ":and more"))
		if !slices.ContainsFunc(c.all[0].forms, func(form []byte) bool { return strings.Contains(encoded, string(form)) }) {
			t.Errorf("it is not found in %s", encoded)
		}
	}
}
