// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/platforms"
	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/strata-build/strata/frontend/source"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/internal/spell"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/spec"
	"github.com/strata-build/strata/llb/strategy"
)

// RequestLock resolves the packages of all targets and gives the lock as the
// result's "result.txt". The same file is what the target strata.lock holds.
const RequestLock = "frontend.strata.lock"

// The options of a request for the lock.
const (
	// OptUpdate names packages and other things that are looked up again, as a line of
	// CSV; * is all of them.
	OptUpdate = "strata.update"
	// OptCheck refuses a lock that isn't up to date, and resolves nothing.
	OptCheck = "strata.check"
)

// lockName is the lock's name without its directory.
func (r *request) lockName() string {
	return path.Base(LockName(r.options()["filename"]))
}

// wantsLock reports whether the target is the lock itself.
func (r *request) wantsLock(s *spec.Spec) bool {
	return r.daemon.UI.Target == r.lockName() && s.Target(r.lockName()) == nil
}

// lockResult is the lock as a build's result.
func (r *request) lockResult(ctx context.Context, s *spec.Spec) (*client.Result, error) {
	data, err := r.makeLock(ctx, s)
	if err != nil {
		return nil, err
	}
	st := bk.Scratch().File(bk.Mkfile("/"+r.lockName(), 0o644, data), bk.WithCustomName("write "+printable.Line(r.lockName())))
	ref, err := r.daemon.Solve(ctx, st)
	if err != nil {
		return nil, err
	}
	res := client.NewResult()
	res.SetRef(ref)
	return res, nil
}

// lockAnswer is the lock as the answer to a question.
func (r *request) lockAnswer(ctx context.Context, s *spec.Spec) (*client.Result, error) {
	data, err := r.makeLock(ctx, s)
	if err != nil {
		return nil, err
	}
	res := client.NewResult()
	res.AddMeta("version", []byte(explainVersion))
	res.AddMeta("result.txt", data)
	return res, nil
}

// makeLock writes the lock of all targets.
func (r *request) makeLock(ctx context.Context, s *spec.Spec) ([]byte, error) {
	opts := r.options()
	old, err := r.lock()
	var bad *lock.FormatError
	if errors.As(err, &bad) && rewritesLock(opts) {
		r.warnings.say(ctx, bad.Fault+"; everything is looked up again")
		old, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	if opts[OptOutdated] != "" {
		return outdated(ctx, r, s, old)
	}
	if old == nil && opts[OptCheck] != "" {
		return nil, fmt.Errorf("%w: there is no %s; run \"strata lock\"", strategy.ErrStaleLock, r.lockName())
	}
	if opts[OptCheck] != "" {
		return checkLock(ctx, r, s, old)
	}
	w := &lockWriter{request: r, spec: s, old: old, made: &lock.File{}, pinner: source.NewPinner(r.daemon)}
	if w.update, err = parseUpdate(opts[OptUpdate]); err != nil {
		return nil, err
	}
	if err := w.write(ctx); err != nil {
		return nil, err
	}
	if err := w.checkUpdate(); err != nil {
		return nil, err
	}
	return w.made.Write(), nil
}

// rewritesLock reports whether all of the lock is written, so that one that can't be read
// needs no one to take it away: a merge leaves such locks.
func rewritesLock(opts map[string]string) bool {
	return opts[OptCheck] == "" && opts[OptOutdated] == "" && (opts[OptUpdate] == "" || opts[OptUpdate] == "*")
}

// parseUpdate reads the names of OptUpdate, which are as in a line of CSV: a url may have
// commas of its own.
func parseUpdate(line string) ([]string, error) {
	if line == "" {
		return nil, nil
	}
	names, err := csv.NewReader(strings.NewReader(line)).Read()
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", OptUpdate, err)
	}
	return names, nil
}

// checkUpdate wants each name that is to be updated to be one in the lock, old or new.
func (w *lockWriter) checkUpdate() error {
	known := slices.Concat([]string{"*"}, strategy.Kinds(), w.old.Names(), w.made.Names())
	for _, name := range w.update {
		if slices.Contains(known, name) {
			continue
		}
		err := fmt.Errorf("update %q: %s has no package, image, url, git address or store path of that name", name, w.request.lockName())
		if hint := spell.DidYouMean(name, known); hint != "" {
			return fmt.Errorf("%w; %s", err, hint)
		}
		return err
	}
	return nil
}

