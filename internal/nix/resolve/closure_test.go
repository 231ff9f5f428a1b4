// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/fetch"
)

// storePath is a store path for a name, the same one each time.
func storePath(name string) string {
	sum := sha256.Sum256([]byte(name))
	return "/nix/store/" + encodeBase32(sum[:20]) + "-" + name
}

// secretKey is a key for a name, the same one each time.
func secretKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func publicKey(name string) Key {
	return Key{Name: name, Value: secretKey(name).Public().(ed25519.PublicKey)}
}

// signed is a path as a cache has it, signed with the keys of these names.
func signed(name string, refs, keys []string) *Info {
	i := &Info{
		Path: storePath(name), NarHash: digest.FromString(name), NarSize: int64(100 + len(name)),
		URL: "nar/" + name + ".nar.zst", Compression: "zstd", FileHash: digest.FromString(name + ".zst"), FileSize: 50,
	}
	for _, ref := range refs {
		i.References = append(i.References, storePath(ref))
	}
	i.References = sortedSet(i.References)
	for _, key := range keys {
		i.Signatures = append(i.Signatures, key+":"+base64.StdEncoding.EncodeToString(ed25519.Sign(secretKey(key), []byte(i.Fingerprint()))))
	}
	return i
}

func text(i *Info) string {
	var b strings.Builder
	fmt.Fprintf(&b, "StorePath: %s\nURL: %s\nCompression: %s\nNarHash: %s\nNarSize: %d\nReferences:", i.Path, i.URL, i.Compression, formatHash(i.NarHash), i.NarSize)
	for _, ref := range i.References {
		b.WriteString(" " + path.Base(ref))
	}
	if i.FileHash != "" {
		fmt.Fprintf(&b, "\nFileHash: %s\nFileSize: %d", formatHash(i.FileHash), i.FileSize)
	}
	for _, sig := range i.Signatures {
		b.WriteString("\nSig: " + sig)
	}
	if i.CA != "" {
		b.WriteString("\nCA: " + i.CA)
	}
	return b.String() + "\n"
}

// caches answers requests for narinfos by their URLs, and counts them.
type caches struct {
	files  map[string]string
	errs   map[string]error
	asked  []string
	rounds int
	// most is how many were asked for at once.
	most int
}

func (c *caches) Fetch(_ context.Context, requests []fetch.Request) []fetch.Answer {
	c.rounds++
	c.most = max(c.most, len(requests))
	answers := make([]fetch.Answer, len(requests))
	for i, r := range requests {
		c.asked = append(c.asked, r.URLs...)
		answers[i].Err = fetch.ErrNotFound
		for prefix, err := range c.errs {
			if strings.HasPrefix(r.URLs[0], prefix) {
				answers[i].Err = err
			}
		}
		if data, ok := c.files[r.URLs[0]]; ok {
			answers[i] = fetch.Answer{Data: []byte(data)}
		}
	}
	return answers
}

func (c *caches) put(cache string, infos ...*Info) {
	if c.files == nil {
		c.files = map[string]string{}
	}
	for _, i := range infos {
		c.files[cache+"/"+hashPart(i.Path)+".narinfo"] = text(i)
	}
}

const (
	first  = "https://one.example.org"
	second = "http://two.example.org/sub"
)

func options(c *caches) Options {
	return Options{Fetcher: c, Caches: []string{first, second + "/"}, Keys: []Key{publicKey("k1"), publicKey("k2")}}
}

