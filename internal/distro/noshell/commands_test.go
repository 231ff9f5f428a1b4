// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"errors"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"

	"github.com/strata-build/strata/internal/distro/rootdir"
)

// TestAsPrograms compares with the machine's own programs.
func TestAsPrograms(t *testing.T) {
	for script := range strings.SplitSeq(strings.TrimSpace(asPrograms), "\n--\n") {
		if ours, theirs := both(t, script); ours != theirs {
			t.Errorf("%s\nprints   %q\nprograms %q", script, ours, theirs)
		}
	}
}

const asPrograms = `
printf 'a b\nc d\n\nab\n' >f; grep b f; grep -c b f; grep -v b f; grep -q z f || echo none; grep -x ab f; grep -o '[a-c]' f; grep -w b f; grep -F . f; echo $?
--
printf 'one1\ntwo22\n+x\n' | grep -E '^[a-z]+[0-9]{1,2}$|\+'; printf 'a+b\na\n' | grep 'a\+b\?$'; printf 'x*y\n' | grep '^x\*y'; echo 'a.b' | grep 'a\.b'; echo ']' | grep '[]x]'; echo 'a\b' | grep '[\]'
--
grep x /nothing-there 2>/dev/null; echo $?; grep -s x /nothing-there; echo $?; grep x </dev/null; echo $?; printf 'A\n' | grep -qi a && echo yes; printf 'Status: a b\n' | egrep '^(Status|x):'; printf 'a\nb\n' | fgrep -v b
--
printf 'Vendor: Debian x\nOther: y\n' | sed -ne 's/^Vendor: *\([^ ]\+\).*/\1/p'
printf ' a\nb \n' | sed -e 's/^[[:space:]]*//' -e 's/ *$//'
printf 'a/b/c\n' | sed 's,/,-,g; s/a\(.\)b/<\1&>/'
printf '1\n2\n3\n4\n' | sed -n '2,3p'; printf '1\n2\n3\n' | sed '$d'; printf '1\n2\n3\n' | sed 2q; printf '1\n2\n' | sed '/1/d'; printf '1\n2\n' | sed '/1/!d'
printf 'a b c\n' | sed -E 's/([a-z]) ([a-z])/\2 \1/'; printf 'aaa\n' | sed 's/a/b/2'; printf 'x' | sed '$a\'; printf 'x' | sed 's/x/y/'
printf 'k=v\n# c\n' | sed -e '/^#/d' -e 's/=/ /'; printf '/a/b.py\n/c\n' | sed -n '/^\/a\/.*\.py$/p'; printf 'a,b\n' | sed 's/,/\
/'; printf 'a|b\n' | sed 's/|/\n/'
--
printf 'a\n' >f; sed -i 's/a/b/' f; cat f; printf 'a\na\nb\na\n' >f; sed -n '0,/a/p' f; echo; sed '0,/b/ s/a/x/' f; sed -n '0,/z/p' f; sed -n '1,/a/p' f; sed '0,/b/!d' f; sed -e '0,/^a *$/ s/^a *$/y/' f
--
printf 'a:b:c\nx\n' | cut -d: -f2; printf 'a:b:c\nx\n' | cut -d: -f1,3; printf 'a:b:c\n' | cut -d: -f2-; printf 'abcdef\n' | cut -c2-4; printf 'a b\n' | cut -f 1 -d ' '; printf 'x\n' | cut -s -d: -f1
--
echo 'Hello, World' | tr A-Z a-z; echo 'a,b,c' | tr ',' '\n'; echo 'aabb' | tr -s a; echo 'a1b2' | tr -d 0-9; echo abc | tr '[:lower:]' '[:upper:]'; echo 'a b' | tr ' ' '_'; printf 'a\0b' | tr '\000' ' '; echo 'x y' | tr -cd 'a-z\n'
--
printf 'b\na\nb\n10\n9\n' | sort; printf 'b\na\nb\n' | sort -u; printf '10\n9\n' | sort -n; printf 'a\nb\n' | sort -r; printf 'a\na\nb\n' | uniq; printf 'a\na\nb\n' | uniq -c; printf 'a\na\nb\n' | uniq -d; printf 'a\na\nb\n' | uniq -u
--
printf '1\n2\n3\n' | head -1; printf '1\n2\n3\n' | head -n 2; printf '1\n2\n3\n' | tail -1; printf '1\n2\n3\n' | tail -n +2; printf 'abc' | head -c2; printf '1\n2\n' | wc -l; printf 'a b' | wc -c; printf 'a b' | wc -w
--
seq 3; seq 2 4; seq 5 -2 1; expr 1 + 2; expr 5 - 5; echo $?; expr 3 \* 4; for p in 'a.*c' 'b' '.*c' 'a\(.\)c' 'x\(.\)' '\(a*\)' 'a$' '\(c\)\|abc' '[0-9]*' 'ab*' '.*\(0*\)'; do expr abc : "$p"; echo $?; done; expr 007 : '\(0*\)'; echo $?; expr -0 : '\(.*\)'; echo $?; basename /a/b.c .c; basename a/; dirname /a/b; dirname a; dirname /a/b/; dirname /
--
mkdir -p a/b/c; mkdir a 2>/dev/null || echo there; mkdir -m 700 d; stat -c '%a %n' d a/b; chmod u+x,go-w d; chmod 2755 d; stat -c %a d; chmod 755 d; stat -c %a d; chmod g+s d; chmod 00755 d; stat -c %a d; chmod -x a/b; stat -c %a a/b; chmod --reference=d a/b; stat -c %a a/b; chown --reference=d a/b && chgrp --reference d a/b; stat -c %u:%g a/b; chmod --reference=nothing a/b 2>/dev/null || echo none; chmod 644 a/b; rmdir a/b 2>/dev/null || echo full; rm -r a; ls
--
for c in "mkdir -p" "mkdir -m 755" rmdir rm "rm -f" touch ln cp "cp x" mv "mv x" "chmod 755" "chown 0" "chgrp 0" readlink "readlink -f" realpath "stat -c %a"; do $c 2>/dev/null; echo $c $?; done
--
if mkdir -m $(stat -L -c %a /nothing-there 2>/dev/null) d 2>/dev/null; then echo made; else echo none; fi
--
echo x >f; cp f g; cp -p f h; cp -pZ f hz; cat hz; mkdir d; cp f d; ls d; mv g d/; ls d; mv h k; cat k; rm -f nothing f; rm f 2>/dev/null || echo gone; cp -r d e; ls e; cp d x 2>/dev/null || echo omitted; install -m 640 k e/l; stat -c %a e/l; install -d i/j; ls i; install --mode 644 /dev/null n; stat -c %a:%s n; cp /dev/null k; stat -c %a:%s k; sleep 0.01; echo >m; touch -r e/l k; [ k -nt e/l ] || [ k -ot e/l ] || echo same; [ m -nt k ] && echo later; ln -s m l; touch -h --reference=e/l l; [ m -nt k ] && echo later; touch -c nowhere; touch -r nowhere k 2>/dev/null || echo none; ls
--
ln -s target l; readlink l; ln -s other l 2>/dev/null || echo there; ln -sf other l; readlink l; mkdir d; ln -s x d; readlink d/x; ln -s d m; ln -sfn d2 m; readlink m; ln -s y m/z 2>/dev/null || echo nowhere; mkdir d/deep; ln -s d/deep short; ln -sr nothing d/deep/a; ln -sfr l short/b; ln -sr d/deep/a r; ln -sr . short/c; for f in d/deep/a short/b r short/c; do readlink $f; done; readlink nothing; echo $?; echo x >f; ln f hard; stat -c %s hard
--
mkdir -p d/e; echo x >d/f; ln -s f d/g; ln -s nothing d/h; : >d/e/i; find d | sort; find d -type f | sort; find d -maxdepth 1 -type l | sort; find d -name 'f*'; find d -empty; find d -mindepth 1 -maxdepth 1 ! -name f -printf '%f\n' | sort; find -L d -type f | sort; find d -type l ! -exec test -e {} \; -print; find d -type f -empty -delete; ls d/e; find nothing 2>/dev/null; echo $?
--
printf 'a b\n' >f; md5sum f; sha256sum <f; cmp -s f f && echo same; echo c >g; cmp -s f g || echo other; ls f g nothing 2>/dev/null; echo $?; ls -d .; ls -A; printf 'a b c\nd e\n' | awk '{print $2}'; printf 'V: x\nW: y\n' | awk '/^V:/ {print $2}'; printf 'a:b\n' | awk -F: '{print $2}'; printf 'f g\n' | xargs ls; printf '' | xargs -r ls
--
printf 'LANG="C.UTF-8"\nX=1\n' | awk '/^LANG=/ {gsub("\"", ""); sub("LANG=", ""); lang=$0;} END {print lang}'; awk 'END {print lang}' </dev/null; awk 'BEGIN {print "a" "b", "c"}'
printf 'a b a\nc d\n' | awk '{ print $2, $1; print; }'; printf 'a b a\nc d\n' | awk '{ gsub(/a/, "x"); print $1 "-" $3 } /c/ { n = "last " $2 } END { print n; print }'; printf 'a:b\n' | awk -F: '{sub("a","k:l")
print $2}'; printf 'x\n' | awk '{ print $1
y = "z"; print y }'
--
for p in '' / // a a/ /a a/b //a /a//b a/b// ./a a/.. ../a a/./b; do basename "$p"; dirname "$p"; done; basename '' x; printf 'a:b:c\n' | cut -d: -f3-1 2>/dev/null; echo $?; printf 'a:b:c\n' | cut -d: -f2-2
--
umask 027; echo x >f; install -d -m 711 e/f/g; install -D f a/b/c; mkdir -p p/q; install -d p/r/s; stat -c '%a %n' e e/f e/f/g a a/b a/b/c p p/q p/r p/r/s
--
ln -s a b; ln -sT c b 2>/dev/null; echo $?; ln -sfT c b; readlink b; mkdir d; ln -s d l; ln -sT x d 2>/dev/null; echo $?; ln -sfT x d 2>/dev/null; echo $?; ls d; ln -sfT y l; readlink l; ln -sn x d; ls d; ln -sT x new; readlink new; rm -r d/; ls
--
echo a | tee f; cat f; x=$(mktemp); [ -f "$x" ] && rm "$x" && echo made; d=$(mktemp -d ./t.XXXXXX); [ -d "$d" ] && echo made; id -u; uname -s; command -v cat >/dev/null && echo found; command -v nothing-at-all || echo none; which nothing-at-all; echo $?; type nothing-at-all >/dev/null 2>&1 || echo none; mountpoint -q /proc && echo proc
`

