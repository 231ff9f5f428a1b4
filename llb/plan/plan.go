// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package plan holds what Strata decided about an image, as plain data.
//
// A plan stands between deciding and doing: the strategies decide (names
// expanded, bases pinned, owners and modes parsed, layers folded), and package
// llb only translates. A plan has no BuildKit in it and prints as JSON, so that
// "strata plan" shows exactly what will be built.
package plan

import (
	"cmp"
	"fmt"
	"slices"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/spec"
)

// MaxLayers is the greatest number of layers that image tools and overlayfs
// agree on.
const MaxLayers = 127

// Plan is a target with every target it needs, for one platform.
type Plan struct {
	// Platform is the platform asked for, as os/arch[/variant].
	Platform string `json:"platform"`
	// Images are in the order of their needs; the last one is the target asked
	// for.
	Images []*Image `json:"images"`
	// Tests are those of the target asked for.
	Tests []Test `json:"tests,omitempty"`
}

// Image returns the planned image of that target when it is asked for a platform, or nil.
func (p *Plan) Image(target, asked string) *Image {
	for _, img := range slices.Backward(p.Images) { // mostly the base of what comes next
		if img.Target == target && cmp.Or(img.Asked, img.Platform) == asked {
			return img
		}
	}
	return nil
}

// Image is one target for one platform.
type Image struct {
	Target   string `json:"target"`
	Platform string `json:"platform"`
	// Asked is the platform that the target was asked for, where it is for one of its own;
	// empty where that is the same.
	Asked string     `json:"asked,omitempty"`
	Range spec.Range `json:"-"`
	// From is the base.
	From Tree `json:"from"`
	// Base is the base's configuration; nil for scratch and for bases that have
	// none.
	Base *dockerspec.DockerOCIImage `json:"-"`
	// Layers are in image order.
	Layers []Layer `json:"layers"`
	// Config is the finished configuration, the base's included; it has neither
	// history nor layers yet.
	Config dockerspec.DockerOCIImage `json:"config"`
	// Annotations are the manifest's.
	Annotations map[string]string `json:"annotations,omitempty"`
	// PackageURLs are those that packages of a name have in the list of contents, in the
	// place of their distribution's.
	PackageURLs map[string]string `json:"package_urls,omitempty"`
}

// BaseEnv is the environment of the base's configuration, as NAME=VALUE.
func (img *Image) BaseEnv() []string {
	if img.Base == nil {
		return nil
	}
	return img.Base.Config.Env
}

// KnownLayers is how many layers the base's configuration says the base has; 0
// where it doesn't say. What a Dockerfile makes isn't built yet: its
// configuration still lists the layers of its own base alone.
func (img *Image) KnownLayers() int {
	if img.Base == nil || img.From.Kind == Dockerfile {
		return 0
	}
	return len(img.Base.RootFS.DiffIDs)
}

// TreeKind says where a file tree comes from.
type TreeKind string

// The kinds of trees.
const (
	// Scratch is the empty tree.
	Scratch TreeKind = "scratch"
	// Registry is an image by reference.
	Registry TreeKind = "image"
	// Target is another target of the build file.
	Target TreeKind = "target"
	// Context is a named context.
	Context TreeKind = "context"
	// Dockerfile is what a Dockerfile of the build context makes.
	Dockerfile TreeKind = "dockerfile"
	// Main is the build context.
	Main TreeKind = "main"
	// Layers is the image so far.
	Layers TreeKind = "layers"
)

// Tree names a file tree.
type Tree struct {
	Kind TreeKind `json:"kind"`
	// Name is the reference, the target, the context, or PATH#STAGE of a Dockerfile;
	// empty for the other kinds.
	Name string `json:"name,omitempty"`
	// Platform is the platform that the tree is wanted for, as
	// os/arch[/variant]; empty where it makes no difference.
	Platform string `json:"platform,omitempty"`
	// Changed is a target without what it stands on: what its own layers put there.
	Changed bool `json:"changed,omitempty"`
	// Chosen says that a Dockerfile says itself which platform its stage is for, or a
	// target which one it is for.
	Chosen bool `json:"-"`
	// Pos is where the build file names it.
	Pos spec.Pos `json:"-"`
}

// Words name the tree in messages.
func (t Tree) Words() string {
	switch t.Kind {
	case Main:
		return "the build context"
	case Layers:
		return "the image so far"
	case Registry:
		return t.Name
	default:
		return string(t.Kind) + ":" + t.Name
	}
}

// MustBeBuilt reports whether looking into the tree would run steps while the graph is
// made.
func (t Tree) MustBeBuilt() bool {
	return t.Kind == Target || t.Kind == Dockerfile || t.Kind == Layers
}

// Layer is one layer of an image.
type Layer struct {
	// Name is the layer's own name, or empty.
	Name string `json:"name,omitempty"`
	// Strategy is the key of the build file that describes it.
	Strategy string `json:"strategy"`
	// Words say what the layer holds; they become the history entry.
	Words string     `json:"words"`
	Range spec.Range `json:"-"`
	// Fold joins the layer with the one before it, to stay below the limit.
	Fold   bool   `json:"fold,omitempty"`
	Action Action `json:"action"`
}

// Short is what other steps call the layer: its name, or what it holds.
func (l *Layer) Short() string {
	if l.Name != "" {
		return l.Name
	}
	return l.Words
}

// Mode is permission bits with setuid, setgid and sticky, as chmod(2) takes them.
type Mode uint32

// MarshalText writes the mode as people do, in octal.
func (m Mode) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%04o", uint32(m)), nil }

// Owner is who owns a file: names or decimal numbers. An empty Group follows the
// user.
type Owner struct {
	User  string `json:"user"`
	Group string `json:"group,omitempty"`
}
