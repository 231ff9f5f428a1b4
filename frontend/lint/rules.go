// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package lint finds what a build file is allowed to do but should not: its rules look
// at the build file as it is written, and at what was planned for it.
package lint

import (
	"slices"
	"strings"

	"github.com/strata-build/strata/llb/strategy"
)

// Rule is something that a build file should not do.
type Rule struct {
	// Name is what findings are called, and what skips them. It is that of the
	// Dockerfile frontend where that has the same rule.
	Name string
	// Description says what should be done instead.
	Description string
}

// URL is the rule's section in the documentation.
func (r Rule) URL() string {
	return "https://github.com/strata-build/strata/blob/main/docs/rules.md#" + strings.ToLower(r.Name)
}

// The names of the rules that this package looks after. Planning has some of its own.
const (
	ArgShadowsVariable      = "ArgShadowsVariable"
	CacheInShippedPath      = "CacheInShippedPath"
	DataMadeByScript        = "DataMadeByScript"
	DuplicateEntry          = "DuplicateEntry"
	ExposeProtoCasing       = "ExposeProtoCasing"
	HiddenFile              = "HiddenFile"
	JSONArgsRecommended     = "JSONArgsRecommended"
	KeyMadeByScript         = "KeyMadeByScript"
	LegacyValue             = "LegacyValue"
	LinkHidesFile           = "LinkHidesFile"
	LoginInAddress          = "LoginInAddress"
	MissingChecksum         = "MissingChecksum"
	NetworkWithoutAccess    = "NetworkWithoutAccess"
	PackagesByScript        = "PackagesByScript"
	PipedDownload           = "PipedDownload"
	RedundantTargetPlatform = "RedundantTargetPlatform"
	ReservedStageName       = "ReservedStageName"
	RootUser                = "RootUser"
	SecretsUsedInArgOrEnv   = "SecretsUsedInArgOrEnv"
	StageNameCasing         = "StageNameCasing"
	UnknownRule             = "UnknownRule"
	UnpinnedBase            = "UnpinnedBase"
	UnreachableTarget       = "UnreachableTarget"
	UnusedArg               = "UnusedArg"
	UnusedUser              = "UnusedUser"
	WorkdirRelativePath     = "WorkdirRelativePath"
	WorldWritable           = "WorldWritable"
)

// Rules are all rules, by their names.
func Rules() []Rule {
	rules := []Rule{
		{ArgShadowsVariable, "An argument should not have the name of a variable of the base: one name has two values"},
		{CacheInShippedPath, "A cache should not be where files of the image are expected: what is in it is no part of the image"},
		{DataMadeByScript, "A service's data directory should not be made while an image is built: all containers start with the same"},
		{DuplicateEntry, "A list should have each entry once"},
		{ExposeProtoCasing, "Protocol in expose should be lowercase"},
		{HiddenFile, "A layer should not replace a file that another layer has just put there"},
		{JSONArgsRecommended, "Entrypoint and cmd should be a list of words without a shell, so that the program gets the signals"},
		{KeyMadeByScript, "A key should not be made while an image is built: everybody who has the image has it"},
		{LegacyValue, "A value should be written in its present form"},
		{LinkHidesFile, "Links to store paths should not replace files of the base"},
		{LoginInAddress, "A login should be a secret, and not be in an address, which locks, graphs and provenance have"},
		{MissingChecksum, "What is fetched over HTTP should have a checksum or a signature, so that its server doesn't decide what it is"},
		{NetworkWithoutAccess, "A command without a network should not need one"},
		{PackagesByScript, "Packages should be named under packages, which can be locked, and not be installed by a script"},
		{PipedDownload, "What is downloaded should be checked before it is run"},
		{RedundantTargetPlatform, "A platform of $TARGETPLATFORM is what a build has without it"},
		{ReservedStageName, "Words with a meaning in from should not be names of targets"},
		{RootUser, "A container should not be told to run as root"},
		{SecretsUsedInArgOrEnv, "Secrets should not be in arguments, environment or labels, which everybody who has the image can read"},
		{StageNameCasing, "Names of targets should be lowercase"},
		{strategy.RuleTooManyLayers, "An image should have few enough layers, so that none have to be joined"},
		{UnknownRule, "A rule that is skipped should be one of the rules"},
		{UnpinnedBase, "A base should have a version or a digest, so that every build has the same"},
		{UnreachableTarget, "A target that has no configuration of its own should be used by another one"},
		{UnusedArg, "A declared argument should be used"},
		{UnusedUser, "A user of a target should be named as its user or as an owner"},
		{WorkdirRelativePath, "A relative working directory depends on what the base has"},
		{WorldWritable, "Files should not be writable by everybody"},
		{strategy.RuleNothingToRemove, "What is removed should be there"},
		{strategy.RuleOut, "What a command ships should be written to the directory that $out names"},
		{strategy.RuleOnBuild, "Triggers of a base are run by Dockerfiles alone"},
		{strategy.RulePackages, "What was noticed when packages were chosen"},
		{strategy.RulePlatform, "Images should be for the platform that they are used for, or the build file should say which one is meant"},
		{strategy.RuleUndeclared, "Build arguments should be declared under args"},
		{strategy.RuleUnlockedSource, "Images, urls and git references should be locked where packages are, so that every build gets the same"},
		{strategy.RuleUnlocked, "Packages should be locked, so that every build gets the same"},
	}
	slices.SortFunc(rules, func(a, b Rule) int { return strings.Compare(a.Name, b.Name) })
	return rules
}

// Find returns the rule of that name. One that isn't there has the name alone.
func Find(name string) Rule {
	for _, r := range Rules() {
		if r.Name == name {
			return r
		}
	}
	return Rule{Name: name}
}
