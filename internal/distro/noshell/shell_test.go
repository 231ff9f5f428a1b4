// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/rootdir"
)

// both runs a script here and by the machine's own sh, each in a directory of its own, and
// returns what each printed, with the status.
func both(t *testing.T, script string) (ours, theirs string) {
	t.Helper()
	script = "#!/bin/sh\n" + script + "\n"
	return here(t, script), there(t, script)
}

func here(t *testing.T, script string) string {
	t.Helper()
	var out bytes.Buffer
	dir := t.TempDir()
	sh := &Shell{Files: &Files{Root: rootdir.Root(dir)}, Path: []string{"/usr/bin"}}
	err := sh.Run(t.Context(), Script{Name: "/script", Text: script, Args: []string{"one", "two words", ""}, Stdout: &out})
	status := 0
	if failure := new(Failure); errors.As(err, &failure) {
		status = failure.Status
	} else if err != nil {
		t.Fatalf("%s\nrefused: %v", script, err)
	}
	return fmt.Sprintf("%s=%d", out.String(), status)
}

func there(t *testing.T, script string) string {
	t.Helper()
	file := t.TempDir() + "/script"
	if err := os.WriteFile(file, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dash", file, "one", "two words", "")
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s=%d", out, cmd.ProcessState.ExitCode())
}

// TestAsDash compares with the shell that Debian runs maintainer scripts by.
func TestAsDash(t *testing.T) {
	for script := range strings.SplitSeq(strings.TrimSpace(asDash), "\n--\n") {
		if ours, theirs := both(t, script); ours != theirs {
			t.Errorf("%s\nprints %q\ndash   %q", script, ours, theirs)
		}
	}
}

// TestEchoAsBusybox compares with the shell that Alpine has.
func TestEchoAsBusybox(t *testing.T) {
	const script = `echo -n -n c; echo -ne 'x\ty\n'; echo -nn b; echo -E 'a\tb'; echo -eE 'a\tb'; echo -x -n; echo - -n; echo -n; echo -- a`
	theirs, err := exec.Command("busybox", "sh", "-c", script).Output()
	if err != nil {
		t.Fatal(err)
	}
	var ours bytes.Buffer
	sh := &Shell{Files: &Files{Root: rootdir.Root(t.TempDir())}, Busybox: true}
	if err := sh.Run(t.Context(), Script{Text: "#!/bin/sh\n" + script + "\n", Stdout: &ours}); err != nil || ours.String() != string(theirs) {
		t.Errorf("prints %q, busybox %q: %v", ours.String(), theirs, err)
	}
}

const asDash = `
t() { printf '%s\n' "$2" | { IFS="$1" read -r a b c || echo fail; echo "[$a][$b][$c]"; }; printf '%s\n' "$2" | { IFS="$1" read -r a; echo "[$a]"; }; }
for l in '# x' 'a#b' '#' 'a##'; do t '#' "$l"; done
for l in x::z ::: :::: a:b:c: a:b:c:d a:b:c:d: a:b:c:: a:b:: a: :b '' ' a : b '; do t : "$l"; done
for l in ' a : b  c ' 'a : : b' 'a b :c: ' 'a b c : ' 'a b c d : ' ' : '; do t ': ' "$l"; done
t ,: 'a,b:c,d'; t '' 'a b c'; t ' ' ' a  b c d '
printf 'root:x:0:0::/root\nb::1\n' >f; while IFS=: read -r name _ uid rest; do echo "$name-$uid-$rest"; done <f; printf 'a:b' | { IFS=: read x y; echo "$? $x $y"; }
IFS=,; printf 'a,,b\n' | { read x y z; echo "$x|$y|$z"; }
--
set -e
printf 'a:b' >f; IFS=: read -r x y <f || echo "$x $y"; IFS=: read -r x y <f; echo no
--
exit 3
--
false
--
set -e
false
echo no
--
set -e
if true; then [ -e /nothing ] && echo no; fi
echo yes
--
set -e
for i in a b; do [ $i = c ] && echo no; done
echo yes
--
set -e
case x in x) false && true;; esac
echo yes
--
set -e
f() { [ x = y ] && echo no; }
f
echo after
--
set -e
f() { false; echo in; }
f || echo no
echo end
--
set -e
f() { (false; echo sub); echo in; }
if f; then echo yes; fi
echo end
--
set -e
f() { (false; echo sub); echo in; }
f
echo end
--
set -e
if (false; true); then echo yes; fi
(false; true) || echo no
echo end
--
set -e
! (false; true)
echo end
--
set -e
g() { false; echo g; }
f() { g | cat; echo f; }
if f; then echo yes; fi
f
--
set -e
x=$(false; echo out)
echo "[$x]"
--
if x=$(set -e; false; echo out); then echo y; else echo n; fi
--
x=0; echo a | while read l; do x=1; done; echo $x
--
echo a b | { read x y; echo "$y $x"; }; echo "[$x]"
--
f() { (return 3); echo $?; return 4; }
f; echo $?
--
f() { echo a | while read l; do return 5; done; echo $?; }
f
--
f() ( local x=1; x=2; exit 6 )
f; echo $?
--
echo $#; shift; echo "$1" $#; shift 2; echo $#
--
set -- a b c; while [ $# -gt 0 ]; do echo $1; shift; done
--
set -- $(echo 1 2 3); echo $# "$@"
--
for i in "$@"; do echo "<$i>"; done
for i in $@; do echo "<$i>"; done
--
IFS=:; x=a:b:c; for i in $x; do echo $i; done
--
echo 'a\tb' "c\\nd" 'e\cf'
echo -n x; echo -e y
--
printf '%s-%d\n' a 1 b 2; printf '%5s|%-5s|\n' x y; printf 'a\tb\n'
--
trap 'echo bye' EXIT; echo hi; exit 2
--
trap 'echo bye' 0 INT; false
--
trap 's=$?; echo bye $s; exit $s' EXIT; (exit 4)
--
trap 'exit 3' TERM; echo hi
--
set -e; trap 'false; echo no' EXIT; echo hi
--
set -e; trap 'false; echo no' EXIT; exit 3
--
set -e; trap 'false || true; echo $?' EXIT; false
--
set -e; f() { [ -e /nothing ] && echo x; }; trap f EXIT; echo hi
--
set -e; trap 'x=$(false); echo no' EXIT; exit 2
--
set -e; trap 'echo $?; set +e; false; echo yes' EXIT; false
--
trap 'false' EXIT; exit 3
--
trap 'exit 3' EXIT; trap 'exit 5' EXIT; false
--
trap 'echo t $?; exit 9' EXIT; exit 2
--
trap 'echo t; exit' EXIT; exit 2
--
trap 'trap - EXIT; echo t; exit 7' EXIT; exit 0
--
trap 'rc=$?; echo $rc; if [ $rc != 0 ]; then exit 9; fi' EXIT; x=$(exit 4)
--
trap 'echo a; trap "echo b" EXIT' EXIT; exit 2
--
set -e; f() { trap 'echo t $?; [ $? = 1 ]' EXIT; }; f; echo hi
--
set -o errexit; f() { local x=$(false); echo in; }; f; ! true; false && true; echo b; false | true; true | false; echo no
--
return 3; echo no
--
if false; then :; else return; fi; echo no
--
f() { return 2; }; f || return 5; echo no
--
( return 7 ); echo $?
--
f() { if true; then return 4; fi; }; f; echo $?; f || [ 1 = 2 ] && return 9; echo yes
--
set -u; echo ${x:-d} ${1} ${x+set}
--
x=${DPKG_MAINTSCRIPT_PACKAGE:-a-b-c}; echo ${x##*-} ${x#*-} ${x%-*} ${x%%-*} ${#x}
--
: ${x:=5}; echo $x; echo $((x * 2 + 1))
--
case abc in a*) echo 1;; *) echo 2;; esac; case "a b" in "a b"|x) echo 3;; esac; case x in [!a-w]) echo 4;; esac
--
if ! [ -f /nothing ] && [ -z "" ]; then echo yes; fi; [ -e "" ] || echo none; [ -x "$(command -v nothing)" ] || echo no program
--
[ a = a -a b != c ] && echo 1; [ a = b -o c = c ] && echo 2; test 3 -gt 2 && echo 3; [ 2 -le 1 ] || echo 4; [ "(" = "(" ] && echo 5
--
cat <<EOF
a $1 \$1 $(echo sub)
EOF
cat <<'EOF'
a $1
EOF
cat <<-EOF
	tabs
	EOF
--
mkdir -p d/e; cd d/e; pwd | sed 's,.*/d,d,'; touch f g; echo *; echo x*; ls | wc -l
--
echo one >f; echo two >>f; cat <f; cat f | { read a; read b; echo $b $a; }
--
echo err >&2 2>/dev/null; echo out 2>&1 >/dev/null; { echo a; echo b >&2; } 2>/dev/null
--
echo a >/dev/stdout; echo b >/dev/stderr; { echo c >/dev/stderr; } 2>&1; echo d >/dev/null
--
nothing() { return 7; }; nothing; echo $?; unset -f nothing; nothing=1; unset nothing; echo "[$nothing]"
--
x=1; (x=2; echo $x); echo $x; f() { local x=3; g; }; g() { echo $x; }; f; echo $x
--
eval '(false; echo a; true) | cat; (echo b) 2>/dev/null | cat'
eval 'x=5; echo $x'; y=x; eval echo \$$y
--
while :; do echo once; break; done; for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done; for i in 1 2; do for j in 1 2; do break 2; done; echo no; done; echo done
--
until [ "$n" = xx ]; do n=x$n; done; echo $n
--
read a b <<EOF
1 2 3
EOF
echo "$b"; echo 'a\b' | { read x; echo $x; }; echo 'a\b' | { read -r x; echo $x; }; read x </dev/null || echo eof
--
umask; umask 077; umask
--
true && false || echo 1; true || echo 2; false && echo 3; { false; true; } && echo 4
--
set -e; { false || true; }; true | false | true; echo yes; false | true; true | false; echo no
--
f() { echo "$#:$*"; }; f a "b c" ''; f "$@"; IFS=,; f "$*"
--
x='*'; echo "$x"; echo a"$x"b; y="  a   b "; echo $y "$y"
--
exec 2>/dev/null; echo still; exec cat /nothing; echo no
--
f() { [ -e /nothing ]; return; }; f; echo $?; g() { false; { true; false; }; return; }; g; echo $?
--
f() { false; return; }; (f; exit); echo $?; { false; }; exit
--
n=$((10 / 5 % 3)); x=4; echo $n $((x / 2)) $((x % (x - 1))) $((x /= 2)) $((-x * -1)) $((010 + 0x1f)); y=' 5'; echo $((y + $y))
--
x=; echo $((x)) $(($x + 1)) $((2 * 3)) $((nothing - 1)); i=0; while [ $((i += 1)) -lt 4 ]; do echo $i; done
--
x='6 * 100 + 1'; echo $(($x)) $(($(echo 2.3 | sed 's/\([0-9]*\)\.\([0-9]*\)/\1 * 10 + \2/'))) $((-5))
--
readonly a=1; b=2; readonly b c; echo $a $b [$c]; d=$a; e=$d; echo $d $e; f() { readonly g=5; echo $g; }; f
--
for i in a b; do x=$i; done; readonly x; echo $x; n=y; export $n="a b"; echo $y; names="x y"; export $names; echo $x
--
[ ! a = a -o b = b ]; echo $?; [ "(" ]; echo $?; [ a \< b ]; echo $?; [ b \> a ] && echo yes; [ " 1" -eq 1 ]; echo $?; [ 1 -eq a ] 2>/dev/null; echo $?
--
[ -f ]; echo $?; [ = = = ]; echo $?; [ ! = x ]; echo $?; [ "(" a = b ")" ]; echo $?; [ -a = -a ]; echo $?; [ a -a "" -o x ]; echo $?; [ ! ]; echo $?; [ ! "" ]; echo $?; [ a = a 2>/dev/null; echo $?; [ a b c d ] 2>/dev/null; echo $?; test ! -f x -a ! "(" -d x -o 1 -gt 2 ")"; echo $?
--
touch a b; [ a -nt none ]; echo $?; ln a h; [ a -ef h ] && echo same; [ a -ef b ]; echo $?; chmod 4755 a; [ -u a ] && [ -x a ] && [ -O a ] && echo bits; [ -g a ]; echo $?; mkdir d; [ -s d ] && [ -d d ] && [ -w d ] && echo dir; [ -t 5 ]; echo $?
--
printf '%d %i %o %x %X %u|' 10 11 8 255 255 3; printf '%05d|%-5d|%+d|%3s|%-3s|%.2s|%*d|\n' 42 42 42 a b xyz 5 3; printf '%s-' a b c; printf '%c%c%%\n' abc def; printf -- '-x %s\n' y
--
printf '%d %d %d\n' 0x1f 010 "'A"; printf '%d\n' 5x 2>/dev/null; echo $?; printf '%b|%s|' 'a\tb\0101' 'a\tb'; printf '\101\n'; printf '%b' 'stop\chere' no; printf 'none\n%s' ; echo $?
--
: >/nothing/here; echo not here
--
(: >/nothing/here) 2>/dev/null; echo $?; f() { : >/nothing/here; echo no; }; f 2>/dev/null; echo no
--
exec >/nothing/here; echo not here
--
hash nothing-at-all 2>/dev/null; echo $?; command -v cd; command -v echo; IFS=:; x=a:b:; set -- $x; echo $#; IFS=' :'; x=' a : b  c'; for i in $x; do echo "<$i>"; done
--
f() { for i in 1 2; do while :; do break; done; [ $i = 1 ] && continue; echo $i; done; }; f; for i in 1 2; do f; done
--
x='a*b'; y=x.so.1; echo ${y%%.*} "${x%\*b}" "${x#a\*}" "${z:-a b}" ${z:-'q r'}; for f in .[!.]* ..?x; do echo "$f"; done
--
set -e; f() { [ -e /nothing ]; echo f; }; ! f; ! f | cat; ! { false; echo x; }; ! { ! f; }; g() { ! f; }; g || echo $?; ! g || echo no; echo z; f
--
f() { echo "$#:$1:$2"; }; f "x: $@"; f "$@$@" y; f "${@}z"; set -- a b; x="$1 $@ $2"; echo "$x"; case "$1$@" in "aa b") echo m;; esac; set --; f "$@"; f "x$@"
--
set -- a 'b c' ''; set -- ${1+"$@"}; echo $#; f() { for i in ${1+"$@"}; do echo "<$i>"; done; }; f; f x 'y z'; set -- ${x:-"ab"} ${1:+"$1"} "${x:-"c d"}"; echo $#
--
x=aXbXc; p='X*'; echo ${x%$p} ${x%"$p"} "${x%"$p"}"; y='aX*'; echo "${y%"$p"}" ${y#"${y%?}"} "${x%"X$1"}"; z='a\b[c]'; q='\b[c]'; echo "${z%"$q"}" "${z%"$(printf '%s' "$q")"}"; d=/usr; x=/usr/doc; echo ${x#"$d"/} "${x#"$p"}"
--
echo -n -n; echo -n -e x; echo -nn; echo -ne y; echo -n
`
