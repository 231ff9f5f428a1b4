// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package index reads what apk's repositories and a base say of packages: signed
// indexes, apk's database of what is installed, and its configuration.
//
// An index is two gzip streams one after the other: signatures, and a tar archive
// with the packages' records. The signatures are of the bytes of the second one, so
// nothing is read of it before one of them is good.
package index
