// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/session/upload/uploadprovider"
	"github.com/tonistiigi/fsutil"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/plainfile"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
)

// The names of the local sources that a frontend asks for.
const (
	contextSource   = "context"
	buildFileSource = "dockerfile"
)

const (
	// ignoreSuffix is the name of an ignore file, or what follows the build file's in it.
	ignoreSuffix = ".dockerignore"
	// ignoreLimit is the most bytes that one may have.
	ignoreLimit = 1 << 20
)

// input puts the context and the build file of a build into its SolveOpt.
type input struct {
	opt *client.SolveOpt
	// exclude are paths that do not belong to the context.
	exclude []string
	// temp are directories to remove in the end.
	temp []string
	// text is the build file, if it was on a stream that was read already.
	text []byte
	// interruptible makes a stream end with the command.
	interruptible func(io.Reader) io.Reader
	// warnings are for the user, before the build.
	warnings []string
}

// add finds out what kind of context there is.
func (in *input) add(context, file string, stdin io.Reader) error {
	if context == "-" {
		return in.addStream(file, stdin)
	}
	fi, err := os.Stat(context)
	switch {
	case err == nil && fi.IsDir():
		return in.addDir(context, file, stdin)
	case err == nil:
		return cli.Usage(fmt.Errorf("the context %s is a file", context), "give the directory, and the build file with --file")
	case flags.IsRemote(context) && !strings.HasPrefix(context, "docker-image://"):
		return in.addRemote(context, file, stdin)
	}
	return cli.Usage(fmt.Errorf("the context %s is neither a directory nor an address", printable.Address(context)), "")
}

func (in *input) addDir(context, file string, stdin io.Reader) error {
	if err := in.mountContext(context); err != nil {
		return err
	}
	switch file {
	case "-":
		return in.addBuildFileFrom("standard input", stdin)
	case "":
		file = filepath.Join(context, frontend.DefaultFile)
	}
	return in.addBuildFile(file)
}

func (in *input) mountContext(dir string) error {
	if err := checkBeside(filepath.Join(dir, ignoreSuffix), ignoreLimit); err != nil {
		return err
	}
	mount, err := fsutil.NewFS(dir)
	if err != nil {
		return cli.Usage(fmt.Errorf("open context: %w", err), "")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("find context: %w", err)
	}
	var patterns []string
	for _, path := range in.exclude {
		if rel, err := filepath.Rel(abs, path); err == nil && filepath.IsLocal(rel) {
			patterns = append(patterns, exactly(filepath.ToSlash(rel)))
		}
	}
	if len(patterns) > 0 {
		mount, err = fsutil.NewFilterFS(mount, &fsutil.FilterOpt{ExcludePatterns: patterns})
		if err != nil {
			return fmt.Errorf("filter context: %w", err)
		}
	}
	in.opt.LocalMounts[contextSource] = mount
	in.opt.SharedKey = sharedKey(abs)
	return nil
}

// exactly is the .dockerignore pattern of a path and what is below it. Unlike those by which
// a source is sent, it may have no stars in classes, but backslashes, as no link is followed.
func exactly(path string) string {
	var b strings.Builder
	for _, c := range []byte(path) {
		if strings.IndexByte(`*?[]\!`, c) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return plan.AtEnds(b.String())
}

// sharedKey names a directory of this machine, so that only what changed since the
// daemon last saw that directory is sent, and two of them are never mixed up.
func sharedKey(dir string) string {
	host, _ := os.Hostname() // without a name, the directory alone is the key
	sum := sha256.Sum256([]byte(host + "\x00" + dir))
	return hex.EncodeToString(sum[:16])
}

// addStream takes a tar archive from the standard input as the context. A text
// is a build file without a context, as with docker.
func (in *input) addStream(file string, stdin io.Reader) error {
	if file == "-" {
		return cli.Usage(errors.New("the context and the build file cannot both be the standard input"), "")
	}
	r := bufio.NewReader(stdin)
	head, err := r.Peek(1024)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read standard input: %w", err)
	}
	if len(head) == 0 {
		return cli.Usage(errors.New("the standard input is empty"), "pipe a tar archive or a build file into it")
	}
	if !isArchive(head) {
		return in.addText(file, r)
	}
	up := uploadprovider.New()
	in.opt.FrontendAttrs["context"] = up.Add(io.NopCloser(r))
	in.opt.Session = append(in.opt.Session, up)
	return in.nameRemoteFile(file)
}

