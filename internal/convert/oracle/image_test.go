// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"archive/tar"
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
	files := map[string]string{}
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
		line := fmt.Sprintf("%c %04o %d:%d %s", h.Typeflag, h.Mode&0o7777, h.Uid, h.Gid, h.Linkname)
		switch {
		case strings.HasPrefix(name, ".records/"):
			line += call(t, data)
		case h.Typeflag == tar.TypeReg:
			line += fmt.Sprintf(" %x", sha256.Sum256(data))
		}
		files[name] = line
	}
	delete(files, "")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		out = append(out, name+": "+files[name])
	}
	return out
}

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
	Argv, Env []string
	Cwd       string
	UID, GID  int
	Script    string
	Mounts    []string
}

// call is a record without what is known to differ: how a script is laid out, an -e that
// changes nothing, where a script lies that names its interpreter, and what BuildKit says
// of itself.
func call(t *testing.T, data []byte) string {
	t.Helper()
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
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
	r.Env = slices.DeleteFunc(r.Env, func(kv string) bool {
		return strings.HasPrefix(kv, "OTEL_") || strings.HasPrefix(kv, "TRACE") || strings.HasPrefix(kv, "HOSTNAME=")
	})
	return fmt.Sprintf(" argv %q env %q cwd %q user %d:%d script %q mounts %q", r.Argv, r.Env, r.Cwd, r.UID, r.GID, r.Script, r.Mounts)
}
