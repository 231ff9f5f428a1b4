// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package trees holds a test and nothing else: that an image with packages is the
// same whether they were unpacked in groups and registered, installed natively
// by the step helper, or by a plain apt-get. hack/tree-oracle runs it with all its
// sets of packages, hack/test with the first few.
package trees
