// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"iter"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/strata-build/strata/llb/spec"
)

// scriptRule is a rule about what a script does.
type scriptRule struct {
	name    string
	pattern *regexp.Regexp
	message string
}

// options are those before the verb of a program that installs packages.
const options = `(-(o|t|c|a|X|p|-option|-target-release|-default-release|-config-file|-repository|-root|-releasever|-setopt|-enablerepo|-disablerepo|-installroot)\s+\S+\s+|-\S+\s+)*`

// scriptRules look at each line of a script, without comments. They are compiled when the
// first line is looked at: most of the frontend's processes end before that.
var scriptRules = sync.OnceValue(func() []scriptRule {
	return []scriptRule{
		{
			KeyMadeByScript,
			regexp.MustCompile(`\b(ssh-keygen\s+(-[^HeilypY\s]\S*\s+)*-(A|t|q|N|b|f)\b|openssl\s+(genrsa|genpkey|ecparam\b.*-genkey|req\b.*-newkey)|gpg\b.*--(quick-)?(full-)?gen(erate)?-key|dbus-uuidgen\s+--ensure|systemd-machine-id-setup` +
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
			// A command that python or perl is given reads what is downloaded, and doesn't run it.
			regexp.MustCompile(`\b(curl|wget)\b([^|;&]|&[^&])*\|\s*(sudo\s+(-\S+\s+)*)?(env\s+)?([A-Za-z_]\w*=\S*\s+)*(/\S*/)?((sh|bash|ash|dash|zsh)\b|(python3?|perl)\s*(-(\s|$)|[;&|)"'` + "`" + `]|$))` +
				`|(^|[^\w.-])(sh|bash|ash|dash|zsh|eval|source|python3?|perl)\s+(-\S+\s+)*["']?(<\(|\$\(|` + "`" + `)\s*(curl|wget)\b`),
			"%s is run as it is downloaded; take it by url with a checksum, and run that",
		},
		{
			PackagesByScript,
			regexp.MustCompile(`\b(apt-get|apt|aptitude|dnf|microdnf|yum)\s+` + options + `install\b|\bapk\s+` + options + `add\b`),
			"%s installs packages that no lock holds; name them under packages",
		},
	}
})

// usesNetwork matches programs that need a network.
var usesNetwork = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\b(curl|wget)\s|\bgit\s+(clone|fetch|pull)\b|\b(apt-get|apt|dnf|microdnf|yum)\s+` + options + `(update|install)\b|\bapk\s+` + options + `(add|update)\b` +
		`|\bpip3?\s+install\b|\bnpm\s+(ci|install|i)\b|\bgo\s+(mod\s+download|get)\b|\bcargo\s+(fetch|install)\b|\bgem\s+install\b|\bdotnet\s+restore\b` +
		`|\b(yarn|pnpm|bun|composer|bundler?|poetry|uv)\s+(install|add|sync)\b`)
})

// needsNone matches what such a program is told or asked that it needs none for.
var needsNone = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\s--(offline|no-index|no-network|no-download|local|unix-socket)([=\s]|$)|//(localhost|127\.0\.0\.1|\[::1\])([:/"'\s]|$)|\b(curl|wget)\s+(--version|-V|--help)\b`)
})

// script looks at what a build's command does.
func (l *pass) script(b *spec.Build) {
	offline := b.Network.Value == "none" || b.Deterministic.Value == "strict" || b.Deterministic.Value == "network"
	for _, text := range scripts(b) {
		for line := range scriptLines(text.Value) {
			for _, r := range scriptRules() {
				if found := r.pattern.FindStringIndex(line); found != nil {
					l.report(r.name, text.Pos, r.message, quoted(line, found[0]))
				}
			}
			if at := needsNetwork(line); offline && at >= 0 {
				l.report(NetworkWithoutAccess, text.Pos, "%s needs a network, which this build doesn't have", quoted(line, at))
			}
		}
	}
}

// scripts are what a build may run, a list of words as one text.
func scripts(b *spec.Build) []spec.PlatformString {
	if len(b.Argv) == 0 {
		return texts(b.Run)
	}
	var words []string
	for _, word := range b.Argv {
		for _, text := range texts(word) {
			words = append(words, text.Value)
		}
	}
	return []spec.PlatformString{{Value: strings.Join(words, " "), Pos: b.ArgvPos}}
}

// needsNetwork is where in a line a command begins that needs a network; -1 for none.
func needsNetwork(line string) int {
	for _, command := range betweenCommands().Split(line, -1) {
		if usesNetwork().MatchString(command) && !needsNone().MatchString(command) {
			return strings.Index(line, command)
		}
	}
	return -1
}

var betweenCommands = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`&&|\|\||;\s*`) })

// scriptLines are the lines of a script without comments. One that goes on in the next, for a
// backslash or a pipe at its end, is one with that.
func scriptLines(script string) iter.Seq[string] {
	return func(yield func(string) bool) {
		var parts []string
		for line := range strings.SplitSeq(script, "\n") {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "#") {
				continue
			}
			before, goesOn := strings.CutSuffix(line, "\\")
			parts = append(parts, strings.TrimSpace(before))
			if goesOn || strings.HasSuffix(line, "|") {
				continue
			}
			if !yield(strings.Join(parts, " ")) {
				return
			}
			parts = nil
		}
		if len(parts) > 0 {
			yield(strings.Join(parts, " "))
		}
	}
}

// quoted is a line of a script, shortened to what begins at a place of it.
func quoted(line string, at int) string {
	const most = 60
	if utf8.RuneCountInString(line) > most && at > 0 {
		line = "…" + strings.TrimSpace(line[at:])
	}
	if r := []rune(line); len(r) > most {
		line = string(r[:most-1]) + "…"
	}
	return "\"" + line + "\""
}