func (in *input) addText(file string, r io.Reader) error {
	if file != "" {
		return cli.Usage(errors.New("the standard input is not a tar archive"), "leave out --file if it is the build file")
	}
	dir, err := in.mkdir()
	if err != nil {
		return err
	}
	if err := in.mountContext(dir); err != nil {
		return err
	}
	return in.addBuildFileFrom("standard input", r)
}

// addRemote leaves the context, and the build file in it, for the daemon to
// fetch. An absolute path is a build file of this machine.
func (in *input) addRemote(context, file string, stdin io.Reader) error {
	in.opt.FrontendAttrs["context"] = context
	switch {
	case file == "-":
		return in.addBuildFileFrom("standard input", stdin)
	default:
		return in.nameRemoteFile(file)
	}
}

func (in *input) nameRemoteFile(file string) error {
	if filepath.IsAbs(file) {
		in.opt.FrontendAttrs["dockerfilekey"] = buildFileSource
		return in.addBuildFile(file)
	}
	if file == "" {
		file = frontend.DefaultFile
	}
	in.opt.FrontendAttrs["filename"] = filepath.ToSlash(file)
	return nil
}

// addBuildFile takes the build file from a path.
func (in *input) addBuildFile(path string) error {
	if in.text != nil && plainfile.IsHanded(path) {
		return in.addBuildFileText(in.text)
	}
	data, regular, err := openBuildFile(path, in.interruptible)
	if err != nil {
		return err
	}
	if !regular { // a pipe can be read once only
		return in.addBuildFileText(data)
	}
	in.checkSyntax(data)
	if err := checkBeside(path+ignoreSuffix, ignoreLimit); err != nil {
		return err
	}
	if err := checkBeside(frontend.LockName(path), lock.MaxSize); err != nil {
		return err
	}
	return in.mountBuildFile(filepath.Dir(path), filepath.Base(path))
}

// addBuildFileFrom takes the build file from a stream.
func (in *input) addBuildFileFrom(name string, r io.Reader) error {
	data, err := readBuildFile(name, r)
	if err != nil {
		return err
	}
	return in.addBuildFileText(data)
}

func (in *input) addBuildFileText(data []byte) error {
	in.checkSyntax(data)
	dir, err := in.mkdir()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, frontend.DefaultFile), data, 0o600); err != nil {
		return fmt.Errorf("keep build file: %w", err)
	}
	in.opt.FrontendAttrs["dockerfilekey"] = buildFileSource
	return in.mountBuildFile(dir, frontend.DefaultFile)
}

func (in *input) mountBuildFile(dir, name string) error {
	mount, err := fsutil.NewFS(dir)
	if err != nil {
		return fmt.Errorf("open build file's directory: %w", err)
	}
	in.opt.LocalMounts[buildFileSource] = mount
	in.opt.FrontendAttrs["filename"] = name
	return nil
}

// checkSyntax warns about another version of Strata.
func (in *input) checkSyntax(data []byte) {
	if w := syntaxWarning(data); w != "" {
		in.warnings = append(in.warnings, w)
	}
}

func (in *input) mkdir() (string, error) {
	dir, err := os.MkdirTemp("", "strata-")
	if err != nil {
		return "", fmt.Errorf("make temporary directory: %w", err)
	}
	in.temp = append(in.temp, dir)
	return dir, nil
}

// close removes what add made.
func (in *input) close() error {
	var errs []error
	for _, dir := range in.temp {
		errs = append(errs, os.RemoveAll(dir))
	}
	in.temp = nil
	return errors.Join(errs...)
}
