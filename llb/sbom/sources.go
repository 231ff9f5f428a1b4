// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"cmp"
	"maps"
	"path"
	"regexp"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/frontend/dockerfile/dfgitutil"
	packageurl "github.com/package-url/packageurl-go"

	"github.com/strata-build/strata/internal/purl"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
)

// Known tells what a plan doesn't have. Its zero value knows nothing.
type Known struct {
	// File is the digest (sha256:…) of a server's file that no checksum and no lock holds.
	File func(address string) string
	// Commit is the full name of what a reference of a repository stands for, and its
	// commit, where no lock has it.
	Commit func(repository, ref string) (name, commit string)
	// Images are the references of the images that a Dockerfile is made of.
	Images func(t plan.Tree) []string
}

// AddPlan adds what a planned image is made of, but for packages: those are in its lock.
// What its targets below bring is contained in it; of targets that something is only
// taken from, images, files of servers and git commits are told, as what the image was
// made from.
func (c *Contents) AddPlan(p *plan.Plan, known Known) {
	shipped := map[*plan.Image]bool{}
	c.urls = map[string]string{}
	for img := p.Images[len(p.Images)-1]; img != nil; img = p.Image(img.From.Name, img.From.Platform) {
		shipped[img] = true
		maps.Copy(c.urls, img.PackageURLs)
		if img.From.Kind != plan.Target {
			c.addTree(img.From, descendantOf, known)
			break
		}
	}
	for _, img := range p.Images {
		from := from{c, known, shipped[img]}
		if !shipped[img] {
			c.addTree(img.From, generatedFrom, known)
		}
		for i := range img.Layers {
			from.layer(&img.Layers[i])
		}
	}
}

// from adds what an image of a plan is made of.
type from struct {
	*Contents
	known Known
	// shipped says that its layers are those of the finished image.
	shipped bool
}

func (f from) layer(l *plan.Layer) {
	for _, part := range l.Action.Copies() {
		f.addTree(part.From, generatedFrom, f.known)
	}
	f.files(l.Action)
	f.command(l)
	f.store(l.Action)
}

func (f from) files(a plan.Action) {
	if files, ok := a.(*plan.Files); ok {
		for i := range files.Entries {
			f.entry(&files.Entries[i])
		}
	}
}

func (f from) store(a plan.Action) {
	if store, ok := a.(*plan.Store); ok && f.shipped {
		for _, item := range store.Items {
			f.others = append(f.others, ofStorePath(path.Join(store.Dir, item.Name), strings.TrimPrefix(item.NarHash, "sha256:"), item.URL))
		}
	}
}

func (f from) relation() string {
	if f.shipped {
		return contains
	}
	return generatedFrom
}

func (f from) entry(e *plan.Entry) {
	var out part
	switch {
	case e.HTTP != nil:
		sum := e.HTTP.Checksum
		if sum == "" && f.known.File != nil {
			sum = f.known.File(e.HTTP.URL)
		}
		out = ofURL(e.HTTP.URL, strings.TrimPrefix(sum, "sha256:"), e.About)
		out.sourceInfo = signedBy(e.HTTP.Signature)
	case e.Git != nil:
		out = f.checkout(e)
		out.sourceInfo = signedBy(e.Git.Signature)
	default:
		return
	}
	out.relation = f.relation()
	f.add(out, e.About)
}

// add adds something, and what the build file says is in it.
func (f from) add(whole part, about *plan.About) {
	f.others = append(f.others, whole)
	if about == nil {
		return
	}
	for _, a := range about.Contains {
		out := described(purl.URL{}, &a)
		out.kind, out.key, out.relation = "Package", out.name, whole.relation
		out.download, out.file, out.sourceInfo = whole.download, whole.file, "it is in "+whole.name
		f.others = append(f.others, out)
	}
}

// signedBy says that a signature was checked.
func signedBy(s *plan.Signature) string {
	if s == nil {
		return ""
	}
	return "its signature was checked with the key " + s.Key + " of the build context"
}

// checkout is the part that a checkout is.
func (f from) checkout(e *plan.Entry) part {
	ref, isGit, err := dfgitutil.ParseGitRef(e.Git.URL)
	if err != nil || !isGit {
		return ofGit(e.Git.URL, "", "", "", e.About) // refused where it is used
	}
	name, commit := e.Git.Ref, e.Git.Commit
	switch {
	case commit != "":
	case ref.Checksum != "":
		name, commit = ref.Ref, ref.Checksum
	case isCommit.MatchString(ref.Ref):
		commit = ref.Ref
	case f.known.Commit != nil:
		name, commit = f.known.Commit(ref.Remote, ref.Ref)
	}
	return ofGit(ref.Remote, cmp.Or(name, ref.Ref), commit, ref.SubDir, e.About)
}

// isCommit matches the name of a commit.
var isCommit = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// command adds what a command makes, where the build file says what that is.
func (f from) command(l *plan.Layer) {
	a, ok := l.Action.(*plan.Exec)
	if !ok || a.About == nil || !f.shipped {
		return
	}
	out := described(purl.URL{Type: "generic", Name: l.Short()}, a.About)
	out.kind, out.key, out.relation = "Build", out.name, contains
	f.add(out, a.About)
}