func names(g *Graph) string {
	var all []string
	for _, i := range g.Paths {
		all = append(all, Name(i.Path)+"@"+i.URL)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestClosureTakesEachPathFromTheFirstCacheThatHasItSigned(t *testing.T) {
	c := &caches{}
	// The first cache lacks libc, and its lib is signed by a stranger.
	c.put(first, signed("app", []string{"app", "lib", "data"}, []string{"k1"}), signed("lib", []string{"libc"}, []string{"stranger"}), signed("data", nil, []string{"k2"}))
	c.put(second, signed("lib", []string{"libc"}, []string{"stranger", "k2"}), signed("libc", nil, []string{"k1"}), signed("data", nil, []string{"k1"}))
	g, err := Closure(context.Background(), []string{storePath("app")}, options(c))
	if err != nil {
		t.Fatal(err)
	}
	want := "app@https://one.example.org/nar/app.nar.zst data@https://one.example.org/nar/data.nar.zst " +
		"lib@http://two.example.org/sub/nar/lib.nar.zst libc@http://two.example.org/sub/nar/libc.nar.zst"
	if got := names(g); got != want {
		t.Errorf("closure %s\nwant    %s", got, want)
	}
	if g.Store != "/nix/store" || !slices.IsSortedFunc(g.Paths, func(a, b *Info) int { return strings.Compare(a.Path, b.Path) }) {
		t.Errorf("store %s, or paths out of order", g.Store)
	}
	// Three levels, and another round for what the first cache didn't give.
	if c.rounds != 5 || len(c.asked) != 6 {
		t.Errorf("%d rounds and requests for %q", c.rounds, c.asked)
	}
}

func TestClosureGoesOnWithoutACacheThatFails(t *testing.T) {
	c := &caches{errs: map[string]error{first: errors.New("connection refused")}}
	c.put(second, signed("app", []string{"lib"}, []string{"k1"}), signed("lib", nil, []string{"k1"}))
	if _, err := Closure(context.Background(), []string{storePath("app")}, options(c)); err != nil {
		t.Fatal(err)
	}
	if asked := strings.Count(strings.Join(c.asked, " "), first); asked != 1 {
		t.Errorf("the cache that fails was asked %d times", asked)
	}
	delete(c.files, second+"/"+hashPart(storePath("lib"))+".narinfo")
	_, err := Closure(context.Background(), []string{storePath("app")}, options(c))
	want := fmt.Sprintf("find %s (which %s refers to): in %s: connection refused; in %s/: not found", storePath("lib"), storePath("app"), first, second)
	if err == nil || err.Error() != want || !errors.Is(err, fetch.ErrNotFound) {
		t.Errorf("error %v\nwant  %s", err, want)
	}
}

func TestArchivesElsewhere(t *testing.T) {
	for to, want := range map[string]string{
		"nar/a.nar?hash=b":                 "https://one.example.org/nar/a.nar?hash=b",
		"/nar/a.nar":                       "https://one.example.org/nar/a.nar",
		"https://cdn.example.org/a.nar":    "https://cdn.example.org/a.nar",
		"//cdn.example.org/a.nar":          "https://cdn.example.org/a.nar",
		"https://one.example.org/a.nar":    "https://one.example.org/a.nar",
		"http://one.example.org/a.nar":     "leads to another host",
		"file:///etc/passwd":               "none that can be fetched",
		"https://user:pw@cdn.example.org/": "none that can be fetched",
		"https:///a":                       "none that can be fetched",
		"%zz":                              "invalid URL escape",
	} {
		got, err := resolveURL(first+"/", to)
		if err == nil && got != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s, %v; want %s", to, got, err, want)
		}
	}
}

func TestPlainArchivesHaveTheirOwnHash(t *testing.T) {
	c := &caches{}
	plain := signed("app", nil, []string{"k1"})
	plain.Compression, plain.FileHash, plain.FileSize = "none", "", 0
	packed := signed("lib", nil, []string{"k1"})
	packed.FileHash, packed.FileSize = "", 0
	c.put(first, plain, packed)
	g, err := Closure(context.Background(), []string{plain.Path, packed.Path}, options(c))
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Path(plain.Path); got.FileHash != plain.NarHash || got.FileSize != plain.NarSize {
		t.Errorf("file hash %q, size %d", got.FileHash, got.FileSize)
	}
	if got := g.Path(packed.Path); got.FileHash != "" || g.Path("/nix/store/none") != nil {
		t.Errorf("file hash %q", got.FileHash)
	}
}

// Whatever byte of a narinfo is changed: what is taken of it is what was
// signed, but for where the archive is.
func TestTamperedNarinfosAreRefused(t *testing.T) {
	good := signed("app", []string{"app"}, []string{"k1"})
	original := text(good)
	for i := range original {
		for _, flip := range []byte{1, 2, 0x20, 0x80} {
			changed := []byte(original)
			changed[i] ^= flip
			c := &caches{files: map[string]string{first + "/" + hashPart(good.Path) + ".narinfo": string(changed)}}
			g, err := Closure(context.Background(), []string{good.Path}, options(c))
			if err != nil {
				continue
			}
			got := g.Path(good.Path)
			if got.Fingerprint() != good.Fingerprint() || got.CA != "" {
				t.Fatalf("byte %d changed by %#x: taken as %s", i, flip, got.Fingerprint())
			}
		}
	}
}

func TestTrust(t *testing.T) {
	info := signed("app", []string{"lib"}, []string{"stranger", "k1"})
	if text, err := info.Verify([]Key{publicKey("k2"), publicKey("k1")}); err != nil || !strings.HasPrefix(text, "k1:") {
		t.Errorf("%q, %v", text, err)
	}
	impostor := publicKey("k2")
	impostor.Name = "k1"
	for want, keys := range map[string][]Key{
		"no valid signature: it has signatures by stranger, k1, and trusted are k2":      {publicKey("k2")},
		"no valid signature: it has signatures by stranger, k1, and trusted are k1":      {impostor},
		"no valid signature: it has signatures by stranger, k1, and trusted are no keys": nil,
	} {
		if _, err := info.Verify(keys); !errors.Is(err, ErrUntrusted) || err.Error() != want {
			t.Errorf("error %v\nwant  %s", err, want)
		}
	}
	info.Signatures = []string{"k1", "k1:%%%", "k1:AAAA"}
	if _, err := info.Verify([]Key{publicKey("k1")}); !errors.Is(err, ErrUntrusted) || !strings.Contains(err.Error(), "a damaged one, a damaged one, a damaged one") {
		t.Errorf("error %v", err)
	}
	info.Signatures = nil
	if _, err := info.Verify([]Key{publicKey("k1")}); !errors.Is(err, ErrUntrusted) || !strings.Contains(err.Error(), "it has none at all") {
		t.Errorf("error %v", err)
	}
}

func TestParseKey(t *testing.T) {
	// The key that Nix itself trusts at first.
	if k, err := ParseKey("cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="); err != nil || k.Name != "cache.nixos.org-1" || len(k.Value) != 32 {
		t.Errorf("%+v, %v", k, err)
	}
	for _, bad := range []string{"", "k", "k:", ":6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=", "k:AAAA", "k:!"} {
		if k, err := ParseKey(bad); err == nil {
			t.Errorf("%q is %+v", bad, k)
		}
	}
	secret := base64.StdEncoding.EncodeToString(secretKey("k1"))
	if _, err := ParseKey("k1:" + secret); err == nil || strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), "secret key") {
		t.Errorf("a secret key: %v", err)
	}
}

