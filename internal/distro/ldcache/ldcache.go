// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package ldcache makes the cache of the dynamic linker, /etc/ld.so.cache, for a
// root whose own ldconfig can't be run. It finds libraries as glibc's ldconfig
// does (elf/ldconfig.c) and writes its format 1.1 (sysdeps/generic/dl-cache.h),
// without the part about processors' features, which no library of Debian needs.
package ldcache

import (
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A library is an entry of the cache.
type library struct {
	soname, path string
	flags        int32
}

// Make returns the cache of the libraries in root. The paths of directories with
// libraries come from etc/ld.so.conf, and then from the loader's own list.
// Links are followed as if root were /, so root must be / where absolute links
// lead to libraries.
func Make(root string) ([]byte, error) {
	dirs, err := configured(root, "/etc/ld.so.conf", 0)
	if err != nil {
		return nil, err
	}
	dirs = append(dirs, "/lib", "/usr/lib")
	var all []library
	seen := map[string]bool{}
	for _, dir := range dirs {
		real, err := filepath.EvalSymlinks(filepath.Join(root, dir))
		if err != nil || seen[real] {
			continue // a directory that isn't there has no libraries
		}
		seen[real] = true
		found, err := inDir(root, dir)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortStableFunc(all, func(a, b library) int {
		return cmp.Or(compareNames(b.soname, a.soname), cmp.Compare(b.flags, a.flags))
	})
	return encode(all), nil
}

// configured reads the directories in a configuration file.
func configured(root, file string, depth int) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(root, file))
	if errors.Is(err, fs.ErrNotExist) || depth > 8 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the linker's configuration: %w", err)
	}
	var dirs []string
	for line := range strings.SplitSeq(string(text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t:,", r) })
		switch {
		case len(words) == 0 || words[0] == "hwcap":
		case words[0] == "include":
			for _, pattern := range words[1:] {
				if !strings.HasPrefix(pattern, "/") {
					pattern = path.Join(path.Dir(file), pattern)
				}
				names, err := filepath.Glob(filepath.Join(root, pattern))
				if err != nil {
					return nil, fmt.Errorf("read the linker's configuration: %w", err)
				}
				for _, name := range names {
					more, err := configured(root, strings.TrimPrefix(name, strings.TrimSuffix(root, "/")), depth+1)
					if err != nil {
						return nil, err
					}
					dirs = append(dirs, more...)
				}
			}
		default:
			for _, word := range words {
				word, _, _ = strings.Cut(word, "=")
				dirs = append(dirs, path.Clean(word))
			}
		}
	}
	return dirs, nil
}

// candidate is a file that a soname may stand for.
type candidate struct {
	name  string
	link  bool
	flags int32
}

// inDir finds the libraries of a directory. Where two files have one soname, a
// file counts more than a link, and a higher version more than a lower one.
func inDir(root, dir string) ([]library, error) {
	entries, err := os.ReadDir(filepath.Join(root, dir))
	if err != nil {
		return nil, fmt.Errorf("look for libraries: %w", err)
	}
	best := map[string]candidate{}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, "lib") && !strings.HasPrefix(name, "ld-") || !strings.Contains(name, ".so") || strings.HasSuffix(name, ".dpkg-new") || strings.HasSuffix(name, ".dpkg-tmp") {
			continue
		}
		file := filepath.Join(root, dir, name)
		soname, flags, ok := inspect(file)
		if !ok {
			continue
		}
		c := candidate{name: name, link: e.Type()&fs.ModeSymlink != 0, flags: flags}
		if soname == "" {
			soname = name
		}
		if c.link {
			c.link = isPlainLink(name, soname)
		}
		if c.link {
			soname = name
		}
		old, there := best[soname]
		if !there || old.link && !c.link || old.link == c.link && compareNames(old.name, c.name) < 0 {
			best[soname] = c
		}
	}
	var found []library
	for soname, c := range best {
		found = append(found, library{soname: soname, path: path.Join(dir, soname), flags: c.flags})
	}
	slices.SortFunc(found, func(a, b library) int { return strings.Compare(a.soname, b.soname) })
	return found, nil
}

// isPlainLink reports whether a link is called by the soname, or is for those who
// link programs. Another one counts as a file of that soname.
func isPlainLink(name, soname string) bool {
	return name == soname || strings.HasSuffix(name, ".so") && strings.HasPrefix(soname, name)
}

// inspect reads a library's soname and what processors it is for.
func inspect(file string) (soname string, flags int32, ok bool) {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return "", 0, false
	}
	f, err := elf.Open(file)
	if err != nil {
		return "", 0, false // a script for the linker, for instance
	}
	defer f.Close()
	if f.Type != elf.ET_DYN {
		return "", 0, false
	}
	names, err := f.DynString(elf.DT_SONAME)
	if err != nil {
		return "", 0, false
	}
	if len(names) > 0 {
		soname = names[0]
	}
	return soname, elfLibc6 | machine(f), true
}

// elfLibc6 says that a library is for glibc.
const elfLibc6 = 3

// machine are the bits of the kind of library, from dl-cache.h.
func machine(f *elf.File) int32 {
	switch f.Machine {
	case elf.EM_X86_64:
		if f.Class == elf.ELFCLASS32 {
			return 0x0800
		}
		return 0x0300
	case elf.EM_AARCH64:
		return 0x0a00
	case elf.EM_ARM:
		return 0x0900
	case elf.EM_PPC64:
		return 0x0500
	case elf.EM_S390:
		return 0x0400
	case elf.EM_RISCV:
		return 0x1000
	}
	return 0
}

const (
	headerSize = 48
	entrySize  = 24
	// littleEndian is the value of the header's flags.
	littleEndian = 2
)

// encode writes the format: a header, the entries, and their texts.
func encode(all []library) []byte {
	var texts []byte
	base := uint32(headerSize + entrySize*len(all))
	place := map[string]uint32{}
	at := func(s string) uint32 {
		if p, ok := place[s]; ok {
			return p
		}
		p := base + uint32(len(texts))
		place[s] = p
		texts = append(append(texts, s...), 0)
		return p
	}
	entries := []byte{}
	for _, l := range all {
		entries = binary.LittleEndian.AppendUint32(entries, uint32(l.flags))
		entries = binary.LittleEndian.AppendUint32(entries, at(l.soname))
		entries = binary.LittleEndian.AppendUint32(entries, at(l.path))
		entries = append(entries, make([]byte, 12)...)
	}
	out := []byte("glibc-ld.so.cache1.1")
	out = binary.LittleEndian.AppendUint32(out, uint32(len(all)))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(texts)))
	out = append(out, littleEndian)
	out = append(out, make([]byte, headerSize-len(out))...)
	return append(append(out, entries...), texts...)
}

// compareNames orders names with their numbers as numbers, as the loader's binary
// search wants it (_dl_cache_libcmp of dl-cache.c).
func compareNames(a, b string) int {
	for a != "" {
		switch {
		case isDigit(a) && isDigit(b):
			n, restA := number(a)
			m, restB := number(b)
			if n != m {
				return cmp.Compare(n, m)
			}
			a, b = restA, restB
		case isDigit(a):
			return 1
		case isDigit(b):
			return -1
		case b == "":
			return int(a[0])
		case a[0] != b[0]:
			return int(a[0]) - int(b[0])
		default:
			a, b = a[1:], b[1:]
		}
	}
	if b == "" {
		return 0
	}
	return -int(b[0])
}

func isDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

func number(s string) (uint64, string) {
	var n uint64
	for isDigit(s) {
		n, s = n*10+uint64(s[0]-'0'), s[1:]
	}
	return n, s
}
