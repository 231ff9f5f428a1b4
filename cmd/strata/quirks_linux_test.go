// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/strata-build/strata/internal/testenv"
)

// goods are images that every registry gets.
type goods struct {
	// amd and arm are the images of app:1, an index for linux/amd64 and linux/arm/v7.
	amd, arm v1.Image
	// more is another image, cosign what cosign makes.
	more, cosign v1.Image
	// layout is another index of two platforms.
	layout string
}

func newGoods(t *testing.T) goods {
	t.Helper()
	image := func(arch, content string) v1.Image {
		return testenv.Image(t, arch, v1.Config{}, []testenv.Entry{{Path: "app", Data: []byte(content)}})
	}
	return goods{amd: image("amd64", "amd"), arm: image("arm", "arm"), more: image("riscv64", "more"), cosign: image("", "cosign"), layout: "oci:" + exportLayout(t)}
}

// shelf is a registry with images for the verbs to work on.
type shelf struct {
	*testenv.FakeRegistry
	goods
	// auth is a file with the login that it knows, dir a directory for results.
	auth, dir string
}

// stock fills a registry. What is about an image is one signature by a subject and
// one under cosign's tag.
func stock(t *testing.T, g goods, q testenv.Quirks, change func(*testing.T, *shelf, *v1.IndexManifest)) *shelf {
	t.Helper()
	s := &shelf{FakeRegistry: testenv.NewFakeRegistry(t, q), goods: g, dir: testenv.Dir(t)}
	index := v1.IndexManifest{Manifests: []v1.Descriptor{
		entry(t, s.amd, &v1.Platform{OS: "linux", Architecture: "amd64"}),
		entry(t, s.arm, &v1.Platform{OS: "linux", Architecture: "arm", Variant: "v7"}),
	}}
	s.Add(t, "app", s.amd)
	s.Add(t, "app", s.arm)
	s.Add(t, "more:1", s.more)
	if change != nil {
		change(t, s, &index)
	}
	s.AddIndex(t, "app:1", index)
	h, size, err := v1.SHA256(bytes.NewReader(s.Manifest("app:1")))
	if err != nil {
		t.Fatal(err)
	}
	s.attach(t, v1.Descriptor{MediaType: types.OCIImageIndex, Digest: h, Size: size})
	s.Add(t, fmt.Sprintf("app:sha256-%s.sig", h.Hex), s.cosign)
	s.auth = filepath.Join(s.dir, "config.json")
	login := base64.StdEncoding.EncodeToString([]byte(testenv.FakeUser + ":" + testenv.FakePassword))
	if err := os.WriteFile(s.auth, fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, s.Host, login), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// attach stores a signature about a manifest; a registry without the referrers API
// lists it under the tag that stands for it.
func (s *shelf) attach(t *testing.T, subject v1.Descriptor) {
	t.Helper()
	empty := s.AddBlob(t, "app", []byte("{}"))
	empty.MediaType = "application/vnd.oci.empty.v1+json"
	raw := marshal(t, v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: "application/vnd.example.signature",
		Config: empty, Layers: []v1.Descriptor{empty}, Subject: &subject,
	})
	s.AddManifest(t, "app:signature", string(types.OCIManifestSchema1), raw)
	h, size, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	s.AddIndex(t, "app:sha256-"+subject.Digest.Hex, v1.IndexManifest{Manifests: []v1.Descriptor{{
		MediaType: types.OCIManifestSchema1, Digest: h, Size: size, ArtifactType: "application/vnd.example.signature",
	}}})
}

// artifact stores a manifest with another configuration than an image.
func (s *shelf) artifact(t *testing.T, content string) v1.Descriptor {
	t.Helper()
	config := s.AddBlob(t, "app", []byte("not JSON: "+content))
	config.MediaType = "application/vnd.example.config"
	raw := marshal(t, v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: config, Layers: []v1.Descriptor{}})
	s.AddManifest(t, "app:"+content, string(types.OCIManifestSchema1), raw)
	h, size, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: h, Size: size}
}

