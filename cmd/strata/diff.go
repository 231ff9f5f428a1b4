// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/strata-build/strata/internal/image"
	"github.com/strata-build/strata/internal/image/diff"
)

// comparison are the words that say how images are compared.
type comparison struct {
	platform string
	ignore   []string
	json     bool
}

func (c *comparison) bind(flags *pflag.FlagSet) {
	flags.StringArrayVar(&c.ignore, "ignore", nil, "`ASPECT` of files that does not count: "+strings.Join(diff.Aspects(), ", "))
	flags.BoolVar(&c.json, "json", false, "print the differences as JSON")
}

func (c comparison) options() (o diff.Options, err error) {
	for _, aspect := range c.ignore {
		if !slices.Contains(diff.Aspects(), aspect) {
			return o, usageError(fmt.Errorf("--ignore %q: there are %s", aspect, strings.Join(diff.Aspects(), ", ")), "")
		}
	}
	o.Ignore = c.ignore
	o.Platform, err = parsePlatform(c.platform)
	return o, err
}

func diffCommand(t terminal) *cobra.Command {
	var c comparison
	var o registryOptions
	cmd := &cobra.Command{
		Use:   "diff [flags] A B",
		Short: "Show how two images differ",
		Long: `Show how two images differ: manifests, configurations, layers, and the files that
a container sees. The exit status is 3 when they do.

` + imageNotation,
		Example: "  strata diff oci:out example.org/app:1",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := parseImages(args)
			if err != nil {
				return err
			}
			opt, err := c.options()
			if err != nil {
				return err
			}
			reach, err := o.image(t)
			if err != nil {
				return err
			}
			r, err := compareImages(cmd.Context(), names[0], names[1], reach, opt)
			if err != nil {
				return err
			}
			return c.show(t.out, r)
		},
	}
	cmd.Flags().StringVar(&c.platform, "platform", "", "only the images for one `PLATFORM`")
	c.bind(cmd.Flags())
	o.bind(cmd.Flags())
	return cmd
}

func compareImages(ctx context.Context, a, b image.Name, reach image.Options, o diff.Options) (*diff.Result, error) {
	left, err := image.Open(ctx, a, reach)
	if err != nil {
		return nil, err
	}
	defer left.Close()
	right, err := image.Open(ctx, b, reach)
	if err != nil {
		return nil, err
	}
	defer right.Close()
	return diff.Compare(ctx, left, right, o)
}

// show prints the differences. That there are some is the status.
func (c comparison) show(w io.Writer, r *diff.Result) error {
	var err error
	if c.json {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		err = e.Encode(r)
	} else {
		err = r.Print(w)
	}
	if err == nil && !r.Equal() {
		err = &findings{status: exitDiffers}
	}
	return err
}
