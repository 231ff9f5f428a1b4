// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package oracle holds what Dockerfiles become to the Dockerfiles: both are built on one
// daemon, from bases whose shell and programs write down how they are called, and the
// images must have the same files, the same records and the same configuration.
package oracle