func entry(t *testing.T, img v1.Image, p *v1.Platform) v1.Descriptor {
	t.Helper()
	raw, err := img.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	h, size, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: h, Size: size, Platform: p}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func digestOf(t *testing.T, img v1.Image) string {
	t.Helper()
	h, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

// quirkVerb is a command line on a registry, and what has to come of it.
type quirkVerb struct {
	name string
	args func(t *testing.T, s *shelf) []string
	// check looks at what came of it, after success.
	check func(t *testing.T, s *shelf, stdout string)
}

// quirkVerbs are the verbs in the order in which they run.
func quirkVerbs() []quirkVerb {
	app := func(s *shelf) string { return s.Host + "/app:1" }
	has := func(t *testing.T, text string, words ...string) {
		t.Helper()
		for _, word := range words {
			if !strings.Contains(text, word) {
				t.Errorf("no %q in:\n%s", word, text)
			}
		}
	}
	return []quirkVerb{
		{"copy from", func(_ *testing.T, s *shelf) []string { return []string{"copy", app(s), "oci:" + s.dir + "/layout:1"} }, nil},
		{"copy one from", func(_ *testing.T, s *shelf) []string {
			return []string{"copy", "--platform=linux/arm/v7", app(s), "oci:" + s.dir + "/one:1"}
		}, func(t *testing.T, s *shelf, out string) { has(t, out, digestOf(t, s.arm)) }},
		{
			"copy to", func(_ *testing.T, s *shelf) []string { return []string{"copy", s.layout, s.Host + "/to/app:1"} },
			func(t *testing.T, s *shelf, _ string) { has(t, string(s.Manifest("to/app:1")), `"manifests"`) },
		},
		{
			"copy within", func(_ *testing.T, s *shelf) []string {
				return []string{"copy", "--platform=linux/arm/v7", app(s), s.Host + "/in/app:1"}
			},
			func(t *testing.T, s *shelf, _ string) { has(t, string(s.Manifest("in/app:1")), `"layers"`) },
		},
		{"copy --referrers", func(_ *testing.T, s *shelf) []string {
			return []string{"copy", "--referrers", app(s), "oci-archive:" + s.dir + "/signed.tar:1"}
		}, func(t *testing.T, s *shelf, _ string) {
			data, err := os.ReadFile(s.dir + "/signed.tar")
			if err != nil {
				t.Fatal(err)
			}
			has(t, string(data), "application/vnd.example.signature", ".sig")
		}},
		{
			"tag", func(_ *testing.T, s *shelf) []string { return []string{"tag", app(s), "two"} },
			func(t *testing.T, s *shelf, _ string) {
				has(t, string(s.Manifest("app:two")), string(s.Manifest("app:1")))
			},
		},
		{"index create", func(t *testing.T, s *shelf) []string {
			return []string{"index", "create", s.Host + "/new:1", s.Host + "/app@" + digestOf(t, s.amd), s.Host + "/more:1"}
		}, func(t *testing.T, s *shelf, _ string) {
			has(t, string(s.Manifest("new:1")), "riscv64", digestOf(t, s.amd))
		}},
		{
			"index append", func(_ *testing.T, s *shelf) []string { return []string{"index", "append", app(s), s.Host + "/more:1"} },
			func(t *testing.T, s *shelf, _ string) {
				has(t, string(s.Manifest("app:1")), "riscv64", digestOf(t, s.arm))
			},
		},
		{
			"index remove", func(_ *testing.T, s *shelf) []string { return []string{"index", "remove", app(s), "linux/amd64"} },
			func(t *testing.T, s *shelf, _ string) {
				has(t, string(s.Manifest("app:1")), digestOf(t, s.arm))
				if strings.Contains(string(s.Manifest("app:1")), digestOf(t, s.amd)) {
					t.Error("the image is still there")
				}
			},
		},
		{
			"index inspect", func(_ *testing.T, s *shelf) []string { return []string{"index", "inspect", app(s)} },
			func(t *testing.T, s *shelf, out string) { has(t, out, "linux/arm/v7", digestOf(t, s.arm)) },
		},
		{
			"inspect", func(_ *testing.T, s *shelf) []string { return []string{"inspect", "--platform=linux/arm/v7", app(s)} },
			func(t *testing.T, s *shelf, out string) { has(t, out, digestOf(t, s.arm), "linux/arm/v7") },
		},
		{
			"inspect --raw", func(_ *testing.T, s *shelf) []string { return []string{"inspect", "--raw", app(s)} },
			func(t *testing.T, s *shelf, out string) { has(t, out, string(s.Manifest("app:1"))) },
		},
		{
			"diff", func(_ *testing.T, s *shelf) []string {
				return []string{"diff", "--platform=linux/arm/v7", app(s), app(s)}
			},
			func(t *testing.T, _ *shelf, out string) { has(t, out, "linux/arm/v7: equal") },
		},
		{
			"export", func(_ *testing.T, s *shelf) []string {
				return []string{"export", "--platform=linux/arm/v7", app(s), "-o", s.dir + "/root"}
			},
			func(t *testing.T, s *shelf, _ string) {
				data, err := os.ReadFile(s.dir + "/root/app")
				if err != nil || string(data) != "arm" {
					t.Errorf("the root has %q, %v", data, err)
				}
			},
		},
	}
}

// quirk is a registry that is other than most, and what verbs say on it: a part of the
// error by the verb's name, or by "*" for all others. Nothing means success.
type quirk struct {
	name   string
	quirks testenv.Quirks
	change func(*testing.T, *shelf, *v1.IndexManifest)
	flags  []string
	says   map[string]string
}

func quirks() []quirk {
	all := func(says string) map[string]string { return map[string]string{"*": says} }
	return slices.Concat(loginQuirks(all), answerQuirks(all), contentQuirks())
}

func loginQuirks(all func(string) map[string]string) []quirk {
	return []quirk{
		{name: "basic", quirks: testenv.Quirks{Login: "basic"}},
		{name: "basic, open greeting", quirks: testenv.Quirks{Login: "basic", OpenPing: true}},
		{name: "basic, another way first", quirks: testenv.Quirks{Login: "basic", OtherChallenge: true}},
		{name: "basic, no greeting", quirks: testenv.Quirks{Login: "basic", PingStatus: 404}},
		{name: "bearer, greeting 403", quirks: testenv.Quirks{Login: "bearer", PingStatus: 403}},
		{name: "no challenge", quirks: testenv.Quirks{Login: "basic", OpenPing: true, NoChallenge: true}, says: all("was not sent")},
		{name: "bearer", quirks: testenv.Quirks{Login: "bearer"}},
		{name: "bearer, open greeting", quirks: testenv.Quirks{Login: "bearer", OpenPing: true}},
		{name: "the first token tells", quirks: testenv.Quirks{Login: "bearer", FirstToken: true}},
		{name: "fresh tokens are refused once", quirks: testenv.Quirks{Login: "bearer", FreshTokens: 1}},
		{name: "access_token", quirks: testenv.Quirks{Login: "bearer", AccessToken: true}},
		{name: "anonymous users pull", quirks: testenv.Quirks{Login: "bearer", AnonymousPull: true}},
	}
}

func answerQuirks(all func(string) map[string]string) []quirk {
	return []quirk{
		{name: "none"},
		{name: "HEAD 403", quirks: testenv.Quirks{HeadStatus: 403}},
		{name: "HEAD 404", quirks: testenv.Quirks{HeadStatus: 404}},
		{name: "HEAD 405", quirks: testenv.Quirks{HeadStatus: 405}},
		{name: "HEAD 501", quirks: testenv.Quirks{HeadStatus: 501}},
		{name: "no digests", quirks: testenv.Quirks{NoDigest: true}},
		{name: "no lengths", quirks: testenv.Quirks{NoLength: true}},
		{name: "types of text", quirks: testenv.Quirks{Type: "text/plain"}},
		{name: "no mounts", quirks: testenv.Quirks{NoMount: true}},
		{name: "mounts refused", quirks: testenv.Quirks{MountStatus: 403}},
		{name: "no parts of uploads", quirks: testenv.Quirks{PatchStatus: 405}},
		{name: "bare locations", quirks: testenv.Quirks{BareLocation: true}},
		{name: "blobs elsewhere", quirks: testenv.Quirks{Redirect: true}},
		{name: "blobs elsewhere, with a token", quirks: testenv.Quirks{Redirect: true, RedirectLogin: true}},
		{name: "no ranges", quirks: testenv.Quirks{NoRanges: true}},
		{name: "202 for manifests", quirks: testenv.Quirks{PutStatus: 202}},
		{name: "no referrers", quirks: testenv.Quirks{NoReferrers: true}},
		{name: "no referrers, 400", quirks: testenv.Quirks{NoReferrers: true, ReferrersStatus: 400}},
		{name: "no referrers, 200", quirks: testenv.Quirks{NoReferrers: true, ReferrersStatus: 200}},
		{name: "no referrers, 501", quirks: testenv.Quirks{NoReferrers: true, ReferrersStatus: 501}},
		{name: "busy, and soon not", quirks: testenv.Quirks{Busy: 3, RetryAfter: "0"}},
		{name: "busy for a day", quirks: testenv.Quirks{Busy: 1 << 20, RetryAfter: "86400"}, says: all("asks to wait for 24h0m0s")},
		{name: "no answer", quirks: testenv.Quirks{Hang: "/v2/"}, flags: []string{"--timeout=50ms"}, says: all("no answer within 50ms")},
		{name: "untrusted", quirks: testenv.Quirks{TLS: true}, says: all("is not trusted")},
		{name: "http addresses behind https", quirks: testenv.Quirks{TLS: true, PlainLocation: true, Login: "basic"}, flags: []string{"--insecure"}},
		{name: "untrusted, insecure", quirks: testenv.Quirks{TLS: true}, flags: []string{"--insecure"}},
	}
}

func contentQuirks() []quirk {
	gone := v1.Descriptor{
		MediaType: types.OCIManifestSchema1, Size: 7, Digest: v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)},
		Platform: &v1.Platform{OS: "linux", Architecture: "s390x"},
	}
	return []quirk{
		{
			name: "sparse index", quirks: testenv.Quirks{Sparse: true},
			change: func(_ *testing.T, _ *shelf, m *v1.IndexManifest) { m.Manifests = append(m.Manifests, gone) },
			says:   map[string]string{"copy from": "lists linux/s390x", "copy --referrers": "lists linux/s390x"},
		},
		{
			name: "sparse index that the registry does not take", change: func(_ *testing.T, _ *shelf, m *v1.IndexManifest) { m.Manifests = append(m.Manifests, gone) },
			says: map[string]string{
				"copy from": "lists linux/s390x", "copy --referrers": "lists linux/s390x",
				"tag": "400 Bad Request", "index append": "400 Bad Request", "index remove": "400 Bad Request",
			},
		},
		{name: "artifacts in the index", change: func(t *testing.T, s *shelf, m *v1.IndexManifest) {
			// One that says what it is, one that only its manifest tells, and one for a platform.
			m.Manifests = append(m.Manifests, s.artifact(t, "one"), s.artifact(t, "two"), s.artifact(t, "three"))
			m.Manifests[2].ArtifactType = "application/vnd.example.thing"
			m.Manifests[4].ArtifactType, m.Manifests[4].Platform = "application/vnd.example.thing", &v1.Platform{OS: "linux", Architecture: "arm", Variant: "v7"}
		}},
		{name: "platforms of the index alone", change: func(t *testing.T, s *shelf, m *v1.IndexManifest) {
			wrong := testenv.Image(t, "sparc", v1.Config{}, []testenv.Entry{{Path: "wrong"}})
			s.Add(t, "app", wrong)
			m.Manifests = append(m.Manifests, entry(t, wrong, &v1.Platform{OS: "linux", Architecture: "arm", Variant: "v6"}))
		}},
		{name: "two for one platform", change: func(_ *testing.T, _ *shelf, m *v1.IndexManifest) {
			again := m.Manifests[1]
			again.Annotations = map[string]string{"second": "true"}
			m.Manifests = append(m.Manifests, again)
		}},
		{name: "one for two platforms", change: func(_ *testing.T, _ *shelf, m *v1.IndexManifest) {
			again := m.Manifests[1]
			again.Platform = &v1.Platform{OS: "linux", Architecture: "arm", Variant: "v6"}
			m.Manifests = append(m.Manifests, again)
		}},
	}
}

