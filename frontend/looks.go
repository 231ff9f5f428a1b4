// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sync"

	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/tonistiigi/fsutil/types"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// looksAtOnce is how many trees are looked into side by side.
const looksAtOnce = 8

// looks are what is looked for in the layers of an image: names that mean deletions are an
// error, and what is odd is warned of.
type looks struct {
	request *request
	spec    *spec.Spec
	lowered *llb.Result
	opened  *openedTrees
	made    *suspects
	left    *leavings
	asked   question
	// suspected are layers that are made from the build context, if that may have a name
	// that means a deletion.
	suspected []llb.Shipped
	// contextDeletes reports whether the build context may have such a name.
	contextDeletes func() bool
	// lock is what packages were resolved to.
	lock *lock.File
	// hidden are warnings of files that packages hide.
	hidden []*spec.Error
}

func newLooks(r *request, s *spec.Spec, img *image, lowered *llb.Result) *looks {
	return &looks{
		request: r, spec: s, lowered: lowered, lock: img.lock, contextDeletes: img.contextDeletes,
		opened: &openedTrees{daemon: r.daemon, refs: map[*plan.Layer]func() (client.Reference, error){}},
		made:   newSuspects(r.daemon, lowered, r.warnings.config.Skips),
		left:   newLeavings(lowered, r.warnings.config.Skips),
	}
}

// solve builds the image, and meanwhile prepares the looks.
func (l *looks) solve(ctx context.Context, p *plan.Plan, trees *source.Trees) (ref client.Reference, err error) {
	group, making := errgroup.WithContext(ctx)
	group.Go(func() (err error) { ref, err = l.request.daemon.Make(making, l.lowered.State); return err })
	group.Go(func() error { return l.prepare(making, p, trees) })
	err = group.Wait()
	return ref, err
}

// prepare sends what is asked to the daemon while that builds the image. Nothing that
// commands make is read yet: what two ask for at once has been built twice by BuildKit.
func (l *looks) prepare(ctx context.Context, p *plan.Plan, trees *source.Trees) error {
	fromContext, err := searchDeletions(ctx, &l.asked, l.request.daemon, l.spec, p, trees, l.lowered)
	if err != nil {
		return err
	}
	if err := l.ask(ctx); err != nil {
		return err
	}
	if len(fromContext) > 0 && l.contextDeletes() {
		l.suspected = fromContext
	}
	return nil
}

// ask sends what is asked of all layers.
func (l *looks) ask(ctx context.Context) error {
	l.searchHidden()
	l.made.search(&l.asked, func(layer *plan.Layer) bool { return l.asksForOuts() || !isOut(layer) })
	if l.asksForOuts() {
		l.left.search(&l.asked)
		return l.asked.send(ctx, l.request.daemon)
	}
	for _, one := range l.made.layers {
		if isOut(one.Layer) {
			_, _ = l.opened.tree(ctx, one) // the look itself has its error
		}
	}
	return l.asked.send(ctx, l.request.daemon)
}

// fewOuts is how many layers that commands shipped are opened to look into them. Of more,
// the daemon is asked with all others: to open one is a build and a mount for itself, but
// to look for files by their names reads all of a layer that is new.
const fewOuts = 8

// asksForOuts reports whether the layers that commands shipped are asked about with the
// others. With a cache from elsewhere they aren't: one that can't be fetched is no failure.
func (l *looks) asksForOuts() bool {
	return len(l.left.shipped) > fewOuts && len(l.request.daemon.UI.CacheImports) == 0
}

// look looks into the layers of the image, which is built.
func (l *looks) look(ctx context.Context) error {
	var nothing, links, both []*spec.Error
	group, looking := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := l.asked.read(looking); err != nil || !l.asksForOuts() {
			return err
		}
		nothing = l.left.warnings(looking, l.opened, l.spec)
		return nil
	})
	if !l.asksForOuts() {
		group.Go(func() error { return l.made.open(looking, l.request.daemon, l.opened) })
		group.Go(func() error { nothing = l.left.warnings(looking, l.opened, l.spec); return nil })
	}
	group.Go(func() error { return l.lookForDeletions(looking) })
	group.Go(func() (err error) { both, err = l.overlaps(looking); return err })
	group.Go(func() (err error) { links, err = replaced(looking, l.request.daemon, l.spec, l.lowered); return err })
	if err := group.Wait(); err != nil {
		return err
	}
	each(slices.Concat(nothing, l.made.warnings(l.spec), links, l.hidden, both), l.request.warnings.at(ctx))
	return nil
}

