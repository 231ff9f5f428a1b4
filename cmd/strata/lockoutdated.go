// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/images"
	"github.com/strata-build/strata/cmd/strata/internal/job"
	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/image/registry"
	"github.com/strata-build/strata/internal/newer"
	"github.com/strata-build/strata/internal/plainfile"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/lock"
)

// newerThing is something that a lock could have instead of what it has.
type newerThing struct {
	lock.Change
	// What says what From and To are: a tag, a digest, a commit, a version or a hash.
	What string `json:"what"`
}

// String says what is newer, on one line.
func (n newerThing) String() string {
	if n.What == "tag" {
		return fmt.Sprintf("%s %s: %s is newer", n.Kind, n.Name, n.To)
	}
	return n.Change.String()
}

// printOutdated prints what is newer than what a lock has.
func printOutdated(ctx context.Context, t cli.Terminal, o lockOptions, place string) error {
	data, err := plainfile.Read(place, lock.MaxSize)
	if err != nil {
		return cli.Usage(fmt.Errorf("read lock: %w", err), "write one with \"strata lock\"")
	}
	file, err := lock.Read(filepath.Base(place), data)
	if err != nil {
		return err
	}
	text, err := job.Ask(ctx, t, o.build, map[string]string{frontend.OptOutdated: "true"})
	if err != nil {
		return err
	}
	all, err := movedThings(text)
	if err != nil {
		return err
	}
	tags, err := newerTags(ctx, t, o, file)
	if err != nil {
		return err
	}
	return printNewer(t.Text(), slices.Concat(tags, all), o.json)
}

func printNewer(w io.Writer, all []newerThing, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(append([]newerThing{}, all...))
	}
	for _, n := range all {
		if _, err := fmt.Fprintln(w, printable.Line(n.String())); err != nil {
			return err
		}
	}
	return nil
}

// movedThings reads the frontend's answer.
func movedThings(text []byte) ([]newerThing, error) {
	var changes []lock.Change
	if err := json.Unmarshal(text, &changes); err != nil {
		return nil, fmt.Errorf("read the frontend's answer: %w", err)
	}
	what := map[string]string{"image": "digest", "url": "digest", "git": "commit", "package": "version", "path": "hash"}
	var all []newerThing
	for _, c := range changes {
		all = append(all, newerThing{Change: c, What: what[c.Kind]})
	}
	return all, nil
}

// newerTags lists the tags of a lock's images and git references that a newer one stands
// beside.
func newerTags(ctx context.Context, t cli.Terminal, o lockOptions, file *lock.File) ([]newerThing, error) {
	opt, err := images.Registries{Config: o.build.Connect.Config}.Options(t.Env)
	if err != nil {
		return nil, err
	}
	var all []newerThing
	for _, i := range file.Sources.Images {
		to, err := newerImage(ctx, opt.Registries, i.Name)
		if err != nil {
			return nil, err
		}
		all = append(all, to...)
	}
	for _, g := range file.Sources.Git {
		to, err := newerGit(ctx, g)
		if err != nil {
			return nil, err
		}
		all = append(all, to...)
	}
	return all, nil
}

// newerImage asks a registry for the tags of an image whose tag is a version.
func newerImage(ctx context.Context, client *registry.Client, name string) ([]newerThing, error) {
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return nil, err
	}
	tagged, ok := ref.(reference.Tagged)
	if !ok || !newer.IsVersion(tagged.Tag()) {
		return nil, nil
	}
	repository, err := client.Repository(ref)
	if err != nil {
		return nil, err
	}
	tags, err := repository.Tags(ctx)
	if err != nil {
		return nil, err
	}
	return newerTag("image", name, tagged.Tag(), tags), nil
}

func newerTag(kind, name, than string, tags []string) []newerThing {
	to := newer.Tag(than, tags)
	if to == "" {
		return nil
	}
	return []newerThing{{Change: lock.Change{Kind: kind, Name: name, From: than, To: to}, What: "tag"}}
}

// newerGit asks a repository for its tags, if the lock has one that is a version.
func newerGit(ctx context.Context, g lock.Git) ([]newerThing, error) {
	tag, ok := strings.CutPrefix(g.Ref, "refs/tags/")
	if !ok || !newer.IsVersion(tag) {
		return nil, nil
	}
	address, _, _ := strings.Cut(g.Address, "#")
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", "ls-remote", "--tags", "--refs", "--", address)
	// What asks for a password would wait for an answer; other protocols run programs.
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=https:http:ssh:git")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, fmt.Errorf("list the tags of %s: %w; install git", printable.Address(address), err)
		}
		said := printable.WithoutLogins(printable.Line(strings.TrimSpace(stderr.String())))
		return nil, fmt.Errorf("list the tags of %s: %w: %s", printable.Address(address), err, said)
	}
	var tags []string
	for line := range strings.Lines(stdout.String()) {
		if _, name, ok := strings.Cut(strings.TrimSpace(line), "\trefs/tags/"); ok {
			tags = append(tags, name)
		}
	}
	return newerTag("git", g.Address, tag, tags), nil
}
