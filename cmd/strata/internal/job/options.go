// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"strconv"

	"github.com/spf13/pflag"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/connect"
	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/plainfile"
)

// Options are a build's command line, in the groups that verbs choose from. A
// field holds the value of the flag with its name, as it was written; the flags
// are buildx's. The zero Options need an Input.Context and a Report.Call.
type Options struct {
	// Connect says where BuildKit is.
	Connect connect.Options
	// Input says what is built.
	Input Input
	// Output says where the result goes.
	Output Output
	// Cache says what may be taken from the cache.
	Cache Cache
	// Step says how build steps run.
	Step Step
	// Report says what is printed and written about the build.
	Report Report
	// onePlatform says that what is asked for is about one platform.
	onePlatform bool
}

// Input says what is built.
type Input struct {
	// Context is a directory, an address, or - for the standard input.
	Context string
	// File is the build file, empty for the one in the context.
	File string
	// Target is a target's name, or several with commas; All builds every one.
	Target string
	All    bool
	// Platforms are such as linux/arm64.
	Platforms []string
	// usual is the platform of the environment, for a build file that names none.
	usual string
	// text is a build file that was on the standard input, or another stream.
	text []byte
	// BuildArgs are NAME[=VALUE], Contexts NAME=VALUE.
	BuildArgs, Contexts []string
	// Secrets and SSH are what build steps may ask for.
	Secrets, SSH []string
	// streams are those of the secrets of several targets.
	streams *flags.Streams
	// Policies are [filename=]FILE with what may be fetched.
	Policies []string
	// Locked refuses what the lock doesn't have.
	Locked bool
	// Offline refuses to fetch anything.
	Offline bool
}

// Output says where the result goes, and what is attached to it.
type Output struct {
	// Tags are the image's names.
	Tags []string
	// Outputs are exporters with their attributes.
	Outputs []string
	// Labels are NAME=VALUE, Annotations [TYPE:]NAME=VALUE.
	Labels, Annotations []string
	// Attests are attestations; SBOM and Provenance are short for two of them.
	Attests          []string
	SBOM, Provenance string
	// Push and Load are short for two outputs.
	Push, Load bool
	// declared says that the tags are those of the build file.
	declared bool
}

// Cache says what may be taken from the cache.
type Cache struct {
	// From and To are caches beside the daemon's own.
	From, To []string
	// NoCache builds everything again, NoCacheFilter the layers or targets with
	// these names.
	NoCache       bool
	NoCacheFilter []string
	// Pull looks for newer images in the registries.
	Pull bool
}

// Step says how build steps run.
type Step struct {
	// AddHosts are HOST:IP.
	AddHosts []string
	// Allow are permissions.
	Allow []string
	// CgroupParent, ShmSize and Ulimits are limits.
	CgroupParent, ShmSize string
	Ulimits               []string
	// Network is default, none or host; empty is default.
	Network string
}

// Report says what is printed and written about the build.
type Report struct {
	// Call is the question to the frontend, or "build" for none.
	Call string
	// Progress is the kind of progress.
	Progress string
	// Quiet prints the image's digest and nothing else.
	Quiet bool
	// MetadataFile, IIDFile and File are files for the exporters' answers, the
	// image's digest, and the layers that were built.
	MetadataFile, IIDFile, File string
	// Table prints the layers that were built when the progress is shown.
	Table bool
}

// SetContext takes the context from the arguments of a verb that has at most one:
// without it, the context is the current directory.
func (o *Input) SetContext(args []string) {
	o.Context = "."
	if len(args) > 0 {
		o.Context = args[0]
	}
}

// IsStream reports whether the context or the build file can be read once only.
func (o *Input) IsStream() bool {
	return o.Context == "-" || o.File == "-" || plainfile.IsHanded(o.File)
}

// hasPlatforms reports whether --platform is given.
func (o *Input) hasPlatforms() bool { return len(o.Platforms) > 0 }

// Wanted are the platforms of --platform, or else of the environment.
func (o *Input) Wanted() []string {
	if !o.hasPlatforms() && o.usual != "" {
		return []string{o.usual}
	}
	return o.Platforms
}

// Bind adds the flags of a build.
func (o *Options) Bind(flags *pflag.FlagSet, t cli.Terminal) {
	flags.SortFlags = false
	o.Input.Bind(flags, t)
	flags.Lookup("target").Usage = "`TARGET` to build; several, with commas, are built together"
	flags.BoolVar(&o.Input.All, "all", false, "build every target together")
	o.Output.Bind(flags)
	o.Cache.Bind(flags)
	o.Step.Bind(flags)
	o.Report.Bind(flags, t)
	o.Connect.Bind(flags)
}

// BindQuestion adds the flags of a verb that asks about a build: what is built,
// the progress, and where BuildKit is.
func (o *Options) BindQuestion(flags *pflag.FlagSet, t cli.Terminal) {
	o.Input.Bind(flags, t)
	o.Report.BindProgress(flags, t)
	o.Connect.Bind(flags)
}

// Bind adds the flags of what is built.
func (o *Input) Bind(flags *pflag.FlagSet, t cli.Terminal) {
	o.usual = t.Getenv("DOCKER_DEFAULT_PLATFORM")
	flags.StringVarP(&o.File, "file", "f", "", "build `FILE` (default PATH/strata.yaml; - is the standard input)")
	flags.StringVar(&o.Target, "target", "", "target to build")
	o.BindGiven(flags)
	flags.BoolVar(&o.Locked, "locked", false, "refuse what the lock does not have, instead of warning of it")
	flags.BoolVar(&o.Offline, "offline", false, "build from the cache alone: what would be fetched is an error")
	flags.StringArrayVar(&o.Policies, "policy", nil, "source policy in JSON, which denies or replaces sources: `filename=PATH[,reset=BOOL][,disabled=BOOL]`")
}

