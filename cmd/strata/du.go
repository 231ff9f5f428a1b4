// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/moby/buildkit/client"
	"github.com/spf13/cobra"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/cmd/strata/internal/connect"
	"github.com/strata-build/strata/internal/printable"
)

// duOptions are the flags of "strata du".
type duOptions struct {
	connect connect.Options
	filter  []string
	verbose bool
	json    bool
}

func duCommand(t cli.Terminal) *cobra.Command {
	o := &duOptions{}
	cmd := &cobra.Command{
		Use:   "du [flags]",
		Short: "Show what the build cache takes",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDu(cmd.Context(), t, *o)
		},
	}
	cmd.Flags().StringArrayVar(&o.filter, "filter", nil, "only records that match, such as `type==regular`")
	cmd.Flags().BoolVarP(&o.verbose, "verbose", "v", false, "say what each record is")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the records as JSON")
	o.connect.Bind(cmd.Flags())
	return cmd
}

func runDu(ctx context.Context, t cli.Terminal, o duOptions) error {
	conn, err := o.connect.Resolve(t.Env)
	if err != nil {
		return err
	}
	bkc, err := conn.Dial(ctx, "")
	if err != nil {
		return err
	}
	defer bkc.Close()
	records, err := bkc.DiskUsage(ctx, client.WithFilter(o.filter))
	if err != nil {
		return fmt.Errorf("ask for disk usage: %w", err)
	}
	if o.json {
		enc := json.NewEncoder(t.Text())
		enc.SetIndent("", "  ")
		return enc.Encode(records)
	}
	return printUsage(t.Text(), records, o.verbose)
}

// printUsage prints a table of cache records and their sum.
func printUsage(w io.Writer, records []*client.UsageInfo, verbose bool) error {
	tw := tabwriter.NewWriter(w, 1, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "ID\tTYPE\tIN USE\tSIZE\tUSES"+when(verbose, "\tWHAT"))
	var total, free int64
	for _, r := range records {
		total += r.Size
		if !r.InUse {
			free += r.Size
		}
		fmt.Fprintf(tw, "%s\t%s\t%t\t%s\t%d%s\n", r.ID, r.RecordType, r.InUse, cli.Size(r.Size), r.UsageCount, when(verbose, "\t"+printable.Line(r.Description)))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "Total: %s, of which %s can be pruned\n", cli.Size(total), cli.Size(free))
	return err
}

// when is s, if it is to be printed.
func when(on bool, s string) string {
	if on {
		return s
	}
	return ""
}