// What "nix store add-path" printed for a directory with one file, and "nix store
// add-file" for the file.
func TestPathsThatVouchForThemselves(t *testing.T) {
	const tree = "sha256:1l1wmw098rzi4wivbj81xmd9gds4196bm20ia04z4pdprxx3xd76"
	hash, err := parseHash(tree)
	if err != nil {
		t.Fatal(err)
	}
	good := Info{Path: "/nix/store/x07i7yw3x7k2j04r7b6zh28q8jj1qj29-tiny", NarHash: hash, NarSize: 288, CA: "fixed:r:" + tree}
	if name, err := good.Verify(nil); err != nil || name != "" {
		t.Errorf("%q, %v", name, err)
	}
	for what, change := range map[string]func(*Info){
		"another name":        func(i *Info) { i.Path += "x" },
		"another store":       func(i *Info) { i.Path = "/gnu/store/" + path.Base(i.Path) },
		"another hash":        func(i *Info) { i.NarHash = digest.FromString("x") },
		"another hash in CA":  func(i *Info) { i.CA = "fixed:r:" + formatHash(digest.FromString("x")) },
		"another method":      func(i *Info) { i.CA = "fixed:" + tree },
		"a text's method":     func(i *Info) { i.CA = "text:" + tree },
		"a reference":         func(i *Info) { i.References = []string{storePath("x")} },
		"a reference to self": func(i *Info) { i.References = []string{i.Path} },
		"no CA":               func(i *Info) { i.CA = "" },
	} {
		bad := good
		change(&bad)
		if _, err := bad.Verify(nil); !errors.Is(err, ErrUntrusted) {
			t.Errorf("with %s: %v", what, err)
		}
	}
}

