// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package locks

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/strata-build/strata/frontend"
	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/internal/testenv/house"
)

// TestAMonthLater builds by a lock when the archive has dropped the versions that
// the lock has and its signature is no longer good: the image is the same one. An
// older mirror still has the packages.
func TestAMonthLater(t *testing.T) {
	h := house.New(t)
	a, snapshot := house.Hello(t), house.Hello(t)
	names := []string{"hello", "hello-data", "other"}
	for i := range 6 { // more than are looked for one by one
		extra := testenv.Deb{Name: fmt.Sprintf("extra-%d", i), Version: "1"}
		names = append(names, extra.Name)
		a.Add(t, extra)
		snapshot.Add(t, extra)
	}
	release := filepath.Join(a.Dir, "dists/stable/Release")
	house.Replace(t, release, "Suite: stable", "Valid-Until: "+time.Now().UTC().AddDate(0, 0, 7).Format(time.RFC1123)+"\nSuite: stable")
	a.Sign(t)
	dir := h.PackagesProject(t, a, strings.Join(names, ", "))
	h.MustLock(t, a, dir, "--platform=linux/amd64")
	build := func(h *house.House, name, dir string, days int) (string, error) {
		attrs := map[string]string{"build-arg:MIRROR": a.URL + " " + snapshot.URL, "platform": "linux/amd64"}
		err := h.InProcess(t, dir, "later/"+name, attrs, func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
			return frontend.Options{Now: time.Now().AddDate(0, 0, days)}.Build(ctx, c)
		})
		if err != nil {
			return "", err
		}
		return strings.TrimSpace(testenv.Output(t, "crane", "digest", "--insecure", h.Registry.Host+"/later/"+name)), nil
	}
	first, err := build(h, "locked", dir, 0)
	if err != nil {
		t.Fatal(err)
	}

	unlocked := h.PackagesProject(t, a, strings.Join(names, ", "))
	if got, err := build(h, "unlocked", unlocked, 6); err != nil || got != first {
		t.Errorf("without a lock, six days later: %q, %v, want %q", got, err, first)
	}
	if _, err := build(h, "unlocked", unlocked, 31); err == nil || !strings.Contains(err.Error(), "archive stable: ") || !strings.Contains(err.Error(), "it expired on ") {
		t.Errorf("without a lock, 31 days later: error %v, want that the archive has expired", err)
	}

	for _, name := range names {
		a.Remove(t, name)
		a.Add(t, testenv.Deb{Name: name, Version: "9"})
	}
	a.Reset()
	snapshot.Reset()
	fresh := &house.House{Registry: h.Registry, Daemon: testenv.Buildkitd(t, testenv.DaemonOptions{})}
	later, err := build(fresh, "later", dir, 31)
	if err != nil {
		t.Fatalf("%v\nthe archive %s was asked for\n%sand the second mirror %s for\n%s", err, a.URL, a, snapshot.URL, snapshot)
	}
	house.Want(t, "the digest a month later", later, first)
	if n := len(snapshot.Requests()); n != len(names) {
		t.Errorf("the second mirror was asked for %d files, want the %d packages:\n%s", n, len(names), snapshot)
	}
	for _, r := range append(a.Requests(), snapshot.Requests()...) {
		if strings.Contains(r.Path, "/dists/") {
			t.Errorf("a build with a lock asks for %s", r.Path)
		}
	}
}
