// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"path"
	"strings"

	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// layer looks at one layer as it is written.
func (l *pass) layer(layer *spec.Layer) {
	switch s := layer.Strategy().(type) {
	case *spec.Files:
		for i := range s.Entries {
			l.entry(&s.Entries[i])
		}
	case *spec.Packages:
		l.twice("package", s.Names)
	case *spec.Build:
		l.build(s)
	case *spec.Derivation:
		l.twice("store path", s.Paths)
	}
}

func (l *pass) entry(e *spec.File) {
	if e.URL.IsSet() && !e.Checksum.IsSet() && e.Signature == nil && !l.mayLock(e.URL.Value) {
		l.reportRange(MissingChecksum, e.Range, "%s has no checksum and no signature", printable.Address(e.URL.Value))
	}
	l.writable(e.Dest.Value, e.Mode)
}

// mayLock reports whether the lock has an address. One with variables is looked for there
// when they are expanded, and what a lock lacks is told by another rule.
func (l *pass) mayLock(address string) bool {
	return l.lock.URL(address) != nil || l.lock != nil && !l.lock.Older && strings.Contains(address, "$")
}

// writable reports a mode by which everybody may write.
func (l *pass) writable(what string, m spec.String) {
	for _, text := range texts(m) {
		mode, change, err := spec.ParseModeChange(text.Value)
		if change != "" {
			mode, err = spec.ChangeMode(0o644, change)
		}
		if err == nil && mode&0o002 != 0 && mode&0o1000 == 0 {
			l.report(WorldWritable, text.Pos, "%s with mode %s can be changed by everybody", what, text.Value)
		}
	}
}

func (l *pass) build(b *spec.Build) {
	for _, text := range texts(b.Platform) {
		if text.Value == "$TARGETPLATFORM" || text.Value == "${TARGETPLATFORM}" {
			l.report(RedundantTargetPlatform, text.Pos, "platform: %s is what a build has without it", text.Value)
		}
	}
	for _, text := range texts(b.Deterministic) {
		if at := l.written(text.Pos); at == "true" {
			l.report(LegacyValue, text.Pos, "deterministic: true is the old form of deterministic: strict")
		}
	}
	for _, p := range b.Env {
		if looksSecret(p.Key) && !p.Removed {
			l.report(SecretsUsedInArgOrEnv, p.KeyPos, "%s looks like a secret; use the build's secrets with env: %s", p.Key, p.Key)
		}
	}
	for i := range b.Outputs {
		l.writable("the output "+b.Outputs[i].Each()[0].Source.Value, b.Outputs[i].Mode)
	}
	for i := range b.Cache {
		for _, text := range texts(b.Cache[i].Target) {
			l.shippedCache(b, text)
		}
	}
	l.script(b)
}

// shippedCache reports a cache in what a command ships.
func (l *pass) shippedCache(b *spec.Build, target spec.PlatformString) {
	at := path.Clean(target.Value)
	if plan.Within(at, plan.OutDir) {
		l.report(CacheInShippedPath, target.Pos, "what is in the cache %s is not shipped although it is in $out", target.Value)
	}
	for i := range b.Outputs {
		for _, o := range b.Outputs[i].Each() {
			if source := o.Source.Value; path.IsAbs(source) && plan.Within(at, path.Clean(source)) {
				l.report(CacheInShippedPath, target.Pos, "what is in the cache %s is not shipped although it is in %s of the outputs", target.Value, source)
			}
		}
	}
}

// written is the word at a place of the build file.
func (l *pass) written(at spec.Pos) string {
	lines := strings.Split(string(l.spec.Data), "\n")
	if at.Line < 1 || at.Line > len(lines) {
		return ""
	}
	line := []rune(lines[at.Line-1])
	if at.Column < 1 || at.Column > len(line) {
		return ""
	}
	rest := string(line[at.Column-1:])
	return strings.Trim(rest[:len(rest)-len(strings.TrimLeft(rest, "\"'abcdefghijklmnopqrstuvwxyz"))], "\"'")
}