// addTree adds the images that a tree is made of.
func (c *Contents) addTree(t plan.Tree, relation string, known Known) {
	switch {
	case t.Kind == plan.Registry:
		c.addImage(t.Name, t.Platform, relation)
	case t.Kind == plan.Dockerfile && known.Images != nil:
		for _, ref := range known.Images(t) {
			c.addImage(ref, t.Platform, relation)
		}
	}
}

func (c *Contents) addImage(ref, platform, relation string) {
	arch := ""
	if p, err := platforms.Parse(platform); platform != "" && err == nil {
		arch = p.Architecture
	}
	p, err := purl.OfImage(ref, arch)
	if err != nil {
		return // no reference: refused where it is used
	}
	c.others = append(c.others, part{
		kind: "Image", key: p.Name, name: p.Name, version: cmp.Or(p.Version, p.Qualifiers.Map()["tag"]), purl: p.String(),
		sha256: strings.TrimPrefix(p.Version, "sha256:"), relation: relation,
	})
}

// AddSources adds everything that a lock has besides packages and store paths. It doesn't
// say what target a source is for.
func (c *Contents) AddSources(s lock.Sources) {
	for _, i := range s.Images {
		c.addImage(i.Name+"@"+i.Digest, "", generatedFrom)
	}
	for _, u := range s.URLs {
		p := ofURL(u.Address, u.SHA256, nil)
		p.relation = generatedFrom
		c.others = append(c.others, p)
	}
	for _, g := range s.Git {
		remote, _, _ := strings.Cut(g.Address, "#")
		p := ofGit(remote, g.Ref, g.Commit, "", nil)
		p.relation = generatedFrom
		c.others = append(c.others, p)
	}
}

// AddClosures adds the store paths that a lock has for targets. Of one that is nil there are
// none.
func (c *Contents) AddClosures(targets ...*lock.Platform) {
	for _, p := range targets {
		if p == nil {
			continue
		}
		for _, closure := range p.Closures {
			for _, s := range closure.Paths {
				c.others = append(c.others, ofStorePath(s.Path, s.NarHash, s.URL))
			}
		}
	}
}

func ofURL(address, sha256 string, about *plan.About) part {
	p := purl.OfFile(purl.File{Address: address, SHA256: sha256})
	out := described(p, about)
	out.kind, out.key, out.download, out.sha256 = "File", out.name, purl.WithoutLogin(address), sha256
	h := plan.HTTP{URL: address}
	if name := h.Name(); name != "." && name != "/" {
		out.file = name
	}
	return out
}

func ofGit(remote, ref, commit, dir string, about *plan.About) part {
	tag, isTag := strings.CutPrefix(ref, "refs/tags/")
	if !isTag {
		tag = ""
		if commit == "" {
			tag = strings.TrimPrefix(ref, "refs/heads/")
		}
	}
	p := purl.OfGit(remote, tag, commit)
	if p.Type != "generic" {
		p.Subpath = strings.Trim(dir, "/")
	}
	out := described(p, about)
	out.kind, out.key = "Git", out.name
	out.download = "git+" + purl.WithoutLogin(remote)
	if at := cmp.Or(commit, tag); at != "" {
		out.download += "@" + at
	}
	if dir = strings.Trim(dir, "/"); dir != "" {
		out.download += "#" + dir
	}
	if !strings.Contains(remote, "://") {
		out.download = "" // user@host:path is no address
	}
	if len(commit) == 40 {
		out.sha1 = commit
	} else {
		out.sha256 = commit
	}
	return out
}

// described is a part with what the build file says of it in the place of what its
// address tells.
func described(p purl.URL, about *plan.About) part {
	if about == nil {
		return part{name: p.Name, version: p.Version, purl: p.String()}
	}
	out := part{license: about.License, supplier: about.Supplier}
	if about.PURL != "" {
		if given, err := purl.Parse(about.PURL); err == nil { // else refused where it is read
			out.name, out.version, out.purl = given.Name, cmp.Or(about.Version, given.Version), given.String()
			return out
		}
	}
	p.Version = cmp.Or(about.Version, p.Version)
	out.name, out.version, out.purl = p.Name, p.Version, p.String()
	return out
}

// storeName is the name of a store path as Nix makes it: a hash, a name and, from the
// first dash that no letter follows, a version.
var storeName = regexp.MustCompile(`^([0-9a-z]{32})-(.+?)(?:-([^A-Za-z].*))?$`)

func ofStorePath(at, narHash, address string) part {
	base := path.Base(at)
	p := purl.URL{Type: "generic", Name: base}
	if m := storeName.FindStringSubmatch(base); m != nil {
		p = purl.URL{Type: "nix", Name: m[2], Version: m[3], Qualifiers: packageurl.Qualifiers{{Key: "outputhash", Value: m[1]}}}
	}
	return part{
		kind: "StorePath", key: base, name: p.Name, version: p.Version, purl: p.String(), download: address, file: at, sha256: narHash,
		sourceInfo: "the digest is that of the path's Nix archive", relation: contains,
	}
}
