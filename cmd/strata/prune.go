// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"
	"github.com/moby/buildkit/client"
	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/connect"
)

// pruneOptions are the flags of "strata prune".
type pruneOptions struct {
	connect      connect.Options
	all          bool
	filter       []string
	keepDuration time.Duration
	keepStorage  string
}

func pruneCommand(t cli.Terminal) *cobra.Command {
	o := &pruneOptions{}
	cmd := &cobra.Command{
		Use:   "prune [flags]",
		Short: "Remove what the build cache does not need",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPrune(cmd.Context(), t, *o)
		},
	}
	cmd.Flags().BoolVarP(&o.all, "all", "a", false, "also remove what BuildKit keeps for itself")
	cmd.Flags().StringArrayVar(&o.filter, "filter", nil, "only records that match, such as `type==regular`")
	cmd.Flags().DurationVar(&o.keepDuration, "keep-duration", 0, "keep what was used within this `TIME`")
	cmd.Flags().StringVar(&o.keepStorage, "keep-storage", "", "keep this much, the latest used: a `SIZE` such as 10gb")
	o.connect.Bind(cmd.Flags())
	return cmd
}

func runPrune(ctx context.Context, t cli.Terminal, o pruneOptions) error {
	conn, err := o.connect.Resolve(t.Env)
	if err != nil {
		return err
	}
	opts, err := o.options()
	if err != nil {
		return cli.Usage(err, "")
	}
	bkc, err := conn.Dial(ctx, "")
	if err != nil {
		return err
	}
	defer bkc.Close()

	records := make(chan client.UsageInfo)
	failed := make(chan error, 1)
	go func() {
		defer close(records)
		failed <- bkc.Prune(ctx, records, opts...)
	}()
	if err := printPruned(t.Text(), records); err != nil {
		return err
	}
	if err := <-failed; err != nil {
		return fmt.Errorf("prune: %w", err)
	}
	return nil
}

func (o pruneOptions) options() ([]client.PruneOption, error) {
	var keep int64
	if o.keepStorage != "" {
		n, err := units.FromHumanSize(o.keepStorage)
		if err != nil {
			return nil, fmt.Errorf("--keep-storage %q is not a size such as 500mb or 10gb", o.keepStorage)
		}
		keep = n
	}
	opts := []client.PruneOption{client.WithFilter(o.filter), client.WithKeepOpt(o.keepDuration, 0, keep, 0)}
	if o.all {
		opts = append(opts, client.PruneAll)
	}
	return opts, nil
}

// printPruned prints what is removed and its sum. It reads to the end even when
// writing fails.
func printPruned(w io.Writer, records <-chan client.UsageInfo) error {
	tw := tabwriter.NewWriter(w, 1, 8, 2, ' ', 0)
	var total int64
	for r := range records {
		total += r.Size
		fmt.Fprintf(tw, "%s\t%s\n", r.ID, cli.Size(r.Size))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "Total: %s\n", cli.Size(total))
	return err
}