// TestQuirks runs every verb on every kind of registry.
func TestQuirks(t *testing.T) {
	g := newGoods(t)
	for _, q := range quirks() {
		t.Run(q.name, func(t *testing.T) {
			t.Parallel()
			for _, verb := range quirkVerbs() {
				t.Run(verb.name, func(t *testing.T) {
					s := stock(t, g, q.quirks, q.change)
					status, out, stderr := command(t, slices.Concat(verb.args(t, s), q.flags, []string{"--authfile", s.auth})...)
					want, ok := q.says[verb.name]
					if !ok {
						want = q.says["*"]
					}
					switch {
					case want == "" && status != 0:
						t.Fatalf("status %d:\n%s", status, stderr)
					case want != "" && (status != 1 || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1):
						t.Errorf("status %d, want 1 and a line with %q:\n%s", status, want, stderr)
					case want == "" && verb.check != nil:
						verb.check(t, s, out)
					}
				})
			}
		})
	}
}

// TestIndexOfArtifacts calls what an index holds beside images by its type.
func TestIndexOfArtifacts(t *testing.T) {
	s := stock(t, newGoods(t), testenv.Quirks{}, func(t *testing.T, s *shelf, m *v1.IndexManifest) {
		thing := s.artifact(t, "thing")
		thing.ArtifactType = "application/vnd.example.thing"
		m.Manifests = append(m.Manifests, thing)
	})
	status, out, stderr := command(t, "index", "inspect", s.Host+"/app:1")
	if status != 0 || !strings.Contains(out, "application/vnd.example.thing") {
		t.Errorf("status %d, %s%s", status, out, stderr)
	}
}

