// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"github.com/docker/cli/cli/config"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/session/sshforward/sshprovider"
	"github.com/moby/buildkit/util/gitutil"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/flags"
)

const (
	// settingsLimit is how many bytes a file of settings may have.
	settingsLimit = 8 << 20
	// tokenSeed is BuildKit's file beside docker's configuration.
	tokenSeed = ".token_seed"
)

// attachSession lets the daemon ask for registry credentials, secrets and SSH
// agents while it builds.
func (j *job) attachSession(o Options) error {
	for _, name := range []string{config.ConfigFileName, tokenSeed, tokenSeed + ".lock"} {
		path := filepath.Join(config.Dir(), name)
		if fi, err := os.Stat(path); err == nil && fi.IsDir() {
			continue // which docker warns of
		}
		if err := checkBeside(path, settingsLimit); err != nil {
			return err
		}
	}
	l, err := newLogins(config.LoadDefaultConfigFile(j.terminal.Messages()))
	if err != nil {
		return err
	}
	j.logins = l
	sources, err := flags.Secrets(o.Input.Secrets)
	if err != nil {
		return cli.Usage(err, "")
	}
	store, err := flags.SecretStore(sources, j.terminal.Env, cmp.Or(o.Input.streams, new(flags.Streams)))
	if err != nil {
		return cli.Usage(err, "")
	}
	words := o.Input.SSH
	if len(words) == 0 && isGitSSH(o.Input.Context) {
		words = []string{"default"}
	}
	agents, err := flags.SSH(words)
	if err != nil {
		return cli.Usage(err, "")
	}
	ssh, err := sshprovider.NewSSHAgentProvider(agents)
	if err != nil {
		return cli.Usage(fmt.Errorf("--ssh: %w", err), "")
	}
	j.solveOpt.Session = append(j.solveOpt.Session, l, secretsprovider.NewSecretProvider(store), ssh)
	return nil
}

// isGitSSH reports whether a context is a repository that is reached by SSH.
func isGitSSH(context string) bool {
	u, err := gitutil.ParseURL(context)
	return err == nil && u.Scheme == gitutil.SSHProtocol
}