// TestRefuses wants a reason for what isn't as a shell has it.
func TestRefuses(t *testing.T) {
	for script, want := range map[string]string{
		"true\nsleep 1 &":                    "(line 3): it leaves something running",
		"echo x 3>f":                         "(line 2): it uses a stream that isn't followed",
		"[[ a = a ]]":                        "(line 2): it has a construct that sh doesn't have",
		"[ a == a ]":                         "[ a == a ] (line 2): it has a construct that sh doesn't have",
		"echo {a,b}":                         "it has a construct that sh doesn't have",
		"anything || true":                   "anything (line 2): its effect isn't known",
		"x=$(anything) || :":                 "anything (line 2): its effect isn't known",
		"anything | cat":                     "anything (line 2): its effect isn't known",
		"if ls -l; then :; fi":               "ls -l (line 2): its option -l isn't followed",
		"while :; do :; done":                "its script goes on for too long",
		"f() { f; }\nf":                      "its functions call each other without an end",
		"f() { eval f; }\nf":                 "its functions call each other without an end",
		"shift 9":                            "it shifts arguments that aren't there",
		"cd() { :; }":                        "it has a function in the place of a command of the shell",
		". /nothing":                         "/nothing isn't there",
		"set -o vi":                          "its option isn't followed",
		"ulimit -n 3":                        "it isn't followed",
		"cat /proc/self/environ":             "which is the kernel's",
		"chown root /tmp/x":                  "there is no /etc/passwd; add accounts to \"names\"",
		"printf 'a' | sed 's/a/b/e'":         "its script s/a/b/e isn't followed",
		"printf 'a' | sed 0,3d":              "its script 0,3d isn't followed",
		"printf 'a' | awk '{print > \"f\"}'": "its script isn't followed",
		"printf 'a' | awk '{x++}'":           "its script isn't followed",
		"trap 'rm x' USR1":                   "it isn't followed",
		"set -euo pipefail":                  "dash has no such option",
		"eval 'echo x &'":                    "it leaves something running",
		"seq -9223372036854775807 9223372036854775807": "it isn't followed",
		"rm -rf /":                               "it removes everything",
		"echo $((1/0))":                          "(line 2): it divides by zero",
		"n=$1; x=$((5 % n))":                     "it divides by zero",
		"x=$(: $((x /= 0))) || true":             "it divides by zero",
		"x=abc; y=$((x + 1))":                    `"abc" is not a number`,
		"x='1 + 2'; y=$((2 * $x))":               `"1 + 2" is not a number`,
		"x=; y=$((2 * $x))":                      `"" is not a number`,
		"x=; y=$(($x))":                          `"" is not a number`,
		"y=$((08))":                              `"08" is not a number`,
		"x=1; y=$((x++))":                        "it has a construct that sh doesn't have",
		"y=$((2 ** 3))":                          "it has a construct that sh doesn't have",
		"readonly x=1; x=2":                      "it changes a variable that readonly made one for reading only",
		"readonly x=1; (x=2)":                    "it changes a variable",
		"f() { x=2; }\nreadonly x\nf":            "it changes a variable",
		"readonly x; for x in a; do :; done":     "it changes a variable",
		"readonly x; echo a | read x":            "it changes a variable",
		"readonly x=; : ${x:=2}":                 "it changes a variable",
		"readonly x=1; : $((x = 2))":             "it changes a variable",
		"readonly x=1; eval 'x=2'":               "it changes a variable",
		"readonly x=1; unset x":                  "it changes a variable",
		"readonly x=1; readonly x=1":             "it changes a variable",
		"readonly x=1; export x=2":               "it changes a variable",
		"n=x; readonly $n=1":                     "it has a construct that isn't followed",
		"exit abc":                               "\"abc\" is no status",
		"exit -1":                                "\"-1\" is no status",
		"f() { break; }; while :; do f; done":    "it leaves a loop of who calls the function",
		"local x=1":                              "it has local outside of a function",
		"f() { local a=1 b=$a; }":                "it assigns to a variable and uses it in one declaration",
		"export -p":                              "it has a construct that isn't followed",
		"x=1 :":                                  "it assigns to a variable before :",
		"x=1 eval true":                          "it assigns to a variable before eval",
		"case $1 in [^a]) ;; esac":               "it has a set of characters with \"^\"",
		"echo /etc/.*":                           "its pattern is that of . and .., too",
		"echo \"${x:-'a'}\"":                     "it has quotes within a quoted variable",
		"echo ${1#a'*'}":                         "it has a quoted pattern",
		"echo \"${1%\"*\"}\"":                    "it has a quoted pattern",
		"cat <<E\n${x:-'a'}\nE":                  "it has quotes within a quoted variable",
		"set -- ${x:-'a b'}":                     `"a b" has quotes, within a variable without quotes`,
		"x='*'; set -- ${x:+\"$x\"}":             `"*" has quotes, within a variable without quotes`,
		"set -- ${x:-\"\"}":                      "it has quotes within a variable without quotes",
		"set -- ${x:-\"$(echo a)\"}":             "it has quotes within a variable without quotes",
		"set -- ${x:-\"$?\"}":                    "it has quotes within a variable without quotes",
		"x=a:~/b":                                "it has a construct that isn't followed",
		"ln -s d l; rm -rf l/":                   "it removes a file, or what is behind a link, as a directory",
		"command -v cd echo":                     "it looks for several commands",
		"echo ${#@}":                             "it has a construct that isn't followed",
		"[ $EUID = 0 ]":                          "it has the variable EUID, which is bash's own",
		"GID=5":                                  "it has the variable GID, which is bash's own",
		"(trap 'rm x' EXIT; true)":               "it has a trap in a subshell",
		"cd -P /etc":                             "its option -P isn't followed",
		"IFS=:; x=a::b; set -- $x":               `"a::b" has an empty field`,
		"IFS=,; x=,b; for i in $x; do :; done":   `",b" has an empty field`,
		"echo a\r":                               "it has a carriage return",
		"eval \"$(printf '!\\\\\r')\"":           "it has a carriage return",
		"echo $(( \"1\" + 1 ))":                  "its quotes in an expression aren't followed",
		"f() { echo 'a\fb'; }; f":                "it has a form feed",
		"x=a; $x#b":                              "it has a \"#\" within a word",
		"x=a; (echo $x# b\n)":                    "it has a \"#\" within a word",
		"f() { :; }; type f":                     "whether the script has the function f isn't known",
		"echo 'a\\(b\\)\\1' | grep '\\(a\\)\\1'": "isn't followed",
	} {
		sh := &Shell{Files: &Files{Root: rootdir.Root(t.TempDir())}, Packages: map[string]string{"/etc/passwd": "accounts"}, MaxCalls: 5000}
		err := sh.Run(t.Context(), Script{Name: "/script", Text: "#!/bin/sh\n" + script + "\n"})
		if refusal := new(Refusal); !errors.As(err, &refusal) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\nerror %v\nwant  %s", script, err, want)
		}
	}
	for text, want := range map[string]string{"true": "doesn't name an interpreter", "#!/usr/bin/perl\n1": "it is for /usr/bin/perl", "#!/bin/sh -n\n": "it is for /bin/sh -n", "#!/bin/sh\nif": "it can't be read"} {
		sh := &Shell{Files: &Files{Root: rootdir.Root(t.TempDir())}}
		if err := sh.Run(t.Context(), Script{Text: text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

// TestHidden shows a root as it was before something is unpacked.
func TestHidden(t *testing.T) {
	root := rootdir.Root(t.TempDir())
	for _, name := range []string{"/etc/later.conf", "/etc/there"} {
		if err := root.Write(name, "x", 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files := &Files{Root: root, Hidden: func(p string) bool { return strings.HasPrefix(p, "/etc/later") }}
	run := func(script string) error {
		return (&Shell{Files: files}).Run(t.Context(), Script{Text: "#!/bin/sh\nset -e\n" + script + "\n"})
	}
	if err := run("[ ! -e /etc/later.conf ]; [ -e /etc/there ]; [ \"$(echo /etc/*)\" = /etc/there ]; rm -f /etc/later.conf; ! cat /etc/later.conf 2>/dev/null"); err != nil {
		t.Error(err)
	}
	if err := run("echo y >/etc/later.conf"); err == nil || !strings.Contains(err.Error(), "it changes /etc/later.conf, which a package has") {
		t.Errorf("error %v", err)
	}
}

// FuzzParse wants what is changed of a script to be one still.
func FuzzParse(f *testing.F) {
	for script := range strings.SplitSeq(asDash+"\n--\n"+asPrograms, "\n--\n") {
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script string) {
		for _, is := range []dialect{dash, ash, bash} {
			file, err := parseText("/script", script, is, &scriptNames{functions: map[string]bool{}})
			if err != nil {
				continue
			}
			text, err := printed(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), ""); err != nil {
				t.Errorf("%q becomes %q: %v", script, text, err)
			}
		}
	})
}

// FuzzExpression, FuzzSed and FuzzAwk look for expressions and scripts that end the process.
func FuzzExpression(f *testing.F) {
	for _, text := range []string{`^a\(b\|c\)*$`, `[]x[:space:]^-]\{1,2\}`, `a+?|(b)`, `\`, `[`} {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(_ *testing.T, text string, extended bool) {
		if re, err := expression(text, extended, false); err == nil {
			re.MatchString("a line")
		}
	})
}

func FuzzSed(f *testing.F) {
	for _, text := range []string{"s/a/b/g", "/x/,$!{p;d}", "2q", "$a\\", `s,\(a\),\1&,2p`, "{", "1,"} {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		if commands, err := (&sedParser{in: text}).commands(); err == nil {
			newSed(commands, false).run("a\nx\nb")
		}
	})
}

func FuzzAwk(f *testing.F) {
	for _, text := range []string{`{print $1, "a" b}`, `BEGIN {FS=":"} /^a/ {gsub(/b/, "c"); x = $2 x} END {print x}`, `$1 == "a"`, "{", `{print $999999999999999999999}`} {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		rules, err := parseAwk(text)
		if err != nil {
			return
		}
		r := &awkRun{line: "a:b c", variables: map[string]string{}}
		for _, now := range []int{awkBegin, awkLine, awkEnd} {
			r.all(rules, now)
		}
	})
}
