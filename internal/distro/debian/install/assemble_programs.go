// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package install

import (
	"crypto/md5" //nolint:gosec // it is what ucf keeps
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/strata-build/strata/internal/distro/debian/quirks"
	"github.com/strata-build/strata/internal/distro/noshell"
)

// ucfDir is where ucf keeps what it knows.
const ucfDir = "/var/lib/ucf"

// ucf puts a configuration file in its place, where there is none, and notes its sum.
func (a *assembler) ucf(c *noshell.Call) error {
	opt, rest, err := c.Options("three-way debconf-ok debconf-template: sum-file: src-dir: d: s: state-dir:")
	if err != nil {
		return err
	}
	// The sums are those of older versions, which a file that is there may be.
	if len(rest) != 2 || opt.Has("src-dir", "s", "state-dir") {
		return noshell.Refuse("it isn't followed")
	}
	from, to := rest[0], path.Clean(c.Path(rest[1]))
	if _, err := c.Files().Stat("/usr/bin/ucf", true); err != nil {
		return noshell.Refuse("it isn't there%s", c.Shell.Bringer("ucf"))
	}
	data, err := c.Files().Read(c.Path(from))
	if err != nil {
		return err
	}
	info, err := c.Files().Stat(c.Path(from), true)
	if err != nil {
		return err
	}
	if old, err := c.Files().Read(to); err == nil && string(old) != string(data) {
		return noshell.Refuse("%s is there already, and is another one", to)
	}
	if err := errors.Join(c.Files().Write(to, data, info.Mode().Perm()), os.Chmod(a.root.At(to), info.Mode().Perm())); err != nil {
		return err
	}
	sum := fmt.Sprintf("%x  %s\n", md5.Sum(data), to) //nolint:gosec // see above
	cache := ucfDir + "/cache/" + strings.ReplaceAll(to, "/", ":")
	if err := a.root.Write(cache, string(data), info.Mode().Perm()); err != nil {
		return err
	}
	return a.addLine(ucfDir+"/hashfile", sum)
}

// addLine adds a line to a file that doesn't have it.
func (a *assembler) addLine(file, line string) error {
	text, err := os.ReadFile(a.root.At(file))
	if err != nil && !errors.Is(err, os.ErrNotExist) || slices.Contains(strings.SplitAfter(string(text), "\n"), line) {
		return err
	}
	return a.root.Write(file, string(text)+line, 0o644)
}

// ucfr notes whose a configuration file is.
func (a *assembler) ucfr(c *noshell.Call) error {
	opt, rest, err := c.Options("force f=force purge p=purge")
	if err != nil {
		return err
	}
	if len(rest) != 2 || opt.Has("purge") {
		return noshell.Refuse("it isn't followed")
	}
	return a.addLine(ucfDir+"/registry", rest[0]+"\t"+rest[1]+"\n")
}

// openssl makes the links by which it finds certificates.
func openssl(c *noshell.Call) error {
	args := slices.DeleteFunc(slices.Clone(c.Args[1:]), func(s string) bool { return s == "-v" })
	if len(args) != 2 || args[0] != "rehash" {
		return noshell.Refuse("it is a program, which can't be run here")
	}
	return quirks.Rehash(c.Files().Root, c.Path(args[1]))
}

// dbusUUID makes no identity of a machine, as quirks.Settle takes one back: it comes when
// the machine starts.
func dbusUUID(c *noshell.Call) error {
	if args := c.Args[1:]; len(args) != 1 || args[0] != "--ensure" {
		return noshell.Refuse("it is a program, which can't be run here")
	}
	return nil
}

// machineID makes the empty file that says so; see machine-id(5).
func (a *assembler) machineID(c *noshell.Call) error {
	const file = "/etc/machine-id"
	if len(c.Args) > 1 {
		return noshell.Refuse("its options aren't followed")
	}
	if _, err := os.Lstat(a.root.At(file)); err == nil || !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return a.root.Write(file, "", 0o444)
}

