// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package strata is the root of the module; it holds no code. The pipeline is
//
//	bytes --spec.Parse--> Spec --strategy.Plan--> Plan --llb.Lower--> LLB and image config
//	      --frontend.Build--> Result --BuildKit's exporters--> image | oci | docker | local | tar
//
// and docs/architecture.md says which package does what, and why.
package strata
