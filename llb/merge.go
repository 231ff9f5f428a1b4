// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package llb

import (
	"time"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/llb/plan"
)

// fileTime is the time of everything that Strata writes. It does not follow
// SOURCE_DATE_EPOCH, or every commit would change every layer.
func fileTime() time.Time { return time.Unix(0, 0).UTC() }

// current is the image with the layers made until now.
func (img *image) current() bk.State {
	return restart(bk.Merge(img.inputs, bk.WithCustomName(img.prefix("merge the layers")), img.at(img.plan.Range)))
}

// add puts a tree of its own on top of the image. The base stays the first input
// of the merge, untouched, so that its layers keep their digests.
func (img *image) add(st bk.State, layer *plan.Layer, name string) {
	n := len(img.inputs)
	at := img.at(layer.Range)
	tree := madeTree{State: st, timed: layer.Action.KeepsTimes()}
	switch {
	case img.Chain:
		img.chain(tree, layer, name, at)
	case layer.Fold && n > 0:
		img.inputs[n-1] = joined(madeTree{State: img.inputs[n-1], timed: tree.timed}, tree, name, at)
	default:
		img.inputs = append(img.inputs, st)
	}
}

// A madeTree is a layer's tree.
type madeTree struct {
	bk.State
	// timed says that its files have times of their own, which a copy keeps.
	timed bool
}

// chain puts a tree on top of the image so far, or into the layer before where
// the two share one.
func (img *image) chain(st madeTree, layer *plan.Layer, name string, at bk.ConstraintsOpt) {
	if !layer.Fold {
		img.under, img.top = img.current(), nil
	}
	img.top = append(img.top, st)
	if img.under.Output() == nil && len(img.top) == 1 {
		img.inputs = []bk.State{st.State}
		return
	}
	var fa *bk.FileAction
	for _, tree := range img.top {
		fa = overlayTree(tree, fa)
	}
	img.inputs = []bk.State{restart(img.under.File(fa, bk.WithCustomName(name), at))}
}

// addInPlace puts what a command changed on top of the image: all that follows
// depends on it.
func (img *image) addInPlace(st bk.State) {
	if img.Chain {
		img.inputs = []bk.State{restart(st)}
	} else {
		img.inputs = append(img.inputs, st)
	}
	img.rooted, img.looks = img.current(), nil
	img.declared, img.likely = map[string]node{}, map[string]node{}
	img.ran, img.inPlace, img.shipped = true, true, false
	img.packages = packages{}
}

// joined is two layers as one.
func joined(a, b madeTree, name string, at bk.ConstraintsOpt) bk.State {
	return bk.Scratch().File(overlayTree(b, overlayTree(a, nil)), bk.WithCustomName(name), at)
}

// overlayTree copies a whole tree over what is there; what it replaces may be of
// another type.
func overlayTree(st madeTree, before *bk.FileAction) *bk.FileAction {
	info := &bk.CopyInfo{
		CopyDirContentsOnly:            true,
		AlwaysReplaceExistingDestPaths: true,
	}
	if !st.timed {
		info.CreatedTime = ptr(fileTime())
	}
	return then(before).Copy(st.State, "/", "/", info)
}

// restart cuts the chain of states that BuildKit's client keeps for every state,
// which makes long chains quadratic.
func restart(st bk.State) bk.State { return bk.NewState(st.Output()) }

func ptr[T any](v T) *T { return &v }