// BindGiven adds the flags of what a build is given besides the context and the build
// file.
func (o *Input) BindGiven(flags *pflag.FlagSet) {
	flags.StringArrayVar(&o.Platforms, "platform", nil, "`PLATFORM` to build for, such as linux/arm64; several make an index (default: the build file's, or $DOCKER_DEFAULT_PLATFORM, or the builder's)")
	flags.StringArrayVar(&o.BuildArgs, "build-arg", nil, "argument of the build file: `NAME[=VALUE]`")
	flags.StringArrayVar(&o.Contexts, "build-context", nil, "named context: `NAME=VALUE`, a directory, address, docker-image://, oci-layout://, or an image such as oci-archive:FILE")
	flags.StringArrayVar(&o.Secrets, "secret", nil, "secret for build steps: `id=ID[,src=PATH|,env=NAME]`")
	flags.StringArrayVar(&o.SSH, "ssh", nil, "SSH agent or keys for build steps: `ID[=SOCKET|KEY,...]`")
}

// Bind adds the flags of where the result goes.
func (o *Output) Bind(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&o.Tags, "tag", "t", nil, "`NAME` of the image")
	flags.StringArrayVarP(&o.Outputs, "output", "o", nil, "where the result goes: `type=TYPE[,dest=PATH][,KEY=VALUE...]`, a directory, or - for a tar")
	flags.BoolVar(&o.Push, "push", false, "push the image: --output type=registry")
	flags.BoolVar(&o.Load, "load", false, "load the image into docker or podman: --output type=docker")
	flags.StringArrayVar(&o.Labels, "label", nil, "label of the image: `NAME=VALUE`")
	flags.StringArrayVar(&o.Annotations, "annotation", nil, "annotation of the image: `[TYPE:]NAME=VALUE`")
	flags.StringArrayVar(&o.Attests, "attest", nil, "attestation: `type=TYPE[,KEY=VALUE...]`")
	flags.StringVar(&o.SBOM, "sbom", "", "attest the contents: --attest type=sbom")
	flags.StringVar(&o.Provenance, "provenance", "", "attest how it was built: --attest type=provenance (default none)")
}

// Bind adds the flags of the cache.
func (o *Cache) Bind(flags *pflag.FlagSet) {
	flags.StringArrayVar(&o.From, "cache-from", nil, "cache to read: `NAME` or type=TYPE[,KEY=VALUE...]")
	flags.StringArrayVar(&o.To, "cache-to", nil, "cache to write: `NAME` or type=TYPE[,KEY=VALUE...]")
	flags.BoolVar(&o.NoCache, "no-cache", false, "build everything again")
	flags.StringArrayVar(&o.NoCacheFilter, "no-cache-filter", nil, "layer or target `NAME` to build again")
	flags.BoolVar(&o.Pull, "pull", false, "look for newer images in the registries")
}

// Bind adds the flags of build steps.
func (o *Step) Bind(flags *pflag.FlagSet) {
	flags.StringArrayVar(&o.AddHosts, "add-host", nil, "address for build steps: `HOST:IP`")
	flags.StringArrayVar(&o.Allow, "allow", nil, "`PERMISSION` for build steps: network.host, security.insecure, device")
	flags.StringVar(&o.CgroupParent, "cgroup-parent", "", "parent cgroup of build steps")
	flags.StringVar(&o.Network, "network", "default", "network of build steps: default, none or host")
	flags.StringVar(&o.ShmSize, "shm-size", "", "`SIZE` of /dev/shm in build steps")
	flags.StringArrayVar(&o.Ulimits, "ulimit", nil, "limit for build steps: `NAME=SOFT[:HARD]`")
}

// Bind adds the flags of what is printed and written.
func (o *Report) Bind(flags *pflag.FlagSet, t cli.Terminal) {
	flags.StringVar(&o.Call, "call", "build", "`METHOD`: build, check, outline or targets; with ,format=json for JSON")
	flags.VarPF(checkFlag{&o.Call}, "check", "", "find mistakes, build nothing: --call check").NoOptDefVal = "true"
	o.BindProgress(flags, t)
	flags.BoolVarP(&o.Quiet, "quiet", "q", false, "print only the image's digest")
	flags.StringVar(&o.MetadataFile, "metadata-file", "", "`FILE` for what the exporters report, in JSON")
	flags.StringVar(&o.File, "report", "", "`FILE` for what was built, in JSON: each layer, and the images' digests")
	flags.StringVar(&o.IIDFile, "iidfile", "", "`FILE` for the image's digest")
}

// BindProgress adds --progress, which some verbs have of these flags alone.
func (o *Report) BindProgress(flags *pflag.FlagSet, t cli.Terminal) {
	progress := "auto"
	if v := t.Getenv("BUILDKIT_PROGRESS"); v != "" {
		progress = v
	}
	flags.StringVar(&o.Progress, "progress", progress, "`KIND` of progress: auto, tty, plain, quiet or rawjson")
}

// WithoutDigest is a report for builds of which none prints the image's digest: what they are
// for is printed there.
func (o Report) WithoutDigest() Report {
	if o.Quiet || o.Progress == "quiet" {
		o.Quiet, o.Progress = false, "none"
	}
	return o
}

// checkFlag is the switch --check, which sets --call.
type checkFlag struct{ call *string }

func (f checkFlag) String() string { return "" }
func (f checkFlag) Type() string   { return "bool" }

// Set turns the switch on, or leaves --call as it is.
func (f checkFlag) Set(s string) error {
	on, err := strconv.ParseBool(s)
	if err == nil && on {
		*f.call = "check"
	}
	return err
}