// TestDiffOfVariants compares indexes whose images say nothing of their variants: each is
// compared with the one that is listed for the same platform.
func TestDiffOfVariants(t *testing.T) {
	s := stock(t, newGoods(t), testenv.Quirks{}, func(t *testing.T, s *shelf, m *v1.IndexManifest) {
		v6 := testenv.Image(t, "arm", v1.Config{}, []testenv.Entry{{Path: "v6"}})
		s.Add(t, "app", v6)
		m.Manifests = append([]v1.Descriptor{entry(t, v6, &v1.Platform{OS: "linux", Architecture: "arm", Variant: "v6"})}, m.Manifests...)
	})
	status, out, stderr := command(t, "diff", s.Host+"/app:1", s.Host+"/app:1")
	if want := "linux/arm/v6: equal\nlinux/amd64: equal\nlinux/arm/v7: equal\n"; status != 0 || out != want {
		t.Errorf("status %d, %s%s\nwant %s", status, out, stderr, want)
	}
	s.AddIndex(t, "other:1", v1.IndexManifest{Manifests: []v1.Descriptor{entry(t, s.arm, &v1.Platform{OS: "linux", Architecture: "arm", Variant: "v7"})}}, s.arm)
	status, out, stderr = command(t, "diff", s.Host+"/app:1", s.Host+"/other:1")
	if status != 3 || !strings.Contains(out, "- linux/arm/v6 ") || !strings.Contains(out, "linux/arm/v7: equal") {
		t.Errorf("status %d, %s%s", status, out, stderr)
	}
}

