// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lock_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/strata-build/strata/llb/lock"
)

// scalars are the keys and values of a lock.
func scalars(n *yaml.Node) []*yaml.Node {
	if n.Kind == yaml.ScalarNode {
		return []*yaml.Node{n}
	}
	var all []*yaml.Node
	for _, c := range n.Content {
		all = append(all, scalars(c)...)
	}
	return all
}

// token is how a lock writes a text.
var token = regexp.MustCompile(`^("(?:[^"\\]|\\.)*"|[^,:\]}\n]+)`)

// altered is a lock with another text in a place.
func altered(t *testing.T, text string, at *yaml.Node, to string) string {
	t.Helper()
	lines := strings.SplitAfter(text, "\n")
	line := lines[at.Line-1]
	rest := line[at.Column-1:]
	was := token.FindString(rest)
	if was == "" {
		t.Fatalf("there is nothing at %d:%d of %q", at.Line, at.Column, line)
	}
	lines = slices.Clone(lines)
	lines[at.Line-1] = line[:at.Column-1] + strconv.Quote(to) + rest[len(was):]
	return strings.Join(lines, "")
}

// TestHostile puts what no lock has into each of its places: it is refused at the place's
// line.
func TestHostile(t *testing.T) {
	text := string(sample().Write())
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	for _, at := range scalars(&root) {
		for name, to := range map[string]string{
			"a line break": at.Value + "\nversion: 1", "a zero byte": at.Value + "\x00", "a long text": at.Value + strings.Repeat("x", 16<<10),
			"an escape sequence": at.Value + "\x1b[2J", "a separator": at.Value + "\u2028",
		} {
			bad := altered(t, text, at, to)
			_, err := lock.Read("strata.lock", []byte(bad))
			if err == nil {
				t.Errorf("%s in %q of line %d is read", name, at.Value, at.Line)
				continue
			}
			want := fmt.Sprintf("read strata.lock:%d: ", at.Line)
			if !strings.HasPrefix(err.Error(), want) || len(err.Error()) > 1000 || strings.ContainsAny(err.Error(), "\n\x00\x1b\u2028") {
				t.Errorf("%s in %q of line %d: %.1000q", name, at.Value, at.Line, err)
			}
		}
	}
}

// TestHostileAddresses puts addresses and paths that reach elsewhere into each place for an
// address or a path.
func TestHostileAddresses(t *testing.T) {
	text := string(sample().Write())
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	isPlace := regexp.MustCompile(`^(https?://.*|git@.*|pool/.*|dist/.*|out/.*|/etc/.*|/nix/store/.*|refs/.*|stable.*|main|[a-z0-9]{32}-.*)$`)
	for _, at := range scalars(&root) {
		wanted := strings.Contains(strings.Split(text, "\n")[at.Line-1], "- [") // is the build file's, or nothing
		if !isPlace.MatchString(at.Value) || wanted {
			continue
		}
		for _, to := range []string{"file:///etc/passwd", "../../etc/passwd", "ext::sh -c id", "a/../../b"} {
			_, err := lock.Read("strata.lock", []byte(altered(t, text, at, to)))
			isAddress := strings.Contains(at.Value, ":")
			if err == nil && (isAddress || to != "ext::sh -c id") {
				t.Errorf("%q in the place of %q of line %d is read", to, at.Value, at.Line)
			}
		}
	}
}

// TestDoubles reads locks with each line twice, and with each line gone: none is read as
// something else.
func TestDoubles(t *testing.T) {
	text := string(sample().Write())
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "#") || line == "" {
			continue
		}
		twice := strings.Join(slices.Insert(slices.Clone(lines), i, line), "")
		f, err := lock.Read("strata.lock", []byte(twice))
		if err == nil && !strings.Contains(line, "- [") {
			t.Errorf("line %d is there twice, and read as\n%s\n%s", i+1, line, f.Write())
		}
		if err != nil && !placed.MatchString(err.Error()) {
			t.Errorf("line %d is there twice: %v", i+1, err)
		}
	}
	if _, err := lock.Read("strata.lock", []byte(text+"---\nversion: 2\n")); err == nil {
		t.Error("a second document is read over")
	}
}
