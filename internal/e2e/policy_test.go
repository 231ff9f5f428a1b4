// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// nowhere is an address where nothing answers, which the build files of policies name.
const nowhere = "127.0.0.1:1"

// policed is a source that a policy denies, or takes from elsewhere.
type policed struct {
	// file is a build file that takes the source from nowhere, and keys are further files.
	file string
	keys map[string]string
	// from is the identifier of the source, to is where it is, and attrs are what goes with
	// that.
	from, to, attrs string
	// made is a file of the image, with a part of its content.
	made, content string
	// later is a source that is asked for when from has answered; empty for none.
	later string
}

// deny is a policy that denies a source, which others make one of.
func (p *policed) deny() string {
	if p.later == "" {
		return fmt.Sprintf(`{"rules":[{"action":"DENY","selector":{"identifier":%q}}]}`, p.from)
	}
	return fmt.Sprintf(`{"rules":[%s,{"action":"DENY","selector":{"identifier":%q}}]}`, p.rule(), p.later)
}

// convert is a policy that takes a source from where it is.
func (p *policed) convert() string { return `{"rules":[` + p.rule() + `]}` }

func (p *policed) rule() string {
	attrs := ""
	if p.attrs != "" {
		attrs = `,"attrs":` + p.attrs
	}
	return fmt.Sprintf(`{"action":"CONVERT","selector":{"identifier":%q},"updates":{"identifier":%q%s}}`, p.from, p.to, attrs)
}

// policies are the sources that a build file can have.
func policies(t *testing.T, h *house) map[string]*policed {
	files := testenv.FileServer(t, map[string][]byte{"/b": []byte("from b"), "/t.tar": testenv.Tar(t, []testenv.Entry{{Path: "x", Data: []byte("packed")}})})
	repo := testenv.GitServer(t, map[string]string{"README": "mirror\n"})
	gitAttrs := fmt.Sprintf(`{"git.fullurl":%q}`, repo.URL)
	gitTo := "git://" + strings.TrimPrefix(repo.URL, "http://") + "#main"
	debs := testenv.NewDebArchive(t, testenv.Deb{Name: "tool", Version: "1", Files: map[string]string{"usr/share/tool": "of the package"}})
	apks := testenv.NewAPKArchive(t, testenv.APK{Name: "tool", Version: "1-r0", Files: map[string]string{"usr/share/tool": "of the package"}})
	deb := "layers: [{packages: {names: [tool], repositories: [{type: deb, uri: \"http://" + nowhere + "/deb\", suites: [stable], components: [main], signed_by: key.asc}]}}]\n"
	apk := "layers: [{packages: {names: [tool], repositories: [{type: apk, uri: \"http://" + nowhere + "/apk\", signed_by: " + apks.KeyName + "}]}}]\n"
	closure := testenv.MakeClosure(t, 3, -1, "")
	nars := testenv.FileServer(t, closure.Cache)
	nar := "layers: [{derivation: {path: " + closure.Root + ", substituters: [\"http://" + nowhere + "/nix\"], trusted_public_keys: [\"" + closure.Key + "\"]}}]\n"
	debKey, apkKey := map[string]string{"key.asc": string(debs.Keyring)}, map[string]string{apks.KeyName: string(apks.Key)}
	atDeb, atAPK, atNix := "http://"+nowhere+"/deb/*", "http://"+nowhere+"/apk/*", "http://"+nowhere+"/nix/*"
	base := "docker-image://" + nowhere + "/none:2"
	image := "docker-image://" + h.base
	return map[string]*policed{
		"base":            {file: "from: " + nowhere + "/none:2\n", from: base, to: image, made: "bin/busybox"},
		"files from":      {file: "layers: [{files: [{dest: /x, from: " + nowhere + "/none:2, source: /bin/busybox}]}]\n", from: base, to: image, made: "x"},
		"build from":      {file: "layers: [{build: {from: " + nowhere + "/none:2, run: \"echo ran > $out/x\"}}]\n", from: base, to: image, made: "x", content: "ran"},
		"url":             {file: "layers: [{files: [{dest: /x, url: \"http://" + nowhere + "/a\"}]}]\n", from: "http://" + nowhere + "/a", to: files.URL + "/b", made: "x", content: "from b"},
		"url by checksum": {file: "layers: [{files: [{dest: /x, url: \"http://" + nowhere + "/a\", checksum: \"" + files.Digest("/b") + "\"}]}]\n", from: "http://" + nowhere + "/a", to: files.URL + "/b", made: "x", content: "from b"},
		"archive":         {file: "layers: [{files: [{dest: /x, url: \"http://" + nowhere + "/t.tar\", extract: true}]}]\n", from: "http://" + nowhere + "/*", to: files.URL + "/${1}", made: "x/x", content: "packed"},
		"git":             {file: "layers: [{files: [{dest: /src, git: \"http://" + nowhere + "/up.git#main\"}]}]\n", from: "git://" + nowhere + "/up.git#main", to: gitTo, attrs: gitAttrs, made: "src/README", content: "mirror"},
		"deb index":       {file: deb, keys: debKey, from: atDeb, to: debs.URL + "/${1}", made: "usr/share/tool", content: "of the package"},
		"deb":             {file: deb, keys: debKey, from: atDeb, to: debs.URL + "/${1}", later: debs.URL + "/pool/*", made: "usr/share/tool"},
		"apk index":       {file: apk, keys: apkKey, from: atAPK, to: apks.URL + "/${1}", made: "usr/share/tool", content: "of the package"},
		"apk":             {file: apk, keys: apkKey, from: atAPK, to: apks.URL + "/${1}", later: apks.URL + "/*/tool-1-r0.apk", made: "usr/share/tool"},
		"narinfo":         {file: nar, from: atNix, to: nars.URL + "/${1}", made: closure.Root[1:] + "/bin/app", content: "pkg0-1.0"},
		"deb by a step":   {file: strings.Replace(deb, "names:", "fetch: step, names:", 1), keys: debKey, from: atDeb, to: debs.URL + "/${1}", later: debs.URL + "/pool/*", made: "usr/share/tool"},
		"NAR by a step":   {file: strings.Replace(nar, "{path:", "{fetch: step, path:", 1), from: atNix, to: nars.URL + "/${1}", later: nars.URL + "/nar/*", made: closure.Root[1:] + "/bin/app"},
		"NAR":             {file: nar, from: atNix, to: nars.URL + "/${1}", later: nars.URL + "/nar/*", made: closure.Root[1:] + "/bin/app"},
	}
}

