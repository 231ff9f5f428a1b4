// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// helpers are programs that docker's configuration names for the passwords of registries.
func (s *site) helpers() []input {
	of := func(tries, refused, taken, script string) input {
		return input{tries, refused, taken, func(t *testing.T, b *box) error {
			registry := testenv.NewRegistry(t, testenv.RegistryOptions{User: "ann", Password: "secret"})
			other := testenv.NewRegistry(t, testenv.RegistryOptions{})
			login := *s.cli
			base := testenv.BusyboxImage(t, registry, "base:1", testenv.BusyboxTweaks{Only: "amd64"})
			dir := project(t, map[string]string{"strata.yaml": "from: " + base + "\nlayers: []\n"})
			config, programs := t.TempDir(), t.TempDir()
			must(t, os.WriteFile(filepath.Join(config, "config.json"), fmt.Appendf(nil, `{"credHelpers": {%q: "evil"}}`, registry.Host), 0o600))
			text := strings.NewReplacer("HOST", registry.Host, "OTHER", other.Host, "OUTSIDE", b.outside("x")).Replace("#!/bin/sh\n" + script + "\n")
			must(t, os.WriteFile(filepath.Join(programs, "docker-credential-evil"), []byte(text), 0o755))
			here := &site{cli: &login}
			login.Env = append(append([]string{}, s.cli.Env...), "DOCKER_CONFIG="+config, "PATH="+programs+":"+os.Getenv("PATH"))
			return here.build(t, b, dir)
		}}
	}
	const right = `{"ServerURL":"HOST","Username":"ann","Secret":"secret"}`
	return []input{
		of("the password", "", "it is what the others are made of", `echo '`+right+`'`),
		of("another password", "401", "", `echo '{"ServerURL":"HOST","Username":"ann","Secret":"wrong"}'`),
		of("the password of another host", "", "what a helper gives for a host is that host's", `echo '{"ServerURL":"OTHER","Username":"ann","Secret":"secret"}'`),
		of("garbage", "docker-credential-evil", "", "head -c 1000 /dev/urandom"),
		of("nothing", "docker-credential-evil", "", "exit 0"),
		of("a failure", "docker-credential-evil", "", "echo it is locked; exit 1"),
		of("a failure with a terminal's commands", "docker-credential-evil", "", `printf '\033]0;owned\007'; exit 1`),
		of("100 MB", "docker-credential-evil", "", "head -c 100000000 /dev/zero"),
		of("a password with a line's end", "docker-credential-evil", "", `echo '{"ServerURL":"HOST","Username":"ann","Secret":"secret\r\nX-Evil: 1"}'`),
		of("a token in place of a password", "401", "", `echo '{"ServerURL":"HOST","Username":"<token>","Secret":"secret"}'`),
		of("the end of itself by a signal", "docker-credential-evil", "", "kill -9 $$"),
	}
}
