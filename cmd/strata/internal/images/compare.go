// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/diff"
)

// Comparison says how images are compared, and how the result is printed.
type Comparison struct {
	// Platform is the only one that is compared; empty for all.
	Platform string
	// Ignore are the aspects of files that do not count.
	Ignore []string
	// JSON prints the differences as JSON.
	JSON bool
}

// Bind adds the flags of a command that compares images.
func (c *Comparison) Bind(flags *pflag.FlagSet) {
	flags.StringArrayVar(&c.Ignore, "ignore", nil, "`ASPECT` of files that does not count: "+strings.Join(diff.Aspects(), ", "))
	flags.BoolVar(&c.JSON, "json", false, "print the differences as JSON")
}

// Options are the same for package diff.
func (c Comparison) Options() (o diff.Options, err error) {
	for _, aspect := range c.Ignore {
		if !slices.Contains(diff.Aspects(), aspect) {
			return o, cli.Usage(fmt.Errorf("--ignore %q: there are %s", aspect, strings.Join(diff.Aspects(), ", ")), "")
		}
	}
	o.Ignore = c.Ignore
	o.Platform, err = ParsePlatform(c.Platform)
	return o, err
}

// Compare opens two images and compares them.
func Compare(ctx context.Context, a, b image.Name, opt image.Options, o diff.Options) (*diff.Result, error) {
	opt.Platform = o.Platform
	left, err := image.Open(ctx, a, opt)
	if err != nil {
		return nil, err
	}
	defer left.Close()
	right, err := image.Open(ctx, b, opt)
	if err != nil {
		return nil, err
	}
	defer right.Close()
	return diff.Compare(ctx, left, right, o)
}

// Print prints the differences, and returns the status if there are any.
func (c Comparison) Print(w io.Writer, r *diff.Result) error {
	var err error
	if c.JSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		err = e.Encode(r)
	} else {
		err = r.Print(w)
	}
	if err == nil && !r.Equal() {
		err = cli.Status(cli.StatusDiffers)
	}
	return err
}
