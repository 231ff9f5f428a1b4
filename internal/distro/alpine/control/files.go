// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"fmt"
	"strconv"
	"strings"
)

// A File is a directory, a file or a link of an installed package.
type File struct {
	Path      string // without a slash in front
	Directory bool
	Mode      uint32 // permissions
	UID, GID  int
	Checksum  string // Q1… of the content or of a link's target; directories have none
	XAttrs    string // Q1… of extended attributes, or empty
}

// Files reads which files an installed package has, in the order of the
// database.
func (r *Record) Files() ([]File, error) {
	var files []File
	dir := ""
	last := -1
	for line := range strings.Lines(r.Text) {
		line = strings.TrimSuffix(line, "\n")
		if len(line) < 2 || line[1] != ':' {
			continue
		}
		value := line[2:]
		var err error
		switch line[0] {
		case 'F':
			dir = value
			files = append(files, File{Path: value, Directory: true, Mode: 0o755})
			last = len(files) - 1
		case 'R':
			p := value
			if dir != "" {
				p = dir + "/" + value
			}
			files = append(files, File{Path: p, Mode: 0o644})
			last = len(files) - 1
		case 'M', 'a', 'Z':
			if last < 0 || files[last].Directory == (line[0] != 'M') {
				err = fmt.Errorf("%.80q stands after no file of its kind", line)
				break
			}
			if line[0] == 'Z' {
				files[last].Checksum = value
			} else {
				err = files[last].setOwner(value)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("read what is installed of %s: %w", r.Name, err)
		}
	}
	return files, nil
}

// setOwner reads uid:gid:mode[:checksum].
func (f *File) setOwner(value string) error {
	parts := strings.SplitN(value, ":", 4)
	if len(parts) < 3 {
		return fmt.Errorf("%.80q is not an owner and a mode", value)
	}
	uid, err1 := strconv.ParseUint(parts[0], 10, 31)
	gid, err2 := strconv.ParseUint(parts[1], 10, 31)
	mode, err3 := strconv.ParseUint(parts[2], 8, 16)
	if err1 != nil || err2 != nil || err3 != nil {
		return fmt.Errorf("%.80q is not an owner and a mode", value)
	}
	f.UID, f.GID, f.Mode = int(uid), int(gid), uint32(mode)
	if len(parts) == 4 {
		f.XAttrs = parts[3]
	}
	return nil
}

// Lines writes a file as the database has it, after the line of its directory.
func (f File) Lines() string {
	name, usual, owner := "F:"+f.Path, uint32(0o755), "M:"
	if !f.Directory {
		name, usual, owner = "R:"+f.Path[strings.LastIndexByte(f.Path, '/')+1:], 0o644, "a:"
	}
	s := name + "\n"
	if f.Mode != usual || f.UID != 0 || f.GID != 0 || f.XAttrs != "" {
		s += fmt.Sprintf("%s%d:%d:%o", owner, f.UID, f.GID, f.Mode)
		if f.XAttrs != "" {
			s += ":" + f.XAttrs
		}
		s += "\n"
	}
	if f.Checksum != "" {
		s += "Z:" + f.Checksum + "\n"
	}
	return s
}

// Disown takes a file out of what an installed package has.
func (r *Record) Disown(p string) {
	var b strings.Builder
	dir, skip := "", false
	for line := range strings.Lines(r.Text) {
		value := strings.TrimSuffix(line[min(2, len(line)):], "\n")
		switch {
		case strings.HasPrefix(line, "F:"):
			dir, skip = value, false
		case strings.HasPrefix(line, "R:"):
			skip = p == strings.TrimPrefix(dir+"/"+value, "/")
		case !strings.HasPrefix(line, "a:") && !strings.HasPrefix(line, "Z:"):
			skip = false
		}
		if !skip {
			b.WriteString(line)
		}
	}
	r.Text = b.String()
}