// TestRequestsOfALargeIndex inspects one of 300 platforms, and counts what is asked.
func TestRequestsOfALargeIndex(t *testing.T) {
	s := stock(t, newGoods(t), testenv.Quirks{}, func(_ *testing.T, _ *shelf, m *v1.IndexManifest) {
		for i := range 298 {
			other := m.Manifests[0]
			other.Digest = v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%064d", i)}
			other.Platform = &v1.Platform{OS: "linux", Architecture: fmt.Sprintf("arch%d", i)}
			m.Manifests = append(m.Manifests, other)
		}
	})
	for _, args := range [][]string{{"inspect"}, {"export", "-o", s.dir + "/root"}, {"diff", s.Host + "/app:1"}, {"copy", "oci:" + s.dir + "/layout"}} {
		s.Reset()
		line := append([]string{args[0], "--platform=linux/arm/v7"}, s.Host+"/app:1")
		if status, _, stderr := command(t, append(line, args[1:]...)...); status != 0 {
			t.Fatalf("%v: status %d:\n%s", args, status, stderr)
		}
		asked := 0
		for _, q := range s.Requests() {
			if q.Path != "/v2/" {
				asked++
			}
		}
		// The index, the manifest, the configuration and the only layer.
		if most := map[string]int{"diff": 6}[args[0]]; asked > max(most, 4) {
			t.Errorf("%s asks for %d things:\n%s", args[0], asked, s.Recorder)
		}
	}
}

