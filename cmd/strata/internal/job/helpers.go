// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"
	"github.com/moby/buildkit/session/auth/authprovider"
)

// helperLimit is how long a program that keeps credentials may take: it may ask its user.
const helperLimit = 2 * time.Minute

// askHelpers reads docker's configuration, and names the program that keeps the credentials
// of a registry if it fails, or gives no answer.
func askHelpers(config *configfile.ConfigFile, limit time.Duration) authprovider.AuthConfigProvider {
	load := authprovider.LoadAuthConfig(config)
	return func(ctx context.Context, host string, scopes []string, expired authprovider.ExpireCachedAuthCheck) (types.AuthConfig, error) {
		name := cmp.Or(config.CredentialHelpers[host], config.CredentialsStore)
		if name == "" {
			return load(ctx, host, scopes, expired)
		}
		name = "docker-credential-" + name
		type answer struct {
			auth types.AuthConfig
			err  error
		}
		answers := make(chan answer, 1)
		go func() {
			auth, err := load(ctx, host, scopes, expired)
			answers <- answer{auth, err}
		}()
		timer := time.NewTimer(limit)
		defer timer.Stop()
		select {
		case a := <-answers:
			if a.err != nil {
				return a.auth, fmt.Errorf("ask %s for the password of %s: %w", name, host, a.err)
			}
			return a.auth, nil
		case <-timer.C:
			return types.AuthConfig{}, fmt.Errorf("ask %s for the password of %s: it gives no answer within %s", name, host, limit)
		case <-ctx.Done():
			return types.AuthConfig{}, fmt.Errorf("ask %s for the password of %s: %w", name, host, context.Cause(ctx))
		}
	}
}
