// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/atomicfile"
)

// manualCommand writes the manual pages, for those who package Strata.
func manualCommand(t cli.Terminal) *cobra.Command {
	return &cobra.Command{
		Use:   "manual DIRECTORY",
		Short: "Write the manual pages into a directory",
		Long: `Write the manual pages into a directory, one for each verb, in section 1.
Their date is that of SOURCE_DATE_EPOCH; they have none without it.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			date, err := manualDate(t.Getenv("SOURCE_DATE_EPOCH"))
			if err != nil {
				return cli.Usage(err, "")
			}
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("write manual: %w", err)
			}
			return writeManual(cmd.Root(), args[0], date)
		},
	}
}

// manualDate is the date of the pages, in seconds since 1970 or empty.
func manualDate(epoch string) (time.Time, error) {
	if epoch == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, fmt.Errorf("read SOURCE_DATE_EPOCH: %q is not a number of seconds since 1970", epoch)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// writeManual writes the page of a command and of those below it.
func writeManual(cmd *cobra.Command, dir string, date time.Time) error {
	if cmd.HasParent() && !cmd.IsAvailableCommand() {
		return nil
	}
	cmd.DisableAutoGenTag = true // it would be the day of the build
	title := strings.ToUpper(strings.ReplaceAll(cmd.CommandPath(), " ", "-"))
	var page bytes.Buffer
	header := &doc.GenManHeader{Title: title, Section: "1", Source: "strata " + ownVersion(), Manual: "Strata", Date: &date}
	if err := doc.GenMan(cmd, header, &page); err != nil {
		return fmt.Errorf("write the manual page of %s: %w", cmd.CommandPath(), err)
	}
	text := page.Bytes()
	if date.IsZero() {
		text = bytes.Replace(text, []byte(strconv.Quote(date.Format("Jan 2006"))), []byte(`""`), 1)
	}
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
	if err := atomicfile.Replace(filepath.Join(dir, name), text, 0o644); err != nil {
		return fmt.Errorf("write the manual page of %s: %w", cmd.CommandPath(), err)
	}
	for _, below := range cmd.Commands() {
		if err := writeManual(below, dir, date); err != nil {
			return err
		}
	}
	return nil
}
