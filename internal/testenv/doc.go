// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package testenv starts the real parts that Strata works with, for tests.
//
// A test of a build tool that talks to a stand-in shows only that the stand-in
// was understood. So there are no stand-ins here: every helper starts the
// program a user would have (buildkitd, Debian's docker-registry, buildx, the
// Docker Engine, the strata command line), gives it a state of its own and takes
// it down again. What comes out is looked at with programs that are not ours
// (umoci, crane, skopeo), because a writer and a reader with the same author
// share their misunderstandings.
//
// Each helper takes the test, ends it with a message when the part cannot be
// had, and cleans up after it. Starting a daemon takes a good part of a second,
// so [Shared] gives one that the tests of a package share; such a package says
//
//	func TestMain(m *testing.M) { testenv.Main(m) }
//
// and may call t.Parallel wherever a test's images and projects have names of
// their own. What takes long to make and stays the same is kept below .cache, by
// what it is made from: the programs of this module, Debian's layers, a closure of
// Nix.
//
// Programs are looked for in .cache/bin first, where hack/install builds those
// that are pinned by go.mod, and then in PATH. The tests need root.
package testenv
