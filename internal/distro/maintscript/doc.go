// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package maintscript reads the maintainer scripts of packages: which commands would
// one run if it were called so, in an image like that?
//
// It follows a script as a shell would, to its status, as far as everything is
// known: the script's arguments, variables with a fixed value, what a test of a
// file says about the image, and options such as set -e. Where something isn't
// known it follows all ways. What it can't follow at all is an error. So the answer
// may list a command too many, but lacks none, and a caller can trust a script
// whose commands it all knows and that is known to succeed.
package maintscript
