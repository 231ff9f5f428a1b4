// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/strata-build/strata/internal/tree"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/plan"
)

// resolvePackages finds out what the packages of the target are today. It leaves
// them in the set, and in the lock that is being written.
func (t *Target) resolvePackages(ctx context.Context, set *packageSet, old *lock.Packages) error {
	at := set.entries[0].layer.Packages.Range.Start
	if t.Fetch == nil || t.Looker == nil {
		return t.Spec.Errorf(at, "resolve packages: nothing can be fetched here")
	}
	files, err := t.lookIntoBase(ctx)
	if err != nil {
		fault := t.Spec.Errorf(at, "look into the base: %w", err)
		fault.External = true
		return fault
	}
	format, err := t.packageFormat(ctx, set, files)
	if err != nil {
		return err
	}
	if format == rpm {
		return t.planDNF(ctx, set, files)
	}
	if err := t.unlocked(set); err != nil {
		return err
	}
	resolve := t.resolveDebs
	if format == plan.APK {
		resolve = t.resolveAPKs
	}
	repositories, err := resolve(ctx, set, files, old)
	if err != nil {
		return err
	}
	if t.Lock.Store != nil {
		if err := t.chooseInstaller(ctx, set); err != nil {
			return err
		}
		t.Lock.Store(t.spec.Name, lock.Platform{Name: t.image.Platform, Packages: set.locked}, repositories)
	}
	return nil
}

// lookIntoBase opens the package database of the image so far.
func (t *Target) lookIntoBase(ctx context.Context) (tree.Tree, error) {
	partial := *t.image
	so := &plan.Plan{Platform: t.image.Platform, Images: append(t.plan.Images[:len(t.plan.Images):len(t.plan.Images)], &partial)}
	from := t.image.From
	if t.ranInPlace() {
		from = plan.Tree{Kind: plan.Layers}
	}
	return t.Looker.Look(ctx, so, from, append(debBasePatterns(), "lib/apk", "usr/lib/apk", "etc/apk", "usr/bin/dnf", "usr/bin/microdnf"))
}

// ranInPlace tells whether a command has changed the image so far, which may have
// installed something.
func (t *Target) ranInPlace() bool {
	for _, l := range t.image.Layers {
		if e, ok := l.Action.(*plan.Exec); ok && !e.Out {
			return true
		}
	}
	return false
}

// packageFormat is what the repositories hold, or what the base has.
func (t *Target) packageFormat(ctx context.Context, set *packageSet, files tree.Tree) (plan.Format, error) {
	for _, e := range set.entries {
		for _, r := range e.layer.Packages.Repositories {
			return plan.Format(r.Type.Value), nil
		}
	}
	for _, known := range []struct {
		file   string
		format plan.Format
	}{
		{"/var/lib/dpkg/status", plan.Deb},
		{"/lib/apk/db/installed", plan.APK},
		{"/usr/lib/apk/db/installed", plan.APK},
	} {
		_, err := files.ReadFile(ctx, known.file)
		if err == nil {
			return known.format, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("look into the base: %w", err)
		}
	}
	tool, err := dnfOf(ctx, files)
	if err != nil {
		return "", fmt.Errorf("look into the base: %w", err)
	}
	if tool != "" {
		return rpm, nil
	}
	at := set.entries[0].layer.Packages.Range.Start
	if t.image.From.Kind == plan.Scratch {
		return "", t.Spec.Errorf(at, "packages on scratch need `repositories`: there is no base that says where they come from")
	}
	return "", t.Spec.Errorf(at, "the base has no package database that Strata knows (dpkg, apk or dnf); say with `repositories` where packages come from")
}
