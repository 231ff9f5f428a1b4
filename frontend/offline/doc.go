// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package offline answers a build from the cache of its daemon alone.
//
// BuildKit has no request for that. But it knows what is pinned by what it is, and not
// by where it came from: a file with a checksum, a commit and an image with a digest are
// found in the cache under any address. So each graph is built first with addresses that
// no one can reach: what the cache has is found, and what it lacks is an error, at once
// and without a packet. Only then it is built as it was meant, and everything is there.
//
//   - A file is asked for at http:///host/path, which has no host: Go refuses that.
//   - A commit is asked for at a port of this machine that no one listens at.
//   - An image is asked for at a port above the highest there is (65536 and its own), for
//     BuildKit looks whether it had it from a registry of that name, whatever the port.
//     The graph that is built keeps these: asked for the real one, BuildKit says hello to
//     the registry even if it has everything.
//   - A command that has a network gets a variable that no program can be started with.
//     Variables of proxies are no part of a command's cache key.
package offline
