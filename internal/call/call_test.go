// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package call_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/testenv/calls"
)

// empty is the digest of nothing.
const empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func verbs() []calls.Verb {
	return []calls.Verb{
		calls.NewVerb("skeleton", call.ParseSkeleton), calls.NewVerb("place", call.ParsePlace),
		calls.NewVerb("run", call.ParseRun), calls.NewVerb("exec", call.ParseExec),
		calls.NewVerb("store", call.ParseStore), calls.NewVerb("scan", call.ParseScan), calls.NewVerb("link", call.ParseLink),
		calls.NewVerb("extract", call.ParseExtract), calls.NewVerb("verify", call.ParseVerify), calls.NewVerb("fetch", call.ParseFetch),
		calls.NewVerb("fetched", call.ParseFetched), calls.NewVerb("infos", call.ParseInfos),
		calls.NewVerb("probe", call.ParseProbe), calls.NewVerb("await", call.ParseAwait),
		calls.NewVerb("accounts", call.ParseAccounts),
		calls.NewVerb("hollow", call.ParseHollow),
	}
}

func examples() []calls.Call {
	return []calls.Call{
		call.Skeleton{Source: "/in", Out: "/out"},
		call.Accounts{Source: "/in", Out: "/out"},
		call.Hollow{Names: "/names", Content: "-content", Out: "/out"},
		call.Accounts{
			Entries: call.Entries{
				Groups: []call.Group{{Name: "staff", GID: 50}}, Users: []call.User{{Name: "app", UID: 1000, Group: "staff", Comment: "an app", Home: "/", Shell: "/bin/sh"}}, Homes: []string{"app"},
			},
			Members: [][2]string{{"video", "app"}}, Early: true, Source: "-in", Out: "/out",
		},
		call.Fetch{Out: "/out/f", URLs: []string{"https://a.example.org/x", "https://b.example.org/x"}},
		call.Fetch{
			Image: true, Secret: "/s", Digest: empty, Size: 7, Limit: 9,
			Report: "/out/r", Out: "-f", URLs: []string{"https://a.example.org/x"},
		},
		call.Fetched{Dir: "/f", Then: []string{"store", "--dir", "/s", "a"}, Files: []call.FetchedFile{
			{Name: "0", Digest: empty, Size: 7, URLs: []string{"https://a.example.org/x,y", "https://b.example.org/x"}},
			{Name: "1", Digest: empty, Limit: 1 << 40, URLs: []string{"https://a.example.org/z"}},
		}},
		call.Infos{Caches: []string{"https://a.example.org", "https://b.example.org/x"}, Out: "/out/infos", Paths: []string{"/nix/store/a", "-b"}},
		call.Probe{Kind: call.ProbeListen, Port: 1, Timeout: time.Second},
		call.Probe{Kind: call.ProbeTCP, Port: 65535, Timeout: time.Minute, Send: "--x\x00\n"},
		call.Probe{Kind: call.ProbeHTTP, Port: 80, Timeout: time.Minute, Method: "POST", Path: "/a?b=c d", Headers: []string{"Host=x", "A=b=c"}},
		call.Await{Once: true, Command: []string{"id"}},
		call.Await{Timeout: time.Minute, Interval: time.Second, Command: []string{"-check", "--x"}},
		call.Place{Source: "/in", Out: "/out"},
		call.Place{
			Skeleton: "/skeleton", Users: "/users", From: "out", Owner: "app:staff", Keep: []string{"/a", "/b c"},
			Chown: map[string]string{"/a=b": "0:0", "/c": "app"}, Source: "-in", Out: "--out",
		},
		call.Place{
			Directories: map[string]call.Attributes{"/a:b": {Mode: 0o1777, UID: 5, GID: 6}, "/c": {}}, Likely: map[string]call.Attributes{"/d=e f": {Mode: 0o755, UID: 1 << 31}},
			Links: map[string]string{"/x": "/y", "/z": "a=b//c"}, Source: "/in", Out: "/out",
		},
		call.Place{PreserveOwner: true, Base: "/base", Report: "/report/r", Source: "/in", Out: "/out"},
		call.Place{Outputs: []call.Output{{Path: "/a b/=c", Dest: "/d"}, {Path: "/x", Dest: "/usr/bin", Into: true}, {Path: "/y/*", Pattern: true, Include: []string{"-a", "b c"}, Exclude: []string{"!d"}, Dest: "/", Into: true}}, Source: "/in", Out: "/out"},
		call.Run{Command: []string{"--", "-x"}},
		call.Run{
			Memory: []call.Memory{{Mode: 0o1777, Path: "/tmp"}, {Mode: 0, Path: "/a=b"}}, User: "app", Home: "/root", Skip: []string{"/x", "/y"},
			KeepTimes: true, Command: []string{"sh", "-c", "true"},
		},
		call.Exec{Env: []string{"PATH", "HOME"}, Command: []string{"nix", "--version"}},
		call.Store{Dir: "/s", Report: "/report", Out: "/out", Items: []call.Item{
			{Name: "a", Hash: strings.Repeat("0f", 32), Size: 1 << 40, Format: "zstd", Input: "/in/0"},
			{Name: "a/b", Format: call.FormatModes, Input: "/in/1,2"},
		}},
		call.Store{Out: "/out", Items: []call.Item{{Name: "-a", Format: call.FormatModes, Input: "/in"}}},
		call.Scan{Store: "/s", Content: "content", Source: "/in", Out: "/out"},
		call.Extract{Source: "/in", Out: "/out"},
		call.Verify{Source: "/in", Signature: "/signature", Key: "/key", Out: "/out"},
		call.Verify{Locked: true, Name: "n", Report: "r", Source: "-in", Signature: "s", Key: "k", Out: "o"},
		call.Extract{
			Into: true, Include: []string{"a", "!b c"}, Exclude: []string{"-x"}, Strip: 3, Name: "-tool.gz", Report: "/report", Source: "/in", Out: "/out",
		},
		call.Link{Store: "/s", Into: "/usr/local", Mounts: []string{"/in/0", "/in/1"}, Roots: []string{"/s/a"}, Out: "/out"},
	}
}