// journalctl leaves out the index of its messages, without which it shows logs as well.
func journalctl(c *noshell.Call) error {
	if args := c.Args[1:]; len(args) != 1 || args[0] != "--update-catalog" {
		return noshell.Refuse("it is a program, which can't be run here")
	}
	return nil
}

// runParts lists the scripts of a directory.
func runParts(c *noshell.Call) error {
	opt, rest, err := c.Options("test list verbose")
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return noshell.Refuse("it isn't followed")
	}
	entries, err := c.Files().ReadDir(c.Path(rest[0]))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.Trim(e.Name(), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" || e.IsDir() {
			continue
		}
		if !opt.Has("test", "list") {
			return noshell.Refuse("it runs what is in %s", rest[0])
		}
		if err := c.Print(path.Join(rest[0], e.Name()) + "\n"); err != nil {
			return err
		}
	}
	return nil
}

// javaStore makes Java's list of certificates, as the program of ca-certificates-java
// does: it reads which ones are to be put in, one a line with a + before it.
func javaStore(c *noshell.Call) error {
	args := c.Args[1:]
	if len(args) == 1 && args[0] == "-version" {
		return nil // none of those that are known is as old as what scripts look for
	}
	if len(args) != 5 || args[1] != "-jar" || path.Base(args[2]) != "ca-certificates-java.jar" || args[3] != "-storepass" || args[4] != quirks.JavaPassword {
		return noshell.Refuse("it is a program, which can't be run here")
	}
	text, err := io.ReadAll(c.Stdin)
	if err != nil {
		return err
	}
	var files []string
	for line := range strings.Lines(string(text)) {
		file, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "+")
		if !ok {
			return noshell.Refuse("it takes certificates out")
		}
		files = append(files, file)
	}
	return quirks.AddToJavaStore(c.Files().Root, files)
}

// keytool lists the names in Java's list of certificates.
func keytool(c *noshell.Call) error {
	opt := strings.Join(c.Args[1:], " ")
	if opt != "-cacerts -storepass "+quirks.JavaPassword+" -list -rfc" && opt != "-keystore "+quirks.JavaStore+" -storepass "+quirks.JavaPassword+" -list -rfc" {
		return noshell.Refuse("it is a program, which can't be run here")
	}
	names, err := quirks.JavaNames(c.Files().Root)
	if err != nil {
		return noshell.Refuse("%v", err)
	}
	for _, name := range names {
		if err := c.Print("Alias name: " + name + "\n"); err != nil {
			return err
		}
	}
	return nil
}

// byPath are programs that scripts run by their path; nil for others.
func byPath(name string) noshell.Command {
	switch base := path.Base(name); {
	case base == "glib-compile-schemas", base == "gio-querymodules":
		return onlyOfNothing
	case strings.HasPrefix(name, "/usr/bin/python3."):
		return compilesPython
	}
	return nil
}

// onlyOfNothing is a program that makes a cache of what a directory has: of nothing, it
// makes none.
func onlyOfNothing(c *noshell.Call) error {
	if len(c.Args) != 2 {
		return noshell.Refuse("it isn't followed")
	}
	entries, err := c.Files().ReadDir(c.Path(c.Args[1]))
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".dtd") && !strings.HasSuffix(e.Name(), ".rng") && !strings.HasSuffix(e.Name(), ".its") &&
			!strings.HasSuffix(e.Name(), ".loc") {
			return noshell.Refuse("it is a program, which can't be run here, and %s isn't empty", c.Args[1])
		}
	}
	if errors.Is(err, os.ErrNotExist) {
		return noshell.Status(1)
	}
	return err
}

// compilesPython leaves bytecode out, which Python does without.
func compilesPython(c *noshell.Call) error {
	for i, arg := range c.Args[1:] {
		switch {
		case arg == "-E" || arg == "-S" || arg == "-O":
		case path.Base(arg) == "py_compile.py" && i > 0:
			return nil
		default:
			return noshell.Refuse("it is a program, which can't be run here")
		}
	}
	return noshell.Refuse("it is a program, which can't be run here")
}
