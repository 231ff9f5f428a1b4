// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/distro/debian/control"
)

// maxControl limits what of a package dpkg keeps, in bytes. The greatest in
// Debian, debconf templates in all languages, have one.
const maxControl = 32 << 20

// A Control is what dpkg keeps of a package beside its files.
type Control struct {
	// Fields are the paragraph in the file called control.
	Fields control.Paragraph
	// Files are the others, in the archive's order.
	Files []ControlFile
}

// A ControlFile is a file that dpkg keeps, such as a maintainer script.
type ControlFile struct {
	Name    string
	Data    []byte
	Mode    uint32 // permissions
	ModTime time.Time
}

// Control reads what dpkg keeps of the package.
func (a *Archive) Control() (*Control, error) {
	r, err := a.control.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	limited := &io.LimitedReader{R: r, N: maxControl}
	c, err := readControl(tar.NewReader(limited))
	if limited.N == 0 {
		err = fmt.Errorf("it has more than %d bytes", maxControl)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", a.control.name, err)
	}
	return c, nil
}

func readControl(r *tar.Reader) (*Control, error) {
	c := &Control{}
	seen := map[string]bool{}
	left := int64(maxControl)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(h.Name, "./")
		if h.Typeflag == tar.TypeDir && (name == "" || name == ".") {
			continue
		}
		if h.Typeflag != tar.TypeReg || !isControlName(name) || seen[name] {
			return nil, fmt.Errorf("%w: it has %q, which isn't a file, can't be a file's name or is there twice", ErrFormat, h.Name)
		}
		if strings.Contains(name, ".") {
			continue // as dpkg does
		}
		seen[name] = true
		// A sparse file has more than the archive: it counts as it is read.
		data, err := io.ReadAll(io.LimitReader(r, left+1))
		if err != nil {
			return nil, err
		}
		if left -= int64(len(data)); left < 0 {
			return nil, fmt.Errorf("it has more than %d bytes", maxControl)
		}
		if name != "control" {
			c.Files = append(c.Files, ControlFile{Name: name, Data: data, Mode: uint32(h.Mode) & 0o777, ModTime: h.ModTime})
		} else if c.Fields, err = control.ParseParagraph(string(data)); err != nil {
			return nil, err
		}
	}
	if c.Fields == nil {
		return nil, fmt.Errorf("%w: it has no file called control", ErrFormat)
	}
	return c, c.check()
}

// isControlName reports whether a name can be the end of a name in dpkg's
// database, which has a list of its own.
func isControlName(name string) bool {
	return name != "" && name != "list" && len(name) <= 50 && !strings.ContainsAny(name, "/\x00\n")
}

// states are the fields that only dpkg's database has: what they say of a package is
// for dpkg to find out, which refuses one that says it itself.
func states() []string {
	return []string{"Status", "Config-Version", "Triggers-Pending", "Triggers-Awaited"}
}

// check makes sure of the fields that file names are made of, and that there are none
// that the database would take for its own.
func (c *Control) check() error {
	for _, name := range states() {
		if f, ok := c.Fields.Lookup(name); ok {
			return fmt.Errorf("%w: its field %s is %.80q, which only dpkg's database can have", ErrFormat, name, f.Value)
		}
	}
	for _, f := range c.Fields {
		if strings.ContainsRune(f.Value, 0) {
			return fmt.Errorf("%w: its field %s has a zero byte", ErrFormat, f.Name)
		}
	}
	for _, field := range []struct {
		name string
		ok   func(string) bool
	}{
		{"Package", isPackageName}, {"Version", isVersion}, {"Architecture", isPackageName},
	} {
		if v := c.Fields.Get(field.name); !field.ok(v) {
			return fmt.Errorf("%w: its field %s is %q", ErrFormat, field.name, v)
		}
	}
	return checkFields(c.Fields)
}

func isPackageName(s string) bool {
	return made(s, "abcdefghijklmnopqrstuvwxyz0123456789+-.") && len(s) <= 128 && !strings.ContainsAny(s[:1], "+-.")
}

func isVersion(s string) bool {
	return made(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+-:~") && len(s) <= 256
}

func made(s, of string) bool { return s != "" && onlyOf(s, of) }

func onlyOf(s, of string) bool {
	for i := range len(s) {
		if !strings.Contains(of, s[i:i+1]) {
			return false
		}
	}
	return true
}

// InfoName is what the package's files in dpkg's database begin with.
func (c *Control) InfoName() string {
	if strings.EqualFold(c.Fields.Get("Multi-Arch"), "same") {
		return c.Fields.Get("Package") + ":" + c.Fields.Get("Architecture")
	}
	return c.Fields.Get("Package")
}

// File is the content of a control file, empty if there is none.
func (c *Control) File(name string) []byte {
	for _, f := range c.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// InstalledSize is what the files need by the package's own account, in bytes;
// 0 if it doesn't say.
func (c *Control) InstalledSize() int64 {
	n, err := strconv.ParseUint(c.Fields.Get("Installed-Size"), 10, 40)
	if err != nil {
		return 0
	}
	return int64(n) << 10
}
