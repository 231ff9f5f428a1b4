// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package trees

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/testenv"
	"github.com/strata-build/strata/llb/plan"
)

var howMany = flag.Int("sets", 1, "how many sets of packages to try; 0 for all")

// sets are the packages that are asked for together. The first few are small.
func sets() []string {
	return []string{
		"ca-certificates jq",
		"iputils-ping dbus",
		"nginx python3 git curl ca-certificates jq",
		"openssh-server",
		"vim",
		"openjdk-17-jre-headless",
		"postgresql",
		"fontconfig fonts-dejavu-core",
		"locales tzdata",
		"mariadb-client",
		"libwww-perl libxml-parser-perl",
		"gcc libc6-dev",
		"ruby",
		"php-cli",
		"nodejs",
		"emacs-nox",
		"exim4-daemon-light",
		"apache2",
		"redis-server",
		"haproxy",
		"systemd systemd-sysv",
		"python3-requests python3-yaml",
		"imagemagick",
		"man-db less",
		"sudo",
		"cron logrotate",
		"rsync unzip zip xz-utils",
		"default-mysql-client",
		"tmux bash-completion",
		"gnupg debootstrap",
		"build-essential",
		"squid-openssl",
	}
}

// TestTrees builds each set three ways and compares.
func TestTrees(t *testing.T) {
	h := newHouse(t)
	all := sets()
	if *howMany > 0 {
		all = all[:min(*howMany, len(all))]
	}
	var total tally
	for _, set := range all {
		t.Run(set, func(t *testing.T) { h.compare(t, strings.Fields(set), &total) })
	}
	fmt.Printf("trees: %d sets, %d registered (%d configured in apt's order), %d files compared, %d differences allowed, %d unexplained, %d sets failed\n",
		len(all), total.registered, total.inOrder, total.files, total.allowed, total.unexplained, total.failed)
}

// tally counts what was compared.
type tally struct{ registered, inOrder, files, allowed, unexplained, failed int }

func (h *house) compare(t *testing.T, names []string, total *tally) {
	defer func() {
		if t.Failed() {
			total.failed++
		}
	}()
	start := time.Now().Unix()
	packages := archives(testenv.DebianPackages(t, names...))
	// A plan has them by name.
	slices.SortFunc(packages, func(a, b plan.Archive) int { return strings.Compare(a.Name, b.Name) })
	plain := tree{}
	if err := h.build(h.plain(packages, names...), plain.read); err != nil {
		t.Fatalf("apt-get: %v", err)
	}
	order := h.setUp()
	total.files += len(plain)
	native := tree{}
	install := &plan.Install{Format: "deb", Installer: plan.Native, Archives: packages, Wanted: names}
	if err := h.build(h.lower(t, false, install), native.read); err != nil {
		t.Fatalf("native: %v", err)
	}
	h.report(t, "apt-get and the native installer", plain, native, start, total)
	actions := grouped(packages, max(1, len(packages)/3+1), names...)
	v := h.verdict(t, unpacks(actions)...)
	if v.Installer != string(plan.Register) {
		t.Logf("installed natively: %s", v.Why)
		return
	}
	total.registered++
	registered := tree{}
	if err := h.build(h.lower(t, false, actions...), registered.read); err != nil {
		t.Fatalf("register: %v", err)
	}
	h.report(t, "apt-get and registered groups", plain, registered, start, total)
	if diff := cmp.Diff(order, h.setUp()); diff != "" {
		t.Logf("configured in another order than apt's (-apt +ours):\n%s", diff)
		return
	}
	total.inOrder++
}

// TestTwice builds sets on two daemons of their own: the same files, with the
// same times, come out.
func TestTwice(t *testing.T) {
	all := sets()
	if *howMany > 0 {
		all = all[:min(*howMany, len(all))]
	}
	a, b := newHouse(t), newHouse(t)
	b.client = testenv.Buildkitd(t, testenv.DaemonOptions{}).Client(t)
	for _, set := range all {
		t.Run(set, func(t *testing.T) {
			packages := archives(testenv.DebianPackages(t, strings.Fields(set)...))
			slices.SortFunc(packages, func(a, b plan.Archive) int { return strings.Compare(a.Name, b.Name) })
			actions := grouped(packages, max(1, len(packages)/3+1))
			if v := a.verdict(t, unpacks(actions)...); v.Installer != string(plan.Register) {
				actions = []plan.Action{&plan.Install{Format: "deb", Installer: plan.Native, Archives: packages}}
			}
			first, second := tree{}, tree{}
			if err := a.build(a.lower(t, false, actions...), first.read); err != nil {
				t.Fatal(err)
			}
			if err := b.build(b.lower(t, false, actions...), second.read); err != nil {
				t.Fatal(err)
			}
			if diff := unexplained(differences(first, second, 1<<40), unlike()); len(diff) > 0 {
				t.Errorf("two builds differ:\n%s", strings.Join(diff, "\n"))
			}
		})
	}
}

// unpacks are the layers that are unpacked.
func unpacks(actions []plan.Action) []*plan.Unpack {
	var layers []*plan.Unpack
	for _, a := range actions {
		if u, ok := a.(*plan.Unpack); ok {
			layers = append(layers, u)
		}
	}
	return layers
}

func (h *house) report(t *testing.T, what string, a, b tree, start int64, total *tally) {
	t.Helper()
	found := differences(a, b, start)
	bad := unexplained(found, allowances())
	total.allowed += len(found) - len(bad)
	total.unexplained += len(bad)
	for i, d := range bad {
		if i == 20 {
			t.Errorf("%s: and %d more", what, len(bad)-i)
			break
		}
		t.Errorf("%s: %s", what, d)
	}
}

// health asks the tools of an image whether its packages are whole.
func health() []string {
	return []string{"dpkg --audit", "dpkg --verify", "apt-get check -qq -o Debug::NoLocking=1 -o Dir::Cache=/tmp"}
}

// TestResultIsHealthy shows that dpkg and apt find nothing to complain about, in
// a merged image and in a chained one, which have the same files.
func TestResultIsHealthy(t *testing.T) {
	h := newHouse(t)
	packages := archives(testenv.DebianPackages(t, "jq", "ca-certificates"))
	trees := map[bool]tree{}
	for _, chain := range []bool{false, true} {
		st := h.lower(t, chain, grouped(packages, 3)...)
		trees[chain] = tree{}
		if err := h.build(st, trees[chain].read); err != nil {
			t.Fatal(err)
		}
		said := tree{}
		if err := h.build(h.ask(st, health()...), said.read); err != nil {
			t.Fatal(err)
		}
		if got := said["/answer"]; !strings.Contains(got.what, " 0 bytes ") {
			t.Errorf("chain %v: the tools complain: %v", chain, got)
		}
	}
	if diff := differences(trees[false], trees[true], 1<<40); len(diff) > 0 {
		t.Errorf("a merged image and a chained one differ:\n%s", strings.Join(diff, "\n"))
	}
}
