// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package house has what a user has around, for tests of builds: a registry with a
// base image and the frontend's, a daemon, docker buildx and the strata command
// line, of which the tests of a package share all but the two clients. Beside it
// are projects of a text, archives of packages, and looks at what came out.
package house
