// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"strings"
	"testing"
)

// cases maps a text to what a parser makes of it; "!" is an error.
type cases map[string]string

func (cs cases) run(t *testing.T, parse func(string) (string, error)) {
	t.Helper()
	for text, want := range cs {
		got, err := parse(text)
		if (err != nil) != (want == "!") || err == nil && got != want {
			t.Errorf("%q: got %q, %v; want %q", text, got, err, want)
		}
	}
}

// printed makes a parser of some type one of text.
func printed[V any](parse func(string) (V, error)) func(string) (string, error) {
	return func(text string) (string, error) {
		v, err := parse(text)
		return fmt.Sprint(v), err
	}
}

func TestParseMode(t *testing.T) {
	cases{
		"0640": "416", "0o640": "416", "640": "416", "07777": "4095", "0": "0", "4755": "2541",
		"": "!", "0o": "!", "0888": "!", "010000": "!", "-1": "!", "0x1f": "!", "u+x": "!", "99999999999999999999": "!",
	}.run(t, printed(ParseMode))
}

func TestParseOwner(t *testing.T) {
	cases{
		"app": "{app }", "1000:1000": "{1000 1000}", "app:0": "{app 0}", "2147483647": "{2147483647 }",
		"": "!", ":": "!", "app:": "!", ":app": "!", "a:b:c": "!", "a b": "!", "2147483648": "!", "1:99999999999": "!",
	}.run(t, printed(ParseOwner))
}

func TestParsePort(t *testing.T) {
	cases{
		"80": "[80/tcp]", "53/udp": "[53/udp]", "8000-8002/UDP": "[8000/udp 8001/udp 8002/udp]", "65535": "[65535/tcp]",
		"": "!", "0": "!", "65536": "!", "+80": "!", "80/": "!", "80/icmp": "!", "80-": "!", "9-8": "!", "1-2-3": "!",
	}.run(t, printed(ParsePort))
}

func TestParseSignal(t *testing.T) {
	cases{
		"SIGTERM": "SIGTERM", "15": "15", "09": "09", "SIGRTMIN": "SIGRTMIN", "SIGRTMIN+3": "SIGRTMIN+3", "SIGRTMIN+15": "SIGRTMIN+15", "SIGRTMAX-14": "SIGRTMAX-14",
		"": "!", "0": "!", "00": "!", "100": "!", "TERM": "!", "sigterm": "!", "SIGTRM": "!", "SIG15": "!", "SIG+": "!", "SIGRTMIN+0": "!", "SIGRTMIN+16": "!", "SIGRTMAX-15": "!", "SIGTERM+1": "!",
	}.run(t, ParseSignal)
}

func TestParseSize(t *testing.T) {
	cases{
		"0": "0", "100": "100", "64m": "67108864", "64MB": "67108864", "64MiB": "67108864", "1k": "1024", "2G": "2147483648", "5b": "5",
		"": "!", "m": "!", "1.5g": "!", "-1": "!", "64q": "!", "1mm": "!", "9223372036854775807k": "!", "9223372036854775808": "!",
	}.run(t, printed(ParseSize))
}

func TestParseDuration(t *testing.T) {
	cases{"30s": "30s", "1m30s": "1m30s", "0s": "0s", "": "!", "30": "!", "-1s": "!"}.run(t, printed(ParseDuration))
}

func TestParseWords(t *testing.T) {
	cases{"none": "none", "host": "host", "hots": "!", "": "!"}.run(t, ParseNetwork)
	cases{"true": "strict", "false": "false", "network": "network", "yes": "!"}.run(t, ParseDeterministic)
	cases{"locked": "locked", "lock": "!"}.run(t, ParseSharing)
	cases{"run": "run", "skip": "skip", "Run": "!"}.run(t, ParseScripts)
	cases{"step": "step", "source": "source", "steps": "!"}.run(t, ParseFetch)
	cases{"true": "true", "security": "security", "all": "!"}.run(t, ParseUpgrade)
	cases{"per-path": "per-path", "": "!"}.run(t, ParseAlgorithm)
	cases{"deb": "deb", "rpm": "!"}.run(t, ParseRepositoryType)
}

func TestCleanDest(t *testing.T) {
	cases{
		"/": "/", "/a": "/a", "/a/": "/a/", "//a//b/../c/.": "/a/c/", "/a/..": "/", "/a/b/..": "/a/", "/ä/…": "/ä/…", "/a\\b": "/a\\b",
		"": "!", "a": "!", "./a": "!", "..": "!", "/..": "!", "/a/../../b": "!", "/a\x00": "!", "/\xff": "!",
	}.run(t, CleanDest)
}

func TestCleanSource(t *testing.T) {
	cases{
		".": ".", "/": ".", "./a": "a", "/a/b/": "a/b", "a/../b": "b", "a/..": ".", "**/*.html": "**/*.html", "a/./b": "a/b", "..a": "..a",
		"": "!", "..": "!", "../a": "!", "a/../../b": "!", "/../a": "!", "a\x00": "!", "\xff": "!",
	}.run(t, CleanSource)
}

func TestCheckReference(t *testing.T) {
	digest := "@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for text, ok := range map[string]bool{
		"scratch": true, "debian:bookworm-slim": true, "127.0.0.1:5000/a/b:1": true, "localhost/a": true, "debian" + digest: true,
		"registry.example.org/a/b_c.d--e:v1" + digest: true, "[::1]:5000/a": true, "target:x": true, "context:X y": true, "HOST:5000/a": true,
		"": false, "Debian": false, "debian:": false, "debian:.a": false, "a b": false, "a//b": false, "debian@sha256:12": false,
		"debian@": false, "/a": false, "a/": false, "target:": false, "context:": false, "https://example.org/a": false,
	} {
		if err := checkFrom(text); (err == nil) != ok {
			t.Errorf("checkFrom(%q): %v", text, err)
		}
	}
}

func TestParseDockerfile(t *testing.T) {
	cases{
		"Dockerfile": "Dockerfile", "./docker/../app.Dockerfile": "app.Dockerfile", "/Dockerfile": "Dockerfile", "a b": "a b",
		"Dockerfile#builder": "Dockerfile builder", "./a/Dockerfile#0": "a/Dockerfile 0", "a@b:c#Build_1.x-y": "a@b:c Build_1.x-y",
		"": "!", "#builder": "!", "Dockerfile#": "!", "Dockerfile#a#b": "!", "Dockerfile#a b": "!", "../Dockerfile": "!", "a/../../b#c": "!", ".": "!", "a/..#b": "!",
		"\xff": "!", "a\x00": "!",
	}.run(t, func(text string) (string, error) {
		file, stage, err := ParseDockerfile(text)
		return strings.TrimSpace(file + " " + stage), err
	})
}
