// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/docker/cli/cli/config"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/session/sshforward/sshprovider"
	"github.com/moby/buildkit/util/gitutil"

	"github.com/strata-build/strata/internal/flags"
)

// attachSession lets the daemon ask for registry credentials, secrets and SSH
// agents while it builds.
func (j *job) attachSession(o buildOptions) error {
	auth, err := newLogins(config.LoadDefaultConfigFile(j.terminal.err))
	if err != nil {
		return err
	}
	j.logins = auth
	sources, err := flags.Secrets(o.secrets)
	if err != nil {
		return usageError(err, "")
	}
	store, err := secretsprovider.NewStore(sources)
	if err != nil {
		return usageError(fmt.Errorf("--secret: %w", err), "")
	}
	agents := flags.SSH(o.ssh)
	if len(agents) == 0 && isGitSSH(o.context) {
		agents = flags.SSH([]string{"default"})
	}
	ssh, err := sshprovider.NewSSHAgentProvider(agents)
	if err != nil {
		return usageError(fmt.Errorf("--ssh: %w", err), "")
	}
	j.solveOpt.Session = append(j.solveOpt.Session, auth, secretsprovider.NewSecretProvider(store), ssh)
	return nil
}

// isGitSSH reports whether a context is a repository that only SSH reaches.
func isGitSSH(context string) bool {
	u, err := gitutil.ParseURL(context)
	return err == nil && u.Scheme == gitutil.SSHProtocol
}
