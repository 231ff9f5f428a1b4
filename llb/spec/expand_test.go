// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const argsFile = `args:
  NAME: world
  EMPTY: ""
  GREETING: hello $NAME on ${TARGETARCH}
  BITS: {amd64: "64", linux/arm64: "64 too", linux/arm/v7: "32"}
  NEEDED:
`

func mustParse(t testing.TB, text string) *Spec {
	t.Helper()
	s, err := Parse("strata.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func someVars(t testing.TB) Vars {
	t.Helper()
	v, warnings, err := mustParse(t, argsFile).Vars(VarOptions{
		BuildArgs:      map[string]string{"NEEDED": "$NAME"},
		Platform:       map[string]string{"TARGETARCH": "arm64"},
		TargetPlatform: "linux/arm64",
	})
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	return v
}

func TestExpand(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                     "plain",
		"$NAME":                     "world",
		"${NAME}s, $NAME.":          "worlds, world.",
		"$$NAME $$$NAME":            "$NAME $world",
		"a $ b $1 $":                "a $ b $1 $",
		"$GREETING":                 "hello world on arm64",
		"$BITS":                     "64 too",
		"$NEEDED":                   "$NAME",
		"${NONE:-x}":                "x",
		"${NONE-x}":                 "x",
		"${EMPTY:-x}":               "x",
		"${EMPTY-x}":                "",
		"${NAME:-$NONE}":            "world",
		"${NAME:+x}${NONE:+y}":      "x",
		"${EMPTY+x}${EMPTY:+y}":     "x",
		"${NONE:-${EMPTY:-$NAME}}!": "world!",
		"${NONE:-a}b}":              "ab}",
		"${NAME:?no}":               "world",
		"${NONE:-$$}":               "$",
		"${NONE-}":                  "",
		"{}":                        "{}",
		"${NAME+${NONE:-é}}":        "é",
	} {
		got, err := someVars(t).Expand(String{Value: text, Pos: Pos{1, 1}})
		if err != nil || got != want {
			t.Errorf("Expand(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestExpandFaults(t *testing.T) {
	for value, want := range map[string]string{
		`$NAEM`:                      `strata.yaml:1:7: there is no argument "NAEM"; did you mean "NAME"?`,
		`"a é $NAEM"`:                `strata.yaml:1:12: there is no argument "NAEM"; did you mean "NAME"?`,
		`"\x61 $WHATEVER"`:           `strata.yaml:1:7: there is no argument "WHATEVER"; declare it in args, or write $$ for a dollar`,
		`${NAME`:                     `strata.yaml:1:7: want }, :-, - , :+, + , :? or ? after ${NAME`,
		`${NAME:-x`:                  `strata.yaml:1:7: ${NAME has no closing }`,
		`a${}`:                       `strata.yaml:1:8: ${ needs a name; write $$ for a dollar`,
		`${NAME#x}`:                  `strata.yaml:1:7: want }, :-, - , :+, + , :? or ? after ${NAME`,
		`${NONE:?who are you}`:       `strata.yaml:1:7: NONE: who are you`,
		`${EMPTY:?}`:                 `strata.yaml:1:7: EMPTY: a value is needed`,
		`{amd64: a, linux/arm: b}`:   `strata.yaml:1:7: there is no value for the platform linux/arm64`,
		`{arm64: "$NAEM", s390x: b}`: `strata.yaml:1:16: there is no argument "NAEM"; did you mean "NAME"?`,
		strings.Repeat("${X:-", 60):  `strata.yaml:1:262: ${…} is nested too deeply`,
	} {
		s := mustParse(t, "from: "+value+"\n"+argsFile)
		v, _, err := s.Vars(VarOptions{
			AllowMissing: true, TargetPlatform: "linux/arm64",
			Platform: map[string]string{"TARGETARCH": "arm64"},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Expand(s.Targets[0].From)
		var fault *Error
		if !errors.As(err, &fault) || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", value, err, want)
		}
	}
}

// TestExpandGrowth holds defaults that double the one before.
func TestExpandGrowth(t *testing.T) {
	var b strings.Builder
	b.WriteString("args:\n  A0: 0123456789\n")
	for i := range 60 {
		fmt.Fprintf(&b, "  A%d: $A%d$A%d\n", i+1, i, i)
	}
	_, _, err := mustParse(t, b.String()).Vars(VarOptions{})
	if err == nil || !strings.Contains(err.Error(), "the text is too long") {
		t.Errorf("got %v", err)
	}
}

func TestChoose(t *testing.T) {
	s := mustParse(t, `from: {arm: a, linux/arm: b, linux/arm/v7: c, amd64: d, linux/arm64/v8: e}`).Targets[0].From
	for platform, want := range map[string]string{
		"linux/arm/v7": "c", "linux/arm": "c", "linux/arm/v6": "b", "freebsd/arm/v6": "a",
		"linux/amd64": "d", "linux/amd64/v2": "d", "linux/arm64": "e", "linux/s390x": "", "": "",
	} {
		got, ok := s.choose(platform)
		if got.Value != want || ok != (want != "") {
			t.Errorf("choose(%q) = %q, %v; want %q", platform, got.Value, ok, want)
		}
	}
}

func TestVars(t *testing.T) {
	s := mustParse(t, argsFile)
	_, _, err := s.Vars(VarOptions{TargetPlatform: "linux/arm64", Platform: map[string]string{"TARGETARCH": "arm64"}})
	want := "strata.yaml:6:3: the argument NEEDED has no value; give one with --build-arg NEEDED=…"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	v, warnings, err := s.Vars(VarOptions{
		BuildArgs: map[string]string{
			"NAMES": "x", "NAME": "you", "BITS": "1", "http_proxy": "x", "BUILDKIT_SYNTAX": "x", "SOURCE_DATE_EPOCH": "7",
		},
		Platform:     map[string]string{"TARGETARCH": "s390x", "TARGETPLATFORM": "linux/s390x"},
		AllowMissing: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) != 1 || warnings[0].Error() != `strata.yaml:2:3: the build argument "NAMES" is not declared in args; did you mean "NAME"?` {
		t.Errorf("warnings %v", warnings)
	}
	names := []string{"BITS", "EMPTY", "GREETING", "NAME", "NEEDED", "SOURCE_DATE_EPOCH", "TARGETARCH", "TARGETPLATFORM"}
	if diff := cmp.Diff(names, v.Names()); diff != "" {
		t.Error(diff)
	}
	if got, _ := v.Lookup("GREETING"); got != "hello you on s390x" {
		t.Errorf("GREETING is %q", got)
	}
	if _, ok := v.With(map[string]string{"PATH": "/bin"}).Lookup("PATH"); !ok {
		t.Error("With does not add")
	}
	if _, ok := v.Lookup("PATH"); ok {
		t.Error("With changes what it is called on")
	}
}

func TestVarsLaterArgument(t *testing.T) {
	_, _, err := mustParse(t, "args: {A: $B, B: x}").Vars(VarOptions{})
	if err == nil || !strings.HasPrefix(err.Error(), `strata.yaml:1:11: there is no argument "B"`) {
		t.Errorf("got %v", err)
	}
}

func TestExpandArgv(t *testing.T) {
	argv := []String{{Value: "cp"}, {Value: "$out/$NAME"}, {Value: "$$HOME"}}
	got, err := someVars(t).ExpandArgv(argv, "/o")
	if diff := cmp.Diff([]string{"cp", "/o/world", "$HOME"}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if _, err := someVars(t).ExpandArgv(argv, ""); err == nil {
		t.Error("$out is known without a directory")
	}
}

func TestMentioned(t *testing.T) {
	got := Mentioned("echo $A ${B:-$C} '$D' \\$E ${#F} $1 $$ ${} $A # $G\n$")
	if diff := cmp.Diff([]string{"A", "B", "C", "D", "E", "F", "G"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestErrorfWraps(t *testing.T) {
	s := mustParse(t, "from: x\nmax_layers: 3\n")
	err := s.Errorf(Pos{2, 1}, "open file: %w", fs.ErrNotExist)
	if !errors.Is(err, fs.ErrNotExist) || err.Error() != "strata.yaml:2:1: open file: file does not exist" {
		t.Errorf("got %v", err)
	}
	if want := "  1 | from: x\n> 2 | max_layers: 3\n    | ^\n"; err.Excerpt() != want {
		t.Errorf("excerpt\n%s", err.Excerpt())
	}
	if got := s.Errorf(Pos{}, "x").Excerpt(); got != "" {
		t.Errorf("excerpt %q for no place", got)
	}
	if got := s.Errorf(Pos{99, 7}, "x").Excerpt(); got != "" {
		t.Errorf("excerpt %q for a line that is not there", got)
	}
}

// Lines with a login are shown without it, and columns stay.
func TestExcerptWithoutLogins(t *testing.T) {
	s := mustParse(t, "from: x\nargs: {A: 'http://ann:s@example.org', B: x}\n")
	if got, want := s.Errorf(Pos{2, 41}, "x").Excerpt(), "  1 | from: x\n> 2 | args: {A: 'http://*****@example.org', B: x}\n    |                                         ^\n"; got != want {
		t.Errorf("excerpt\n%s\nwant\n%s", got, want)
	}
}

// A fault that is wrapped in another one keeps its place, and the sentence has no other.
func TestOnePlace(t *testing.T) {
	s := mustParse(t, "from: x\nmax_layers: 3\n")
	inner := s.Errorf(Pos{2, 13}, "it is %s", "too few").WithHint("write 4")
	inner.External = true
	outer := s.Errorf(Pos{1, 7}, "look into target:web: %w", fmt.Errorf("plan it: %w", inner))
	if got, want := outer.Error(), "strata.yaml:2:13: look into target:web: plan it: it is too few; write 4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if want := "  1 | from: x\n> 2 | max_layers: 3\n    |             ^\n"; outer.Excerpt() != want || !outer.External {
		t.Errorf("excerpt %s", outer.Excerpt())
	}
	other := &Error{File: "strata.lock", Range: Range{Start: Pos{9, 1}}, Message: "stale"}
	if got, want := s.Errorf(Pos{1, 7}, "read: %w", other).Error(), "strata.yaml:1:7: read: strata.lock:9:1: stale"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestModeChange(t *testing.T) {
	for text, want := range map[string]uint32{
		"0640": 0o640, "0o4755": 0o4755, "u+x": 0o744, "u+x,go-w": 0o744, "a=rX": 0o444, "+x": 0o755, "u=rwx,g=rx,o=": 0o750, "u+s,a+x": 0o4755, "+t": 0o1644, "go=u": 0o666,
	} {
		bits, change, err := ParseModeChange(text)
		if err == nil && change != "" {
			bits, err = ChangeMode(0o644, change)
		}
		if err != nil || bits != want {
			t.Errorf("%s: %04o, %v, want %04o", text, bits, err, want)
		}
	}
	for _, text := range []string{"", "0999", "u+q", "rwx", "17777", "u+x;", "-1"} {
		if _, change, err := ParseModeChange(text); err == nil {
			t.Errorf("%q is read as %q", text, change)
		}
	}
}
