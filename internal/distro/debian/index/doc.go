// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package index reads what an archive of Debian packages and a base say of
// packages: Release files and their signatures, lists of packages (an Index),
// dpkg's database of what is installed (a Status), and apt's configuration:
// sources and preferences.
//
// It opens no file, no connection and no clock: callers hand in bytes and, where
// expiry counts, a time. What to install is for internal/distro/debian/resolve
// to decide.
package index