func TestClosureRefusesBadRequests(t *testing.T) {
	app := storePath("app")
	for want, tc := range map[string]struct {
		root, cache string
	}{
		"is within a store path; name the store path " + app: {app + "/bin/app", first},
		"is not in the store /nix/store":                     {"/gnu/store/" + path.Base(app), first},
		"not a store path":                                   {"/usr/bin/env", first},
		"needs https:// or http://":                          {app, "s3://bucket"},
		"and a host":                                         {app, "https://"},
		"leave out what follows":                             {app, first + "?priority=1"},
		"has a password in its address":                      {app, "https://user:secret@one.example.org"},
		"not an address":                                     {app, "%"},
		`"…@one.example.org" is not an address`:              {app, "https://user:%secret@one.example.org"},
		"the binary cache …@one.example.org has a password":  {app, "https://secret@one.example.org"},
		`"…@bucket" is not an address`:                       {app, "s3://user:secret@bucket"},
		`"…@one.example.org?x=1" is not an address`:          {app, "https://user:secret@one.example.org?x=1"},
	} {
		_, err := Closure(context.Background(), []string{app, tc.root}, Options{Fetcher: &caches{}, Caches: []string{tc.cache}})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%s in %s: error %v, want %q", tc.root, tc.cache, err, want)
		}
	}
}

// endless is a cache in which each path refers to a thousand new ones, and is described by
// some bytes more than that.
type endless struct{ made, more int }

func (e *endless) Fetch(_ context.Context, requests []fetch.Request) []fetch.Answer {
	answers := make([]fetch.Answer, len(requests))
	for i, r := range requests {
		hash := strings.TrimSuffix(path.Base(r.URLs[0]), ".narinfo")
		info := &Info{Path: "/nix/store/" + hash + "-x", URL: "nar/x", Compression: "none", NarHash: digest.FromString("x"), NarSize: 1}
		for range 1000 {
			e.made++
			info.References = append(info.References, fmt.Sprintf("/nix/store/%032d-x", e.made))
		}
		answers[i].Data = []byte(text(info) + "X: " + strings.Repeat("x", e.more) + "\n")
	}
	return answers
}