// TestSourcePolicies denies sources of each kind, and takes them from elsewhere, through both
// doors of the command line.
func TestSourcePolicies(t *testing.T) {
	h := newHouse(t)
	doors := map[string][]string{"daemon": {"build", "--addr", h.daemon.Addr}, "engine": {"build"}}
	for name, p := range policies(t, h) {
		t.Run(name, func(t *testing.T) {
			project := map[string]string{"strata.yaml": p.file, "deny.json": p.deny(), "convert.json": p.convert()}
			for key, text := range p.keys {
				project[key] = text
			}
			dir := directory(t, project)
			for door, args := range doors {
				dest := filepath.Join(t.TempDir(), "out")
				args = append(slices.Clone(args), "--progress=plain", "-o", dest)
				// buildx knows the policy of the environment as well.
				denying := h.cli.Command(append(slices.Clone(args), dir)...)
				denying.Env = append(denying.Env, "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY="+filepath.Join(dir, "deny.json"))
				out, err := denying.CombinedOutput()
				if err == nil || !strings.Contains(string(out), "denied by policy") || !strings.Contains(string(out), "strata.yaml:") {
					t.Errorf("%s, denied: %v\n%s", door, err, out)
				}
				got := h.cli.Run(t, append(args, "--policy", "filename="+filepath.Join(dir, "convert.json"), dir)...)
				if got.Code != 0 {
					t.Errorf("%s, converted: status %d\n%s", door, got.Code, got.Stderr)
					continue
				}
				if text := read(t, filepath.Join(dest, p.made)); !strings.Contains(text, p.content) {
					t.Errorf("%s: /%s has %.40q", door, p.made, text)
				}
			}
		})
	}
}