func TestArgumentsAreReadAsTheyWereMade(t *testing.T) { calls.ReadBack(t, verbs(), examples()...) }

func TestBadArguments(t *testing.T) {
	calls.Refuse(
		t, verbs(),
		"skeleton", "skeleton /in", "skeleton /in /out /more", "skeleton --nope /in /out",
		"place /in", "place --chown /x /in /out", "place --chown =app /in /out", "place --owner a --preserve-owner /in /out", "place --base /b /in /out",
		"place --output /a /in /out", "place --output a//b /in /out", "place --output /a/..//b /in /out", "place --output ///b /in /out", "place --output /a//b//c /in /out",
		"run", "run --", "run --tmpfs 0755 -- x", "run --tmpfs 9=/x -- x", "run --tmpfs 17777=/x -- x", "exec --env A", "exec -h",
		"store /out", "store a,b /out", "store a,-,-,gzip,/in /out", "store ../a,-,-,modes,/in /out", "scan /in", "link /out", "link --into /usr",
		"fetched /f", "fetched --file a /f store", "fetched --file a,sha256:x,0,0,u /f store", "fetched --file ../a,"+empty+",0,0,u /f store", "fetched --file a,"+empty+",-1,0,u /f store",
		"fetched --file a,"+empty+",0,x,u /f store", "fetched --file a,"+empty+",0,0, /f store",
		"accounts /in", "accounts --user app:1000 /in /out", "accounts --group app:x /in /out", "accounts --group app:01 /in /out", "accounts --member app /in /out",
		"extract /in", "extract --strip -1 /in /out", "extract --strip x /in /out",
		"verify /in /signature /key", "verify --locked=x /in /signature /key /out",
	)
	_, err := call.ParseSkeleton(nil)
	var bad *call.ArgumentsError
	if !errors.As(err, &bad) || bad.Name != "skeleton" {
		t.Errorf("error %v", err)
	}
}

func FuzzParse(f *testing.F) { calls.Fuzz(f, verbs(), examples()...) }
