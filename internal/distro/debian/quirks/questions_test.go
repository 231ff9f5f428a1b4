// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/distro/rootdir"
	"github.com/strata-build/strata/internal/testenv"
)

// questionsOf is ca-certificates' script of questions as Debian has it today.
func questionsOf(t *testing.T) string {
	t.Helper()
	for _, d := range testenv.DebianPackages(t, "ca-certificates") {
		if d.Name == "ca-certificates" {
			return scriptOf(t, d, "config")
		}
	}
	t.Fatal("Debian has no ca-certificates")
	return ""
}

// debconf notes down what a script asks and tells it, and answers.
const debconf = `
for f in version capb settitle input go subst set fset; do eval "db_$f() { echo $f \"\$*\" >>$LOG; }"; done
db_get() { echo get "$*" >>$LOG; case $1 in */trust_new_crts) RET=$TRUST;; *) RET="mozilla/x.crt, own/b c.crt";; esac; }
db_fget() { echo fget "$*" >>$LOG; RET=false; }
`

// asked runs a script of questions and returns what it asks, and how many programs
// it starts.
func asked(t *testing.T, script, trust string) (questions string, programs int) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"mozilla/a.crt", "own/b.crt", "own/-x.crt", "own/no"} {
		must(t, os.MkdirAll(filepath.Dir(dir+"/certs/"+name), 0o755))
		writeFile(t, dir+"/certs/"+name, name)
	}
	writeFile(t, dir+"/confmodule", debconf)
	writeFile(t, dir+"/bin/grep", "#!/bin/sh\necho >>$STARTED\nexec /bin/grep \"$@\"\n")
	must(t, os.Chmod(dir+"/bin/grep", 0o755))
	writeFile(t, dir+"/config", strings.NewReplacer(
		certificatesConf, dir+"/none", certificatesDir, dir+"/certs", "/usr/share/debconf/confmodule", dir+"/confmodule",
	).Replace(script))
	cmd := exec.Command("/bin/sh", dir+"/config", "configure", "")
	cmd.Env = []string{"PATH=" + dir + "/bin:/usr/bin:/bin", "LOG=" + dir + "/log", "STARTED=" + dir + "/started", "TRUST=" + trust}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	log, err := os.ReadFile(dir + "/log")
	must(t, err)
	started, _ := os.ReadFile(dir + "/started")
	return string(log), len(started)
}

func TestShortQuestions(t *testing.T) {
	long := questionsOf(t)
	t.Run("are the same", func(t *testing.T) { areTheSame(t, long) })
	t.Run("only where they are known", func(t *testing.T) { onlyKnown(t, long) })
	t.Run("for a while", func(t *testing.T) { forAWhile(t, long) })
}

func areTheSame(t *testing.T, long string) {
	t.Helper()
	short := shortQuestions(long)
	for _, trust := range []string{"yes", "no", "ask"} {
		want, before := asked(t, long, trust)
		got, after := asked(t, short, trust)
		if got != want {
			t.Errorf("new ones are trusted: %s; it asks\n%s\nwant\n%s", trust, got, want)
		}
		if !strings.Contains(want, "enable_crts") || before < 250 || before-after < 280 {
			t.Errorf("new ones are trusted: %s; %d programs instead of %d", trust, after, before)
		}
	}
}

func onlyKnown(t *testing.T, long string) {
	t.Helper()
	for name, script := range map[string]string{
		"another one":              "#!/bin/sh\n. /usr/share/debconf/confmodule\n",
		"another list":             strings.Replace(long, "CERTSCONF=/dev/null", "CERTSCONF=/etc/defaults", 1),
		"a list that is made":      strings.Replace(long, "members()", "CERTS_DISABLED=mozilla/a.crt\nmembers()", 1),
		"read in another way":      strings.Replace(long, "sed -ne", "sed -e", 1),
		"the same condition alone": "#!/bin/sh\nif " + vainConditions()[0] + "; then :; fi\n",
	} {
		if shortQuestions(script) != script {
			t.Errorf("%s: the script is changed", name)
		}
	}
}

func forAWhile(t *testing.T, long string) {
	t.Helper()
	const file = "/info/ca-certificates.config"
	day := time.Unix(1700000000, 0)
	place := func(t *testing.T) (root rootdir.Root, at string) {
		t.Helper()
		root = rootdir.Root(t.TempDir())
		writeFile(t, root.At(file), long)
		must(t, os.Chmod(root.At(file), 0o755))
		must(t, os.Chtimes(root.At(file), day, day))
		return root, root.At(file)
	}
	read := func(t *testing.T, file string) string {
		t.Helper()
		text, err := os.ReadFile(file)
		must(t, err)
		return string(text)
	}

	root, at := place(t)
	restore, err := ShortenQuestions(root, file)
	must(t, err)
	if read(t, at) != shortQuestions(long) {
		t.Error("the script is not shortened")
	}
	must(t, restore())
	info, err := os.Stat(at)
	must(t, err)
	if read(t, at) != long || info.Mode() != 0o755 || !info.ModTime().Equal(day) {
		t.Errorf("restored: %v at %v", info.Mode(), info.ModTime())
	}

	root, at = place(t)
	writeFile(t, root.At(certificatesConf), "mozilla/a.crt\n")
	restore, err = ShortenQuestions(root, file)
	must(t, err)
	if read(t, at) != long {
		t.Error("the script is changed where there is a list")
	}
	must(t, restore())

	if restore, err = ShortenQuestions(rootdir.Root(t.TempDir()), file); err != nil || restore() != nil {
		t.Errorf("without a script: %v", err)
	}
}
