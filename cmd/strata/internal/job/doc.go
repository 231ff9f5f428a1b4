// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package job runs builds for the verbs of the command line.
//
// A verb binds the groups of [Options] that it has flags for, and calls one of
// three functions: [Build] builds and puts the outputs in their places, [Ask]
// asks the frontend a question and returns its answer, [Test] builds an image
// and runs the tests of its build file. All of them check the whole command line
// before anything is started, and undo what they began when they fail.
package job