func TestClosureEnds(t *testing.T) {
	for more, want := range map[int]string{0: "more than 200000 paths", 3 << 20: "more than 536870912 bytes"} {
		_, err := Closure(t.Context(), []string{"/nix/store/00000000000000000000000000000000-x"}, Options{Fetcher: &endless{more: more}, Caches: []string{first}, Unsigned: true})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestClosureStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Closure(ctx, []string{storePath("app")}, options(&caches{})); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestGraphRefuses(t *testing.T) {
	a, b, c := storePath("a"), storePath("b"), storePath("c")
	node := func(p string, refs ...string) *Info { return &Info{Path: p, References: refs} }
	circle := []string{b, c}
	slices.Sort(circle)
	for want, all := range map[string][]*Info{
		"find " + a + ": it isn't in the store":             {node(b)},
		a + " refers to " + b + ": it isn't in the store":   {node(a, a, b)},
		strings.Join(circle, " and ") + ": they refer to":   {node(a, b), node(b, c), node(c, b)},
		"refers to /etc/passwd, which is not in the store":  {node(a, "/etc/passwd")},
		"refers to /gnu/store/x, which is not in the store": {node(a, "/gnu/store/x")},
	} {
		if g, err := NewGraph([]string{a}, all); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %v; want %q", g, err, want)
		}
	}
	g, err := NewGraph([]string{a, a}, []*Info{node(c), node(a, a, b, c), node(b, c), node(storePath("stranger"), a)})
	if err != nil || len(g.Paths) != 3 {
		t.Errorf("%+v, %v", g, err)
	}
}

func TestGraphTakesLongChains(t *testing.T) {
	const n = 100_000
	all := make([]*Info, n)
	for i := range all {
		all[i] = &Info{Path: storePath(fmt.Sprint(i))}
		if i > 0 {
			all[i].References = []string{all[i-1].Path}
		}
	}
	if g, err := NewGraph([]string{all[n-1].Path}, all); err != nil || len(g.Paths) != n {
		t.Errorf("%d paths, %v", len(g.Paths), err)
	}
}

func TestDescriptionsAgree(t *testing.T) {
	app, lib := signed("app", []string{"app", "lib"}, nil), signed("lib", nil, nil)
	want := []*Info{{Path: app.Path, NarHash: app.NarHash, NarSize: app.NarSize, References: app.References, Deriver: storePath("app.drv")}, {Path: lib.Path, NarHash: lib.NarHash, NarSize: lib.NarSize}}
	sri := func(i *Info) string {
		d, _ := parseHash("sha256:" + i.NarHash.Encoded())
		raw, _ := decodeBase32(strings.TrimPrefix(formatHash(d), "sha256:"), 32)
		return "sha256-" + base64.StdEncoding.EncodeToString(raw)
	}
	refs := `["` + app.References[0] + `","` + app.References[1] + `"]`
	short := strings.ReplaceAll(refs, "/nix/store/", "")
	for name, in := range map[string]string{
		"old": `[{"path":"` + app.Path + `","narHash":"` + formatHash(app.NarHash) + `","narSize":103,"references":` + refs + `,"deriver":"` + storePath("app.drv") + `","valid":true,"registrationTime":1},
		         {"path":"` + lib.Path + `","narHash":"sha256:` + lib.NarHash.Encoded() + `","narSize":103,"references":[]}]`,
		"new": `{"` + app.Path + `":{"narHash":"` + sri(app) + `","narSize":103,"references":` + refs + `,"deriver":"` + storePath("app.drv") + `","signatures":null},
		         "` + lib.Path + `":{"narHash":"` + sri(lib) + `","narSize":103,"references":[],"deriver":null,"ca":null}}`,
		"newest": `{"version":2,"storeDir":"/nix/store","info":{
		         "` + path.Base(app.Path) + `":{"narHash":"` + sri(app) + `","narSize":103,"references":` + short + `,"deriver":"` + path.Base(storePath("app.drv")) + `"},
		         "` + path.Base(lib.Path) + `":{"narHash":{"algorithm":"sha256","format":"base16","hash":"` + lib.NarHash.Encoded() + `"},"narSize":103,"references":[],"ca":{"method":"nar","hash":"x"}}}}`,
		"attributes": `{"name":"x","n":1,"closure":[{"path":"` + app.Path + `","narHash":"` + sri(app) + `","narSize":103,"references":` + refs + `,"deriver":"` + storePath("app.drv") + `","closureSize":9},
			       {"path":"` + lib.Path + `","narHash":"` + sri(lib) + `","narSize":103,"references":[]}]}`,
	} {
		got, err := ParsePathInfo([]byte(" "+in+"\n"), "/nix/store")
		slices.SortFunc(got, func(a, b *Info) int { return strings.Compare(Name(a.Path), Name(b.Path)) })
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
	var b bytes.Buffer
	if err := WriteRegistration(&b, want); err != nil {
		t.Fatal(err)
	}
	got, err := ParseRegistration(b.Bytes())
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("registration: %v (-want +got)\n%s", err, diff)
	}
	for n := range b.Len() {
		if cut, err := ParseRegistration(b.Bytes()[:n]); err == nil && len(cut) != 0 && len(cut) != 1 || err != nil && !errors.Is(err, ErrRegistration) {
			t.Errorf("cut to %d bytes: %v, %v", n, cut, err)
		}
	}
}

func TestRefusesDescriptions(t *testing.T) {
	app := storePath("app")
	sum := digest.FromString("x").Encoded()
	for want, in := range map[string]string{
		"cannot unmarshal":             `5`,
		"unexpected end":               `{"`,
		"is null":                      `[null]`,
		"is not valid in the store":    `{"` + app + `":null}`,
		"not valid in the store that":  `[{"path":"` + app + `","valid":false}]`,
		"no narHash or no narSize":     `{"` + app + `":{"narHash":"sha256:` + sum + `"}}`,
		"narHash or no narSize":        `{"` + app + `":{"narSize":5}}`,
		"not a SHA-256":                `{"` + app + `":{"narHash":"md5:00","narSize":5}}`,
		"it isn't in a store":          `{"..":{}}`,
		`"/nix/../etc" is not a store`: `{"` + app + `":{"narHash":"sha256:` + sum + `","narSize":5,"references":["/nix/../etc"]}}`,
		"the deriver of":               `{"` + app + `":{"narHash":"sha256:` + sum + `","narSize":5,"deriver":"/x"}}`,
		"cannot unmarshal number into": `{"` + app + `":{"narHash":5}}`,
	} {
		got, err := ParsePathInfo([]byte(in), "/nix/store")
		if !errors.Is(err, ErrPathInfo) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %q", in, got, err, want)
		}
	}
	good := app + "\n" + sum + "\n5\n\n1\n" + app + "\n"
	for want, change := range map[string][2]string{
		"line 7: it is cut short":      {"\n1\n", "\n2\n"},
		"not a number of references":   {"\n1\n", "\n-1\n"},
		"not a number of bytes":        {"\n5\n", "\nx\n"},
		"is not a store path":          {"\n1\n" + app, "\n1\n../x"},
		"is not a SHA-256":             {sum, sum[2:]},
		"has no narHash":               {"\n5\n", "\n0\n"},
		"the deriver of":               {"\n5\n\n", "\n5\nx\n"},
		`"9999999999" is not a number`: {"\n1\n", "\n9999999999\n"},
	} {
		_, err := ParseRegistration([]byte(strings.Replace(good, change[0], change[1], 1)))
		if !errors.Is(err, ErrRegistration) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// TestFewAtOnce asks a small server for no more than some paths side by side, and one
// that doesn't answer no longer than it takes to see that.
func TestFewAtOnce(t *testing.T) {
	const n = 100
	c := &caches{}
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("lib%d", i))
		c.put(first, signed(names[i], nil, []string{"k1"}))
	}
	c.put(first, signed("app", names, []string{"k1"}))
	g, err := Closure(context.Background(), []string{storePath("app")}, options(c))
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Paths) != n+1 || len(c.asked) != n+1 || c.most != 32 {
		t.Errorf("%d paths by %d requests, %d at once", len(g.Paths), len(c.asked), c.most)
	}
	c.asked, c.errs, c.files = nil, map[string]error{first: errors.New("no route"), second: errors.New("no route")}, nil
	if _, err := Closure(context.Background(), storePaths(names), options(c)); err == nil || len(c.asked) != 2*32 {
		t.Errorf("error %v after %d requests of two servers that don't answer", err, len(c.asked))
	}
}

func storePaths(names []string) []string {
	var paths []string
	for _, name := range names {
		paths = append(paths, storePath(name))
	}
	return paths
}
