// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package source finds what a build file names, and looks into it.
//
// A [Daemon] is BuildKit as one request meets it: what is solved goes through it. A
// [Finder] is what all platforms of the request share, and [Finder.Trees] are the
// images, contexts, Dockerfiles and stores of a build file for one platform: while a
// plan is made they are looked into, afterwards they are the states that its graph
// starts from. [Fetcher] fetches what resolvers read, and [Elsewhere] finds another
// address for what a server didn't give.
//
// Nothing is decided here; that is done in llb/strategy, which asks through
// interfaces of its own.
package source
