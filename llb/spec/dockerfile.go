// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import "strings"

// An instruction is what a word means that those who write Dockerfiles know.
type instruction struct {
	word string
	// here says how the build file has it.
	here string
}

// instructions are those of Dockerfiles, with what stands for each in a build file.
func instructions() []instruction {
	return []instruction{
		{"add", `write files: [{dest: /dir/, source: path}], with url or git for what isn't in the context, and extract: true for an archive`},
		{"arg", `arguments stand in args, at the top of the build file`},
		{"cmd", `the image's command is config.cmd`},
		{"copy", `write files: [{dest: /dir/, source: path}]; from: takes another image, target or context`},
		{"entrypoint", `the image's entrypoint is config.entrypoint`},
		{"env", `variables of the image stand in config.env, those of one command in build.env`},
		{"expose", `ports stand in config.expose`},
		{"from", `the base stands in from, beside layers; another stage is a target below targets`},
		{"healthcheck", `the image's check is config.healthcheck`},
		{"label", `labels stand in config.labels`},
		{"maintainer", `write config: {labels: {org.opencontainers.image.authors: NAME}}`},
		{"onbuild", `triggers for Dockerfiles that have this image as their base stand in config.onbuild`},
		{"run", `write build: {run: COMMAND}`},
		{"shell", `what a script runs in is build.shell, and config.shell is the image's`},
		{"stopsignal", `the image's signal is config.stop_signal`},
		{"user", `the image's user is config.user, that of one command is build.user`},
		{"volume", `volumes stand in config.volumes`},
		{"workdir", `the image's directory is config.workdir, that of one command is build.workdir`},
	}
}

// inDockerfiles says what a word stands for that is an instruction, or the key of a
// configuration, in the place of a layer or at the top.
func inDockerfiles(word string) string {
	word = strings.ToLower(word)
	for _, i := range instructions() {
		if i.word == word || i.word+"s" == word {
			return i.here
		}
	}
	for _, key := range configObject().shape().names() {
		if key == word {
			return "it stands in config"
		}
	}
	return ""
}

// asLayer is inDockerfiles for the place of a layer, where the word may begin a line.
func asLayer(text string) string {
	word, _, _ := strings.Cut(text, " ")
	return inDockerfiles(word)
}

// asTarget is inDockerfiles beside layers.
func asTarget(word string) string {
	here := inDockerfiles(word)
	if layer, ok := strings.CutPrefix(here, "write "); ok && !strings.HasPrefix(layer, "config") {
		return "it is a layer: below layers, write - " + layer
	}
	if here != "" {
		return here
	}
	return flagOf(word, []instruction{
		{"stages", `stages are called targets here`},
		{"stage", `a stage is a target below targets here`},
		{"image", `the base is called from here, and the image's names are tags`},
		{"base", `the base is called from here`},
		{"steps", `steps are called layers here`},
		{"services", `it looks like a compose file, which has a build file's path in build.dockerfile`},
		{"environment", `variables of the image stand in config.env`},
		{"ports", `ports stand in config.expose`},
		{"command", `the image's command is config.cmd`},
	})
}

// asConfig says what keys of an image's configuration are called that other tools write in
// other words.
func asConfig(word string) string {
	return flagOf(word, []instruction{
		{"workingdir", `it is called workdir here`},
		{"environment", `it is called env here`},
		{"command", `it is called cmd here`},
		{"ports", `it is called expose here`},
		{"exposedports", `it is called expose here`},
		{"annotations", `annotations stand beside config`},
	})
}

// asDocument is asTarget for the top level, where all of a Dockerfile may stand.
func asDocument(text string) string {
	word, _, more := strings.Cut(text, " ")
	if more && word == strings.ToUpper(word) && inDockerfiles(word) != "" {
		return `it looks like a Dockerfile, which a build file takes by from: "dockerfile:PATH"`
	}
	return asTarget(word)
}

// asFile says what a flag of COPY and ADD is called in an entry of files.
func asFile(word string) string {
	return flagOf(word, []instruction{
		{"chown", `it is called owner here`},
		{"chmod", `it is called mode here`},
		{"src", `it is called source here`},
		{"dst", `it is called dest here`},
		{"target", `it is called dest here`},
		{"destination", `it is called dest here`},
		{"path", `where it goes is dest, and what it is made of source, content, url or git`},
		{"parents", `write the path in dest; directories on the way are made`},
		{"keepgitdir", `add ?keep-git-dir=true to the address in git`},
		{"unpack", `it is called extract here`},
		{"copy", `it is called source here`},
		{"add", `it is called source here; what isn't in the context is url or git`},
		{"to", `it is called dest here`},
		{"user", `it is called owner here`},
		{"permissions", `it is called mode here`},
	})
}

// asPackageFile says how a map among the names of packages has what others call
// otherwise.
func asPackageFile(word string) string {
	return flagOf(word, []instruction{
		{"target", `write from: target:NAME`},
		{"context", `write from: context:NAME`},
		{"image", `it is called from here`},
		{"path", `it is called source here`},
		{"file", `it is called source here`},
		{"src", `it is called source here`},
		{"name", `a package of an archive is a name alone, name=version for one version`},
		{"version", `a package of an archive is a name alone, name=version for one version`},
		{"sha256", `write checksum: "sha256:…"`},
		{"digest", `it is called checksum here`},
	})
}

// asBuild says what flags of RUN, and keys of other tools, are called in a build.
func asBuild(word string) string {
	return flagOf(word, []instruction{
		{"mount", `write mounts, cache, tmpfs, secrets or ssh, by the type of the mount`},
		{"script", `it is called run here`},
		{"command", `it is called run here`},
		{"environment", `it is called env here`},
		{"volumes", `write mounts for what the command reads, and cache for what survives`},
		{"copy", `it is called source here`},
		{"image", `it is called from here`},
		{"dockerfile", `write from: "dockerfile:PATH"`},
		{"context", `write source for a part of the build context, or mounts for another one`},
	})
}

// asUser says what flags of useradd and adduser are called here.
func asUser(word string) string {
	return flagOf(word, []instruction{
		{"id", `it is called uid here`},
		{"gid", `it is called group here, a number or a name`},
		{"primarygroup", `it is called group here`},
		{"ingroup", `it is called group here`},
		{"homedir", `it is called home here`},
		{"gecos", `it is called comment here`},
		{"createhome", `home is made; a user with system: true has none`},
		{"nocreatehome", `a user with system: true has no home`},
		{"password", `passwords are locked; let the container set one when it starts`},
	})
}

// asGroup says what flags of groupadd and addgroup are called here.
func asGroup(word string) string {
	return flagOf(word, []instruction{
		{"id", `it is called gid here`},
		{"users", `they are called members here`},
	})
}

// flagOf finds a word without what other tools put between its parts.
func flagOf(word string, among []instruction) string {
	word = strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(word))
	for _, i := range among {
		if i.word == word {
			return i.here
		}
	}
	return ""
}
