// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package catalog holds the converters of image definitions to whole collections of
// these: its tests convert every one, count what is lost, and check the build files.
package catalog
