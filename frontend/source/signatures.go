// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/strategy"
)

// Signatures checks the signatures of fetched files.
type Signatures struct{ Trees *Trees }

var _ strategy.SignatureChecker = Signatures{}

// Signature is what the step that checks the signature of a file says when it runs once
// more; an error if it says nothing.
func (s Signatures) Signature(ctx context.Context, f *plan.HTTP) ([]byte, error) {
	st, err := llb.ReportSignature(f, s.Trees.lowering)
	if err != nil {
		return nil, err
	}
	return s.Trees.finder.prober.readFile(ctx, st, llb.Report)
}

// CheckSignature fetches a file and holds it to its key, as keys are today.
func (s Signatures) CheckSignature(ctx context.Context, f *plan.HTTP) error {
	today := *f
	today.Lock = ""
	st, err := llb.ReportSignature(&today, s.Trees.lowering)
	if err != nil {
		return err
	}
	if _, err := s.Trees.finder.daemon.Make(ctx, st); err != nil {
		if failed := fault.AsFetch(err); failed != nil && failed.Status != 0 {
			return fmt.Errorf("fetch %s: the server answers with status %d", printable.Address(failed.URL), failed.Status)
		}
		return err
	}
	said, err := s.Trees.finder.prober.readFile(ctx, st, llb.Report)
	switch {
	case errors.Is(fault.NotExist(err), fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return errors.New(string(said))
}
