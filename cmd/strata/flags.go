// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strconv"

	"github.com/spf13/pflag"
)

// buildOptions are the words of a build's command line.
type buildOptions struct {
	connection

	context string
	file    string
	target  string
	all     bool

	platforms []string
	buildArgs []string
	contexts  []string
	secrets   []string
	ssh       []string

	tags        []string
	outputs     []string
	labels      []string
	annotations []string
	attests     []string
	sbom        string
	provenance  string
	push        bool
	load        bool

	cacheFrom     []string
	cacheTo       []string
	noCache       bool
	noCacheFilter []string
	pull          bool

	addHosts     []string
	allow        []string
	cgroupParent string
	network      string
	shmSize      string
	ulimits      []string

	call         string
	progress     string
	quiet        bool
	metadataFile string
	iidFile      string
	report       string
	// table says to show what was built when the progress is shown.
	table bool
}

// bind adds the flags of a build. Their names are buildx's.
func (o *buildOptions) bind(flags *pflag.FlagSet, t terminal) {
	flags.SortFlags = false
	o.bindInput(flags, t)
	flags.Lookup("target").Usage = "`TARGET` to build; several, with commas, are built together"
	flags.BoolVar(&o.all, "all", false, "build every target together")
	o.bindOutput(flags)
	o.bindCache(flags)
	o.bindStep(flags)
	o.bindReport(flags, t)
	o.connection.bind(flags)
}

func (o *buildOptions) bindInput(flags *pflag.FlagSet, t terminal) {
	var platforms []string
	if v := t.getenv("DOCKER_DEFAULT_PLATFORM"); v != "" {
		platforms = []string{v}
	}
	flags.StringVarP(&o.file, "file", "f", "", "build `FILE` (default PATH/strata.yaml; - is the standard input)")
	flags.StringVar(&o.target, "target", "", "target to build")
	flags.StringArrayVar(&o.platforms, "platform", platforms, "`PLATFORM` to build for, such as linux/arm64; several make an index")
	flags.StringArrayVar(&o.buildArgs, "build-arg", nil, "argument of the build file: `NAME[=VALUE]`")
	flags.StringArrayVar(&o.contexts, "build-context", nil, "named context: `NAME=VALUE`, a folder, address, docker-image://, oci-layout://, or an image such as oci-archive:FILE")
	flags.StringArrayVar(&o.secrets, "secret", nil, "secret for build steps: `id=ID[,src=PATH|,env=NAME]`")
	flags.StringArrayVar(&o.ssh, "ssh", nil, "SSH agent or keys for build steps: `ID[=SOCKET|KEY,...]`")
}

func (o *buildOptions) bindOutput(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&o.tags, "tag", "t", nil, "`NAME` of the image")
	flags.StringArrayVarP(&o.outputs, "output", "o", nil, "where the result goes: `type=TYPE[,dest=PATH][,KEY=VALUE...]`, a folder, or - for a tar")
	flags.BoolVar(&o.push, "push", false, "push the image: --output type=registry")
	flags.BoolVar(&o.load, "load", false, "load the image into docker or podman: --output type=docker")
	flags.StringArrayVar(&o.labels, "label", nil, "label of the image: `NAME=VALUE`")
	flags.StringArrayVar(&o.annotations, "annotation", nil, "annotation of the image: `[TYPE:]NAME=VALUE`")
	flags.StringArrayVar(&o.attests, "attest", nil, "attestation: `type=TYPE[,KEY=VALUE...]`")
	flags.StringVar(&o.sbom, "sbom", "", "attest the contents: --attest type=sbom")
	flags.StringVar(&o.provenance, "provenance", "", "attest how it was built: --attest type=provenance (default none)")
}

func (o *buildOptions) bindCache(flags *pflag.FlagSet) {
	flags.StringArrayVar(&o.cacheFrom, "cache-from", nil, "cache to read: `NAME` or type=TYPE[,KEY=VALUE...]")
	flags.StringArrayVar(&o.cacheTo, "cache-to", nil, "cache to write: `NAME` or type=TYPE[,KEY=VALUE...]")
	flags.BoolVar(&o.noCache, "no-cache", false, "build everything anew")
	flags.StringArrayVar(&o.noCacheFilter, "no-cache-filter", nil, "layer or target `NAME` to build anew")
	flags.BoolVar(&o.pull, "pull", false, "look for newer images in the registries")
}

func (o *buildOptions) bindStep(flags *pflag.FlagSet) {
	flags.StringArrayVar(&o.addHosts, "add-host", nil, "address for build steps: `HOST:IP`")
	flags.StringArrayVar(&o.allow, "allow", nil, "`PERMISSION` for build steps: network.host, security.insecure, device")
	flags.StringVar(&o.cgroupParent, "cgroup-parent", "", "parent cgroup of build steps")
	flags.StringVar(&o.network, "network", "default", "network of build steps: default, none or host")
	flags.StringVar(&o.shmSize, "shm-size", "", "`SIZE` of /dev/shm in build steps")
	flags.StringArrayVar(&o.ulimits, "ulimit", nil, "limit for build steps: `NAME=SOFT[:HARD]`")
}

func (o *buildOptions) bindReport(flags *pflag.FlagSet, t terminal) {
	progress := "auto"
	if v := t.getenv("BUILDKIT_PROGRESS"); v != "" {
		progress = v
	}
	flags.StringVar(&o.call, "call", "build", "`METHOD`: build, check, outline or targets; with ,format=json for JSON")
	flags.VarPF(checkFlag{&o.call}, "check", "", "find faults, build nothing: --call check").NoOptDefVal = "true"
	flags.StringVar(&o.progress, "progress", progress, "`KIND` of progress: auto, tty, plain, quiet or rawjson")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "print only the image's digest")
	flags.StringVar(&o.metadataFile, "metadata-file", "", "`FILE` for what the exporters say of the result, in JSON")
	flags.StringVar(&o.report, "report", "", "`FILE` for what was built, in JSON: each layer, and the images' digests")
	flags.StringVar(&o.iidFile, "iidfile", "", "`FILE` for the image's digest")
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
