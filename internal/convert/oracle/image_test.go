// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/strata-build/strata/internal/convert/dockerfile"
)

// listing is an image as text: its configuration, its files and its records, without
// times.
func listing(t *testing.T, img v1.Image) []string {
	t.Helper()
	out := configuration(t, img)
	files, records := contents(t, img)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		out = append(out, name+": "+files[name])
	}
	for _, r := range records {
		out = append(out, r.name+": "+call(r))
	}
	return out
}

// made is how a file begins that the recorder has made; records are the rest of it.
const made = "made by\n"

// configuration is what a container starts with.
func configuration(t *testing.T, img v1.Image) []string {
	t.Helper()
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := file.Config
	slices.Sort(c.Env)
	c.ArgsEscaped = false
	if len(c.OnBuild) == 0 {
		c.OnBuild = nil
	}
	data, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{"author: " + file.Author}, strings.Split(string(data), "\n")...)
}

// record is what the recorder writes.
type record struct {
	name      string // of the file that has it
	Argv, Env []string
	Cwd       string
	Here      []string
	UID, GID  int
	Script    string
	Mounts    []string
}

// contents are an image's files as text, without times, and its records.
func contents(t *testing.T, img v1.Image) (files map[string]string, records []record) {
	t.Helper()
	files = map[string]string{}
	stream := mutate.Extract(img)
	defer stream.Close()
	for r := tar.NewReader(stream); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.Trim(h.Name, "/")
		if strings.HasPrefix(name, ".records/") {
			var one record
			if err := json.Unmarshal(data, &one); err != nil {
				t.Fatal(err)
			}
			one.name = name
			records = append(records, one)
			continue
		}
		if rest, ok := bytes.CutPrefix(data, []byte(made)); ok {
			data = nil
			for d := json.NewDecoder(bytes.NewReader(rest)); d.More(); {
				var one record
				if err := d.Decode(&one); err != nil {
					t.Fatal(err)
				}
				one.name = name
				records = append(records, one)
			}
		}
		files[name] = fmt.Sprintf("%c %04o %d:%d %s %x", h.Typeflag, h.Mode&0o7777, h.Uid, h.Gid, h.Linkname, sha256.Sum256(data))
	}
	delete(files, "")
	slices.SortStableFunc(records, func(a, b record) int { return strings.Compare(a.name, b.name) })
	return files, records
}

// call is a record without what is known to differ: how a script is laid out, an -e that
// changes nothing, where a script lies that names its interpreter, and what BuildKit says
// of itself.
func call(r record) string {
	if len(r.Argv) == 4 && r.Argv[1] == "-e" && r.Argv[2] == "-c" && dockerfile.StopsAnyway(r.Argv[3]) {
		r.Argv = slices.Delete(r.Argv, 1, 2)
	}
	last := len(r.Argv) - 1
	if last > 0 {
		if meaning, ok := dockerfile.Meaning(r.Argv[last]); ok {
			r.Argv[last] = meaning
		} else {
			r.Argv[last] = strings.TrimSpace(r.Argv[last])
		}
	}
	if r.Script != "" { // which a Dockerfile's shell calls, and a build file's step itself
		r.Argv = []string{"a script"}
	}
	r.Env = slices.DeleteFunc(r.Env, isBuildKits)
	return fmt.Sprintf(" argv %q env %q cwd %q with %q user %d:%d script %q mounts %q", r.Argv, r.Env, r.Cwd, r.Here, r.UID, r.GID, r.Script, r.Mounts)
}

// isBuildKits reports whether a variable is one that BuildKit sets.
func isBuildKits(kv string) bool {
	return strings.HasPrefix(kv, "OTEL_") || strings.HasPrefix(kv, "TRACE") || strings.HasPrefix(kv, "HOSTNAME=")
}