// checkLock says what the lock of all targets doesn't have as it is now, a line for each
// thing; nothing if there is nothing to say. What the build file asks for and the lock
// doesn't have is an error.
func checkLock(ctx context.Context, r *request, s *spec.Spec, old *lock.File) ([]byte, error) {
	held := &lockWriter{request: r, spec: s, old: old, made: &lock.File{}, strict: true}
	if err := held.write(ctx); err != nil {
		return nil, err
	}
	changes, err := moved(ctx, r, s, old)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	for _, c := range changes {
		fmt.Fprintln(&text, printable.Line(c.String()))
	}
	return []byte(text.String()), nil
}

// lockPlatforms are those that were asked for, or else those that the lock has and those
// that the targets say they are for.
func lockPlatforms(r *request, s *spec.Spec, old *lock.File) ([]ocispecs.Platform, error) {
	if r.options()["platform"] != "" {
		return r.daemon.UI.TargetPlatforms, nil
	}
	var have []ocispecs.Platform
	add := func(p ocispecs.Platform) {
		if !slices.ContainsFunc(have, platforms.OnlyStrict(p).Match) {
			have = append(have, p)
		}
	}
	if old != nil {
		for _, name := range old.Platforms() {
			if p, err := platforms.Parse(name); err == nil {
				add(p)
			}
		}
	}
	for i := range s.Targets {
		declared, err := declaredPlatforms(r, s, s.Targets[i].Name)
		if err != nil {
			return nil, err
		}
		for _, p := range declared {
			add(p)
		}
	}
	if len(have) == 0 {
		return r.daemon.UI.TargetPlatforms, nil
	}
	return have, nil
}

// lockWriter collects what the targets are resolved to.
type lockWriter struct {
	request *request
	spec    *spec.Spec
	old     *lock.File
	// pinner finds what addresses lead to; nil when the lock is only held to the build
	// file, as strict says.
	pinner *source.Pinner
	strict bool
	// asIs says that only what the lock has is looked up, and that nothing is written.
	asIs bool
	// update are the names of what is looked up again.
	update []string
	mu     sync.Mutex
	// made is the new lock.
	made *lock.File
}

// write makes the lock for the platforms that were asked for.
func (w *lockWriter) write(ctx context.Context) error {
	l := w.locking()
	w.request.finder.Pin(l.Name, l.Pinned(), w.pinner != nil)
	w.lockOwnImage(ctx)
	wanted, err := lockPlatforms(w.request, w.spec, w.old)
	if err != nil {
		return err
	}
	return w.all(ctx, wanted)
}

// all resolves every target for every platform.
func (w *lockWriter) all(ctx context.Context, wanted []ocispecs.Platform) error {
	var names []string
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range wanted {
		p = platforms.Normalize(p)
		names = append(names, platforms.FormatAll(p))
		group.Go(func() error { return w.platform(ctx, p) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	w.made.Written = slices.Compact(slices.Sorted(slices.Values(names)))
	if w.old != nil {
		w.made.KeepOthers(w.old, names, w.locks)
	}
	w.made.Prune()
	return nil
}

// platform resolves every target for a platform.
func (w *lockWriter) platform(ctx context.Context, p ocispecs.Platform) error {
	trees := w.request.trees(w.spec)
	for i := range w.spec.Targets {
		req := w.request.planRequest(ctx, w.spec, p, trees)
		req.Target = w.spec.Targets[i].Name
		req.Lock = w.locking()
		req.Lock.Images = trees.Images
		if _, err := strategy.Plan(ctx, req); err != nil {
			return err
		}
	}
	return nil
}

// locking says how the lock is written, or looked at.
func (w *lockWriter) locking() strategy.Locking {
	l := strategy.Locking{File: w.old, Name: w.request.lockName(), Store: w.store, Strict: w.strict}
	if w.pinner != nil {
		l.Renew, l.Pinner, l.StoreSources, l.Update = true, w.pinner, w.storeSources, w.update
	}
	return l
}

// storeSources takes what addresses lead to.
func (w *lockWriter) storeSources(s lock.Sources) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made.Sources.Merge(s)
}

// store takes what a target was resolved to.
func (w *lockWriter) store(target string, p lock.Platform, repositories []lock.Repository) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made.Keep(target, p, repositories)
}

// locks reports whether a target of the build file has anything to lock.
func (w *lockWriter) locks(target string) bool {
	t := w.spec.Target(target)
	return t != nil && targetNeedsLock(t)
}
