// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/patternmatcher"
)

// ignoreFile names the ignore file of the build context.
func (d *Daemon) ignoreFile() string {
	if d.IgnoreFile == nil {
		return dockerui.DefaultDockerignoreName
	}
	return d.IgnoreFile()
}

// checkIgnored refuses patterns of an ignore file that BuildKit can't send, or can't read.
func checkIgnored(patterns []string, file string) error {
	const most, overhead = 1 << 20, 48 // of the headers that they are sent as
	size := 0
	for _, p := range patterns {
		if size += len(p) + overhead; size > most {
			return fmt.Errorf("read %s: it has more patterns than BuildKit takes", file)
		}
		_, err := patternmatcher.New([]string{p})
		if strings.ContainsFunc(p, unicode.IsControl) {
			err = errors.New("it has a character that can't be printed")
		}
		if err != nil {
			return fmt.Errorf("read %s: the pattern %q: %w", file, p, err)
		}
	}
	return nil
}

// checkNamed is checkIgnored for the named contexts of a graph, whose ignore files dockerui
// reads when the graph is made.
func checkNamed(def *bk.Definition) error {
	const scheme = "local://"
	for _, data := range def.Def {
		if !bytes.Contains(data, []byte(scheme)) {
			continue
		}
		op := &pb.Op{}
		if err := op.UnmarshalVT(data); err != nil {
			return fmt.Errorf("read operation: %w", err)
		}
		name, ok := strings.CutPrefix(op.GetSource().GetIdentifier(), scheme)
		text := op.GetSource().GetAttrs()[pb.AttrExcludePatterns]
		if !ok || text == "" || name == dockerui.DefaultLocalNameContext { // which was checked
			continue
		}
		var patterns []string
		if err := json.Unmarshal([]byte(text), &patterns); err != nil {
			return fmt.Errorf("read operation: %w", err)
		}
		if err := checkIgnored(patterns, dockerui.DefaultDockerignoreName); err != nil {
			return fmt.Errorf("load context %s: %w", strings.TrimPrefix(name, "_"), err)
		}
	}
	return nil
}