// TestArtifacts inspects what is not an image, and what is about one.
func TestArtifacts(t *testing.T) {
	s := stock(t, newGoods(t), testenv.Quirks{}, nil)
	s.artifact(t, "thing")
	status, out, stderr := command(t, "inspect", s.Host+"/app:thing")
	if status != 0 || !strings.Contains(out, "Artifact") || !strings.Contains(out, "application/vnd.example.config") {
		t.Errorf("status %d, %s%s", status, out, stderr)
	}
	status, out, stderr = command(t, "inspect", "--raw", s.Host+"/app:thing")
	if status != 0 || out != string(s.Manifest("app:thing")) {
		t.Errorf("status %d, %s%s", status, out, stderr)
	}
	status, out, stderr = command(t, "copy", s.Host+"/app:thing", "oci:"+s.dir+"/layout:1")
	if status != 0 {
		t.Errorf("status %d, %s%s", status, out, stderr)
	}
	status, out, stderr = command(t, "inspect", "oci:"+s.dir+"/layout:1")
	if status != 0 || !strings.Contains(out, "application/vnd.example.config") {
		t.Errorf("status %d, %s%s", status, out, stderr)
	}
	status, out, stderr = command(t, "inspect", "--referrers", s.Host+"/app:1")
	if status != 0 || !strings.Contains(out, "application/vnd.example.signature sha256:") || !strings.Contains(out, ".sig") {
		t.Errorf("status %d, %s%s", status, out, stderr)
	}
	status, _, stderr = command(t, "export", s.Host+"/app:thing", "-o", s.dir+"/root")
	if status != 1 || !strings.Contains(stderr, "is an artifact of type application/vnd.example.config, not an image") {
		t.Errorf("status %d, %s", status, stderr)
	}
}

// TestIndexOfDockerArchives makes an index of archives for docker whose layers are
// compressed by zstd: one that is a layout, too, and one that has docker's list alone.
func TestIndexOfDockerArchives(t *testing.T) {
	s := stock(t, newGoods(t), testenv.Quirks{}, nil)
	tree := testenv.Tar(t, []testenv.Entry{{Path: "app", Data: []byte("by zstd")}})
	diffID, _, err := v1.SHA256(bytes.NewReader(tree))
	if err != nil {
		t.Fatal(err)
	}
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	layer := s.AddBlob(t, "zstd", w.EncodeAll(tree, nil))
	layer.MediaType = types.OCILayerZStd
	config := s.AddBlob(t, "zstd", marshal(t, v1.ConfigFile{OS: "linux", Architecture: "s390x", RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{diffID}}}))
	config.MediaType = types.OCIConfigJSON
	ref := s.AddManifest(t, "zstd:1", string(types.OCIManifestSchema1), marshal(t, v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: config, Layers: []v1.Descriptor{layer},
	}))
	must := func(args ...string) string {
		t.Helper()
		status, out, stderr := command(t, args...)
		if status != 0 {
			t.Fatalf("%v: status %d\n%s", args, status, stderr)
		}
		return out
	}
	layout := filepath.Join(s.dir, "zstd")
	must("copy", "--progress=quiet", ref, "oci:"+layout+":1")
	list := fmt.Sprintf(`[{"Config":"blobs/sha256/%s","RepoTags":["zstd:1"],"Layers":["blobs/sha256/%s"]}]`, config.Digest.Hex, layer.Digest.Hex)
	if err := os.WriteFile(layout+"/manifest.json", []byte(list), 0o644); err != nil {
		t.Fatal(err)
	}
	testenv.Output(t, "tar", "-C", layout, "-cf", s.dir+"/both.tar", ".")
	testenv.Output(t, "tar", "-C", layout, "-cf", s.dir+"/list.tar", "manifest.json", "blobs")
	for _, name := range []string{"both", "list"} {
		index := s.Host + "/of-" + name + ":1"
		must("index", "create", index, "docker-archive:"+s.dir+"/"+name+".tar", s.Host+"/more:1")
		must("export", "--platform=linux/s390x", index, "-o", s.dir+"/root-"+name)
		if data, err := os.ReadFile(s.dir + "/root-" + name + "/app"); err != nil || string(data) != "by zstd" {
			t.Errorf("of %s comes %q, %v", name, data, err)
		}
		if out := must("inspect", "--json", "--platform=linux/s390x", index); !strings.Contains(out, layer.Digest.String()) {
			t.Errorf("the layer of %s is another one:\n%s", name, out)
		}
	}
}
