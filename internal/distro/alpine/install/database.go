// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/distro/alpine/archive"
	"github.com/strata-build/strata/internal/distro/alpine/control"
)

// A database is what apk knows of an image. Its order is that of the installed
// packages, the new ones last.
type database struct {
	root string
	dir  string // below the root
	// installed are the records, with what files they have.
	installed []*control.Record
	scripts   []script
	// zipped says that the scripts are compressed, as in a database that apk 3 began.
	zipped   bool
	triggers []trigger
	world    []control.Relation
}

// A script is kept for when it is needed: NAME-VERSION.CHECKSUM.SCRIPT, where the checksum
// is written as in the database. The file's name may have it as apk 3 writes it.
type script struct {
	name, file string
	body       []byte
}

// A trigger is a package that wants to know which of its directories were changed.
type trigger struct {
	checksum    string
	directories []string
}

const (
	worldFile   = "etc/apk/world"
	scriptsFile = "scripts.tar"
	zippedFile  = scriptsFile + ".gz"
	// maxScripts limits the scripts of all packages together, in bytes.
	maxScripts = 256 << 20
)

// readDatabase reads the database of the image at root. One that has none gets a
// new one.
func readDatabase(root string) (*database, error) {
	db := &database{root: root, dir: "lib/apk/db"}
	for _, dir := range []string{"usr/lib/apk/db", "lib/apk/db"} {
		if _, err := os.Stat(filepath.Join(root, dir, "installed")); err == nil {
			db.dir = dir // the latest release's, as when packages are resolved
			break
		}
	}
	text, err := db.read("installed")
	if err != nil {
		return nil, err
	}
	err = control.ReadRecords(string(text), func(r *control.Record) error {
		db.installed = append(db.installed, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read apk's database: %w", err)
	}
	if err := db.readScripts(); err != nil {
		return nil, fmt.Errorf("read apk's database: scripts: %w", err)
	}
	if text, err = db.read("triggers"); err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 1 {
			db.triggers = append(db.triggers, trigger{words[0], words[1:]})
		}
	}
	text, err = os.ReadFile(filepath.Join(root, worldFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read what was asked for: %w", err)
	}
	db.world, err = control.ParseRelations(string(text))
	return db, err
}

// read returns nothing for a file that isn't there.
func (db *database) read(name string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(db.root, db.dir, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read apk's database: %w", err)
	}
	return text, nil
}

// readScripts reads the scripts where apk looks for them: it takes the compressed ones
// only if there are no others.
func (db *database) readScripts() error {
	text, err := db.read(scriptsFile)
	if err == nil && text == nil {
		if text, err = db.read(zippedFile); err == nil && text != nil {
			db.zipped = true
			text, _, err = archive.ReadMember(bytes.NewReader(text), 0, int64(len(text)), maxScripts)
		}
	}
	if err != nil {
		return err
	}
	r := tar.NewReader(bytes.NewReader(text))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		body, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		db.scripts = append(db.scripts, script{plainName(h.Name), h.Name, body})
	}
}

// find returns the record of an installed package, or nil.
func (db *database) find(name string) *control.Record {
	for _, r := range db.installed {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// scriptName is what the database calls a package's script.
func scriptName(name, version, checksum, which string) string {
	return name + "-" + version + "." + checksum + "." + which
}

// plainName is the name of a script's file with the checksum as the database has it, in
// base64: apk 3 writes it in hexadecimal there, as X1 and so on, and reads both.
func plainName(file string) string {
	rest, which, _ := cutLast(file)
	name, sum, ok := cutLast(rest)
	if !ok || len(sum) < 2 || sum[0] != 'X' {
		return file
	}
	digits, err := hex.DecodeString(sum[2:])
	if err != nil {
		return file
	}
	return name + ".Q" + sum[1:2] + base64.StdEncoding.EncodeToString(digits) + "." + which
}

// cutLast cuts a name at its last dot.
func cutLast(name string) (before, after string, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return name, "", false
	}
	return name[:i], name[i+1:], true
}

// remove takes a package out.
func (db *database) remove(r *control.Record) {
	db.installed = slices.DeleteFunc(db.installed, func(other *control.Record) bool { return other == r })
	prefix := scriptName(r.Name, r.Version, r.Checksum, "")
	db.scripts = slices.DeleteFunc(db.scripts, func(s script) bool { return strings.HasPrefix(s.name, prefix) })
	db.triggers = slices.DeleteFunc(db.triggers, func(t trigger) bool { return t.checksum == r.Checksum })
}

// add enters a package.
func (db *database) add(p *Package) error {
	var b strings.Builder
	b.WriteString(p.Info.Record(p.Checksum, p.Size))
	if len(p.Info.Replaces) > 0 {
		b.WriteString("r:" + strings.Join(p.Info.Replaces, " ") + "\n")
	}
	if p.Info.ReplacesPriority > 0 {
		fmt.Fprintf(&b, "q:%d\n", p.Info.ReplacesPriority)
	}
	for _, f := range p.Files {
		b.WriteString(f.Lines())
	}
	err := control.ReadRecords(b.String(), func(r *control.Record) error {
		db.installed = append(db.installed, r)
		return nil
	})
	if err != nil {
		return fmt.Errorf("enter %s in apk's database: %w", p.Info.Name, err)
	}
	for _, s := range p.Scripts {
		name := scriptName(p.Info.Name, p.Info.Version, p.Checksum, s.Name)
		db.scripts = append(db.scripts, script{name, name, s.Body})
	}
	if len(p.Info.Triggers) > 0 {
		db.triggers = append(db.triggers, trigger{p.Checksum, p.Info.Triggers})
	}
	return nil
}

// want notes what is asked for now. It takes the place of what was asked for by
// the same name; of two that are asked for now, one with a version or a tag counts.
func (db *database) want(wanted []string) error {
	now := map[string]bool{}
	for _, text := range wanted {
		w, err := control.ParseRelation(text)
		if err != nil {
			return fmt.Errorf("note what is asked for: %w", err)
		}
		i := slices.IndexFunc(db.world, func(r control.Relation) bool { return r.Name == w.Name })
		switch {
		case i < 0:
			db.world = append(db.world, w)
		case !now[w.Name] || text != w.Name:
			db.world[i] = w
		}
		now[w.Name] = true
	}
	slices.SortFunc(db.world, func(a, b control.Relation) int { return strings.Compare(a.String(), b.String()) })
	return nil
}

// write writes the database as apk does.
func (db *database) write() error {
	var installed, triggers, world strings.Builder
	for _, r := range db.installed {
		installed.WriteString(r.Text + "\n")
	}
	for _, t := range db.triggers {
		triggers.WriteString(t.checksum + " " + strings.Join(t.directories, " ") + "\n")
	}
	for _, w := range db.world {
		world.WriteString(w.String() + "\n")
	}
	scripts, scriptsName, err := db.packScripts()
	if err != nil {
		return err
	}
	for _, f := range []struct {
		path string
		data []byte
		mode os.FileMode
	}{
		{db.dir + "/installed", []byte(installed.String()), 0o644},
		{db.dir + "/" + scriptsName, scripts, 0o644},
		{db.dir + "/triggers", []byte(triggers.String()), 0o644},
		{db.dir + "/lock", nil, 0o600},
		{worldFile, []byte(world.String()), 0o644},
	} {
		if err := replaceFile(filepath.Join(db.root, f.path), f.data, f.mode); err != nil {
			return fmt.Errorf("write apk's database: %w", err)
		}
	}
	return nil
}

// replaceFile writes a file unless it has that content already.
func replaceFile(path string, data []byte, mode os.FileMode) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, mode))
}

// packScripts is the file of scripts and its name.
func (db *database) packScripts() ([]byte, string, error) {
	var b, zipped bytes.Buffer
	w := tar.NewWriter(&b)
	for _, s := range db.scripts {
		h := &tar.Header{Name: s.file, Mode: 0o755, Size: int64(len(s.body)), Typeflag: tar.TypeReg, ModTime: time.Unix(0, 0)}
		if err := w.WriteHeader(h); err != nil {
			return nil, "", fmt.Errorf("write %s: %w", scriptsFile, err)
		}
		if _, err := w.Write(s.body); err != nil {
			return nil, "", fmt.Errorf("write %s: %w", scriptsFile, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", fmt.Errorf("write %s: %w", scriptsFile, err)
	}
	if !db.zipped {
		return b.Bytes(), scriptsFile, nil
	}
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(b.Bytes()); err != nil {
		return nil, "", fmt.Errorf("write %s: %w", zippedFile, err)
	}
	if err := z.Close(); err != nil {
		return nil, "", fmt.Errorf("write %s: %w", zippedFile, err)
	}
	return zipped.Bytes(), zippedFile, nil
}