// lookForDeletions looks into the layers that may have a name which means a deletion.
func (l *looks) lookForDeletions(ctx context.Context) error {
	var each question
	for _, one := range l.suspected {
		each.searchSource(l.spec, one)
	}
	if err := each.send(ctx, l.request.daemon); err != nil {
		return err
	}
	return each.read(ctx)
}

// question is what is looked for in trees, with one question to the daemon: each costs.
type question struct {
	asked []asked
	// ref is what the searches found; nil while nothing was sent, and where nothing can be.
	ref client.Reference
}

// asked is a search, and what is done with what it finds.
type asked struct {
	search llb.Search
	found  whenFound
	// unread says that it is enough that it found something.
	unread bool
}

// whenFound is what is done with what a search found: it is in a directory of ref, whose
// entries are has, unless they weren't read.
type whenFound func(ctx context.Context, ref client.Reference, dir string, has []*types.Stat) error

// add looks for one thing more.
func (q *question) add(s llb.Search, found whenFound) {
	q.asked = append(q.asked, asked{search: s, found: found})
}

// addUnread is add for what need only be something: its entries aren't read.
func (q *question) addUnread(s llb.Search, found whenFound) {
	q.asked = append(q.asked, asked{search: s, found: found, unread: true})
}

// send sends the question to the daemon, which answers when it is read.
func (q *question) send(ctx context.Context, d *source.Daemon) (err error) {
	if len(q.asked) == 0 {
		return nil
	}
	searches := make([]llb.Search, len(q.asked))
	for i, one := range q.asked {
		searches[i] = one.search
	}
	q.ref, err = d.Solve(ctx, llb.Found(searches))
	return err
}

// read reads the answer, and does what is to be done with what is found, in order.
func (q *question) read(ctx context.Context) error {
	if q.ref == nil {
		return nil
	}
	answers, err := q.answers(ctx)
	if err != nil {
		return fmt.Errorf("look into layers: %w", err)
	}
	for i, one := range q.asked {
		if !answers[i].something {
			continue
		}
		if err := one.found(ctx, q.ref, llb.Part(i), answers[i].has); err != nil {
			return err
		}
	}
	return nil
}

// answer is what one search found: whether something, and its entries if they were read.
type answer struct {
	something bool
	has       []*types.Stat
}

// answers are those to each search.
func (q *question) answers(ctx context.Context) ([]answer, error) {
	list := llb.LeavesOut(len(q.asked))
	var root []*types.Stat
	if list {
		var err error
		if root, err = q.ref.ReadDir(ctx, client.ReadDirRequest{Path: "/"}); err != nil {
			return nil, err
		}
	}
	answers := make([]answer, len(q.asked))
	group, looking := errgroup.WithContext(ctx)
	group.SetLimit(looksAtOnce)
	for i, one := range q.asked {
		dir := llb.Part(i)
		switch {
		case list && !slices.ContainsFunc(root, func(st *types.Stat) bool { return "/"+path.Base(st.Path) == dir }):
		case list && one.unread:
			answers[i].something = true
		default:
			group.Go(func() error {
				has, err := q.ref.ReadDir(looking, client.ReadDirRequest{Path: dir})
				if errors.Is(fault.NotExist(err), fs.ErrNotExist) { // of an empty tree
					return nil
				}
				answers[i] = answer{something: len(has) > 0, has: has}
				return err
			})
		}
	}
	return answers, group.Wait()
}

// openedTrees are the trees of layers that were opened to look into them, each once.
type openedTrees struct {
	daemon *source.Daemon
	mu     sync.Mutex
	refs   map[*plan.Layer]func() (client.Reference, error)
}

// tree is that of a layer; nil where it is empty from the start.
func (o *openedTrees) tree(ctx context.Context, of llb.Shipped) (client.Reference, error) {
	o.mu.Lock()
	open, ok := o.refs[of.Layer]
	if !ok {
		open = sync.OnceValues(func() (client.Reference, error) { return o.daemon.Solve(ctx, of.State) })
		o.refs[of.Layer] = open
	}
	o.mu.Unlock()
	return open()
}
