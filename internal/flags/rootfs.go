// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"fmt"
	"slices"
	"strings"
)

// The formats of a root file system.
const (
	RootDir      = "dir"
	RootTar      = "tar"
	RootCpio     = "cpio"
	RootSquashfs = "squashfs"
	RootErofs    = "erofs"
)

// RootOutput is where "strata export" writes a root file system.
type RootOutput struct {
	// Type is one of the formats.
	Type string
	// Dest is a path, or "-" for the standard output.
	Dest string
	// Compression is a name, or empty for the format's own.
	Compression string
	// Replace says that an existing directory is emptied.
	Replace bool
}

// compressions are what the formats can be compressed by; the first is the
// default.
func compressions(form string) []string {
	switch form {
	case RootTar, RootCpio:
		return []string{"none", "gzip", "zstd"}
	case RootSquashfs:
		return []string{"gzip", "zstd", "xz", "lz4", "lzo"}
	case RootErofs, RootDir:
		return []string{"none"}
	}
	return nil
}

// ParseRootOutput reads a value of export's --output: "type=TYPE[,dest=PATH]…",
// a directory, or "-" for a tar on the standard output.
func ParseRootOutput(word string) (RootOutput, error) {
	o, err := parseRootOutput(word)
	if err != nil {
		return o, fmt.Errorf("--output %q: %w", word, err)
	}
	return o, nil
}

func parseRootOutput(word string) (o RootOutput, err error) {
	switch {
	case word == "-":
		return RootOutput{Type: RootTar, Dest: "-", Compression: "none"}, nil
	case word == "":
		return o, o.complete()
	case !strings.Contains(word, "="):
		return RootOutput{Type: RootDir, Dest: word, Compression: "none"}, nil
	}
	fs, err := fields(word)
	if err != nil {
		return o, err
	}
	for _, f := range fs {
		if err := o.set(f); err != nil {
			return o, err
		}
	}
	return o, o.complete()
}

func (o *RootOutput) set(f field) error {
	switch f.key {
	case "type":
		o.Type = f.value
		if f.value == "local" { // build's word
			o.Type = RootDir
		}
	case "dest":
		o.Dest = f.value
	case "compression":
		o.Compression = f.value
	case "mode":
		if f.value != "delete" {
			return fmt.Errorf("mode is %q, only delete is known", f.value)
		}
		o.Replace = true
	default:
		return fmt.Errorf("%s is not an attribute: there are type, dest, compression and mode", f.key)
	}
	return nil
}

// complete checks what goes together, and fills in the rest.
func (o *RootOutput) complete() error {
	known := compressions(o.Type)
	switch {
	case o.Type == "":
		return fmt.Errorf("it has no type: there are dir, tar, cpio, squashfs and erofs")
	case known == nil:
		return fmt.Errorf("type is %q: there are dir, tar, cpio, squashfs and erofs", o.Type)
	case o.Type == RootDir && (o.Dest == "" || o.Dest == "-"):
		return fmt.Errorf("a directory needs dest=PATH")
	case o.Replace && o.Type != RootDir:
		return fmt.Errorf("mode=delete is for type=dir")
	}
	if o.Dest == "" {
		o.Dest = "-"
	}
	if o.Compression == "" {
		o.Compression = known[0]
	}
	if !slices.Contains(known, o.Compression) {
		return fmt.Errorf("compression of %s is %q: there is %s", o.Type, o.Compression, strings.Join(known, ", "))
	}
	return nil
}
