// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"slices"
)

func buildObject() object[Build] {
	return object[Build]{
		instead: asBuild,
		span:    func(b *Build) *Range { return &b.Range },
		keys: slices.Concat([]key[Build]{
			bind("from", "Where the command runs: a reference, target:NAME, context:NAME, dockerfile:PATH#STAGE, layers or scratch.", text(checkFrom),
				func(b *Build) *String { return &b.From }),
			bind("source", "What the command finds in its working directory: a path of the context, a list of them, or a map. It can be written to, and that is thrown away.", sourcesKind(),
				func(b *Build) *[]Source { return &b.Sources }),
			runKey(func(b *Build) (*String, *[]String, *Pos) { return &b.Run, &b.Argv, &b.ArgvPos }),
			bind("shell", "The shell that the script runs in, as a list; that of from's configuration when left out.", filled(text()),
				func(b *Build) *[]String { return &b.Shell }),
			bind("errexit", "Whether a script stops at the first command that fails, in a shell that isn't named.", pointer(boolean()),
				func(b *Build) **bool { return &b.Errexit }),
			outKey(),
			bind("outputs", "Paths of the step that ship, and nothing else but $out.", filled(outputKind()),
				func(b *Build) *[]Output { return &b.Outputs }),
			bind("platform", "The platform that the command runs on.", platform(),
				func(b *Build) *String { return &b.Platform }),
			bind("workdir", "The directory that the command runs in.", text(checkPath),
				func(b *Build) *String { return &b.Workdir }),
			bind("user", "Who runs the command.", owner(),
				func(b *Build) *String { return &b.User }),
			bind("owner", "The owner of what ships: user, user:group or :group; keep leaves owners as they are in $out.", ownership(),
				func(b *Build) *String { return &b.Owner }),
			bind("env", "The command's environment variables; null removes one of from's.", removing(env()),
				func(b *Build) *[]Pair { return &b.Env }),
			bind("args", "The arguments that the command gets as variables, and no others; those that a script mentions when left out.", list(text(checkMention)),
				func(b *Build) *[]String { return &b.Args }),
			bind("mounts", "Inputs that the command can read.", list(mountObject().kind()),
				func(b *Build) *[]Mount { return &b.Mounts }),
			bind("cache", "Directories that survive from build to build, by their paths or by the name of a tool.", list(cacheKind()),
				func(b *Build) *[]Cache { return &b.Cache }),
			bind("tmpfs", "Directories in memory.", list(tmpfsKind()),
				func(b *Build) *[]Tmpfs { return &b.Tmpfs }),
			bind("secrets", "Secrets that the command sees and no layer holds.", list(secretObject().kind()),
				func(b *Build) *[]Secret { return &b.Secrets }),
			bind("ssh", "SSH agents that the command may use.", list(sshKind()),
				func(b *Build) *[]SSH { return &b.SSH }),
			bind("network", "The command's network: none, default or host.", chosen(ParseNetwork, "none", "default", "host"),
				func(b *Build) *String { return &b.Network }),
			bind("security", "The command's rights: sandbox or insecure.", chosen(ParseSecurity, "sandbox", "insecure"),
				func(b *Build) *String { return &b.Security }),
			bind("devices", "Devices of the builder that the command may use, by their CDI names.", list(deviceKind()),
				func(b *Build) *[]Device { return &b.Devices }),
			bind("deterministic", "How much of the world is cut off: false, network or strict.", deterministicKind(),
				func(b *Build) *String { return &b.Deterministic }),
		}, aboutKeys(func(b *Build) *About { return &b.About })),
	}
}

// runKey is a command: a string is a script, a list an argv.
func runKey[T any](at func(*T) (script *String, argv *[]String, pos *Pos)) key[T] {
	script, argv := text(), filled(text())
	return key[T]{
		name:   "run",
		doc:    "The command: a string is a script for the shell, a list an argv.",
		needed: true,
		schema: when(likeList().schema, argv.schema, script.schema),
		read: func(c cursor, into *T) {
			run, list, pos := at(into)
			switch {
			case c.isList():
				*list, _ = argv.read(c)
				*pos = c.span.Start
			case c.isText():
				if *run, _ = script.read(c); run.anyOf(isBlank) {
					c.fault("the script is empty")
				}
			default:
				c.want("a string or a list")
			}
		},
	}
}

// deterministicKind also takes true, which means strict.
func deterministicKind() kind[String] {
	k := chosen(ParseDeterministic, "false", "network", "strict", "true")
	read := k.read
	k.read = func(c cursor) (String, bool) {
		s, ok := read(c)
		if s.Value == "true" {
			s.Value = "strict"
		}
		for i := range s.Platforms {
			if s.Platforms[i].Value == "true" {
				s.Platforms[i].Value = "strict"
			}
		}
		return s, ok
	}
	return k
}

func checkPlatform(text string) error {
	if checkPlatformKey(text) != nil {
		return fmt.Errorf("%.40q is not a platform; write one such as linux/arm64", text)
	}
	return nil
}
