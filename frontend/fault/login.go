// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"fmt"
	"strings"

	"github.com/strata-build/strata/llb/plan"
)

// Refetcher tries once more.
type Refetcher interface {
	// Refetch is why an archive of an image can't be fetched with its login.
	Refetch(ctx context.Context, p *plan.Plan, img *plan.Image, a plan.Archive) error
}

// OfSecret says which secret a step lacks, where that is what an error is about.
func OfSecret(err error, id string) error {
	if id == "" || !strings.Contains(err.Error(), "secret "+id+": not found") {
		return err
	}
	return fmt.Errorf("there is no secret %s; give it with --secret id=%s", id, id)
}

// OfLogin names the package that could not be fetched with a login, in the words that
// again finds. Errors about anything else give nil.
func OfLogin(err error, archives []plan.Archive, again func(plan.Archive) error) (plan.Archive, error) {
	if err == nil {
		return plan.Archive{}, nil
	}
	for _, a := range archives {
		if a.Login == nil {
			continue
		}
		name := strings.TrimSpace(a.Name + " " + a.Version)
		if missing := OfSecret(err, a.Login.Secret); missing != err { //nolint:errorlint // the same one
			return a, fmt.Errorf("fetch %s from %s: %w", name, a.URLs[0], missing)
		}
		if !strings.Contains(err.Error(), a.Digest) {
			continue
		}
		if said := again(a); said != nil {
			return a, fmt.Errorf("fetch %s: %w", name, said)
		}
	}
	return plan.Archive{}, nil
}

// loginFault says why a package could not be fetched with its login; nil for other
// errors.
func (e *Explainer) loginFault(ctx context.Context, err error) error {
	if e.Logins == nil {
		return nil
	}
	for _, img := range e.Plan.Images {
		for _, l := range img.Layers {
			a, said := OfLogin(err, l.Action.Fetches(), func(a plan.Archive) error { return e.Logins.Refetch(ctx, e.Plan, img, a) })
			if said != nil {
				return e.external(a.Pos, "%w", said)
			}
		}
	}
	return nil
}
