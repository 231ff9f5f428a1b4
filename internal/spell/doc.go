// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package spell puts names into messages: which of them a misspelt one was
// meant to be, and several as a sentence lists them.
package spell
