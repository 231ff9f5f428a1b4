// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"path"
	"regexp"
	"strings"
	"sync"

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

// scriptRule is a rule about what a script does.
type scriptRule struct {
	name    string
	pattern *regexp.Regexp
	message string
}

// scriptRules look at each line of a script, without comments. They are compiled when the
// first line is looked at: most of the frontend's processes end before that.
var scriptRules = sync.OnceValue(func() []scriptRule {
	return []scriptRule{
		{
			KeyMadeByScript,
			regexp.MustCompile(`\b(ssh-keygen\s+(-\S+\s+)*-(A|t|q|N|b|f)\b|openssl\s+(genrsa|genpkey|ecparam\b.*-genkey|req\b.*-newkey)|gpg\b.*--(quick-)?(full-)?gen(erate)?-key|dbus-uuidgen\s+--ensure|systemd-machine-id-setup` +
				`|certtool\b.*--generate-privkey|mkcert\s|age-keygen\b|wg\s+genkey|keytool\b.*-genkey(pair)?|dropbearkey\s|easyrsa\b.*\bbuild-|step\s+(ca\s+init|certificate\s+create))`),
			"%s makes a key that everybody who has the image has; make it when the container starts, or use a secret",
		},
		{
			DataMadeByScript,
			regexp.MustCompile(`\b(initdb|pg_createcluster|mysql_install_db|mariadb-install-db|mysqld\b.*--initialize(-insecure)?|mariadbd\b.*--initialize|slapadd|kdb5_util\s+.*create|influxd?\s+setup)\b`),
			"%s makes a service's data, which all containers start with; make it when the container starts, on a volume",
		},
		{
			PipedDownload,
			regexp.MustCompile(`\b(curl|wget)\b[^|]*\|\s*(sudo\s+)?(env\s+)?(sh|bash|ash|dash|zsh|python3?|perl)\b` +
				`|(^|[^\w.-])(sh|bash|ash|dash|zsh|eval|source|python3?|perl)\s+(-\S+\s+)*["']?(<\(|\$\(|` + "`" + `)\s*(curl|wget)\b`),
			"%s is run as it is downloaded; take it by url with a checksum, and run that",
		},
		{
			PackagesByScript,
			regexp.MustCompile(`\b(apt-get|apt|aptitude|dnf|microdnf|yum)\s+(-\S+\s+)*install\b|\bapk\s+(-\S+\s+)*add\b`),
			"%s installs packages that no lock holds; name them under packages",
		},
	}
})

// usesNetwork matches programs that need a network.
var usesNetwork = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\b(curl|wget)\s|\bgit\s+(clone|fetch|pull)\b|\b(apt-get|apt|dnf|microdnf|yum)\s+(-\S+\s+)*(update|install)\b|\bapk\s+(-\S+\s+)*(add|update)\b` +
		`|\bpip3?\s+install\b|\bnpm\s+(ci|install|i)\b|\bgo\s+(mod\s+download|get)\b|\bcargo\s+(fetch|install)\b|\bgem\s+install\b|\bdotnet\s+restore\b` +
		`|\b(yarn|pnpm|bun|composer|bundler?|poetry|uv)\s+(install|add|sync)\b`)
})

// script looks at what a build's script does.
func (l *pass) script(b *spec.Build) {
	for _, text := range texts(b.Run) {
		offline := b.Network.Value == "none" || b.Deterministic.Value == "strict" || b.Deterministic.Value == "network"
		for line := range strings.SplitSeq(text.Value, "\n") {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "#") {
				continue
			}
			for _, r := range scriptRules() {
				if r.pattern.MatchString(line) {
					l.report(r.name, text.Pos, r.message, quoted(line))
				}
			}
			if offline && usesNetwork().MatchString(line) {
				l.report(NetworkWithoutAccess, text.Pos, "%s needs a network, which this build doesn't have", quoted(line))
			}
		}
	}
}

// quoted is a line of a script, shortened.
func quoted(line string) string {
	const most = 60
	if r := []rune(line); len(r) > most {
		line = string(r[:most-1]) + "…"
	}
	return "\"" + line + "\""
}
