// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package resolve finds the closure of store paths: the paths themselves and all
// that they refer to, and where the archive of each one is.
//
// A closure comes from the narinfo files of binary caches, checked against the
// keys that sign them ([Closure]), or from a description that goes with an
// exported store ([ParsePathInfo], [ParseRegistration]). Either way it becomes
// a [Graph], whose paths are all there and in no circle. The package decides
// nothing about layers and fetches nothing itself.
//
// The store may be any directory; /nix/store is Nix's, /gnu/store Guix's.
package resolve
