// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package locks

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// lockValues are the values of a lock, and those keys that are names.
func lockValues(n *yaml.Node) []*yaml.Node {
	if n.Kind == yaml.ScalarNode {
		return []*yaml.Node{n}
	}
	var all []*yaml.Node
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && wordOfLock.MatchString(c.Value) {
			continue
		}
		all = append(all, lockValues(c)...)
	}
	return all
}

var (
	wordOfLock  = regexp.MustCompile(`^[a-z0-9_]+$`)
	hexadecimal = regexp.MustCompile(`^[0-9a-f]+$`)
	// lockToken is how a lock writes a text.
	lockToken = regexp.MustCompile(`^("(?:[^"\\]|\\.)*"|[^,:\]}\n]+)`)
)

// another is a text like the one that it is made of, as far as its form goes.
func another(text string) string {
	if n, err := strconv.Atoi(text); err == nil {
		return strconv.Itoa(n + 1)
	}
	last := len(text) - 1
	switch c := text[last]; {
	case c == 'a' || c == '0':
		return text[:last] + "1"
	case c >= '0' && c <= '9':
		return text[:last] + "0"
	case hexadecimal.MatchString(text):
		return text[:last] + "a"
	}
	return text + "a"
}

// alterLock is a lock with another value in a place.
func alterLock(text string, at *yaml.Node) string {
	lines := strings.SplitAfter(text, "\n")
	line := lines[at.Line-1]
	rest, to := line[at.Column-1:], another(at.Value)
	if rest[0] == '"' {
		to = strconv.Quote(to)
	}
	lines[at.Line-1] = line[:at.Column-1] + to + rest[len(lockToken.FindString(rest)):]
	return strings.Join(lines, "")
}

// TestAlteredLock changes each value of a lock for another one of its form: what is built
// is an error that names a line, or the same image.
func TestAlteredLock(t *testing.T) {
	h := house.New(t)
	e := newEverySource(t, h)
	e.lock(t, h)
	text := house.Read(t, e.dir, "strata.lock")
	build := func() (digest, said string, err error) {
		out := filepath.Join(t.TempDir(), "out")
		said, err = h.Strata(e.flags("--build-arg", "STRATA_LOCKED=1", "-o", "type=oci,tar=false,dest="+out)...)
		if err != nil {
			return "", said, err
		}
		return testenv.OpenLayout(t, out).Digest(t, "amd64"), said, nil
	}
	before, said, err := build()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, at := range lockValues(&root) {
		house.Write(t, filepath.Join(e.dir, "strata.lock"), []byte(alterLock(text, at)))
		after, said, err := build()
		if err != nil {
			refused++
		}
		if err == nil && after != before || err != nil && !placedFault.MatchString(said) {
			t.Errorf("line %d, %s for %s: %v, another image: %v\n%s", at.Line, another(at.Value), at.Value, err, after != before, said)
		}
	}
	if refused < 30 {
		t.Errorf("%d altered locks are refused, want at least 30", refused)
	}
}

// placedFault is an error that names a line of the build file or the lock.
var placedFault = regexp.MustCompile(`(?m)^strata: .*strata\.(yaml|lock):[1-9]`)
