// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package registry speaks with registries: manifests and blobs, both ways.
//
// A [Client] knows what is configured about registries: credentials, the
// certificates to use and to trust, which ones speak plain http, and mirrors. A
// [Repository] of it reads and writes. Tokens are asked for as go-containerregistry
// does it; what is here is what a long copy needs beside it. A registry gets a login
// when it asks for one, at its greeting or when it refuses a request. A request that
// meets a full or broken server waits and is sent again, as long as the server asks for
// it; one that gets no answer is given up. A download that breaks goes on where it was, and so does an upload if the
// registry can. A blob that a registry has is not sent, or is mounted from another
// repository. Errors are one line that says what is wrong with what.
package registry
