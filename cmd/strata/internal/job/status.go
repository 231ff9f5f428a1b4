// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"github.com/moby/buildkit/client"

	"github.com/strata-build/strata/internal/printable"
)

// printableStatus is a status without what a terminal would obey. Of a step's own
// output the colors stay.
func printableStatus(s *client.SolveStatus) *client.SolveStatus {
	clean := &client.SolveStatus{}
	for _, v := range s.Vertexes {
		c := *v
		c.Name, c.Error = printable.Line(v.Name), printable.Line(v.Error)
		if v.ProgressGroup != nil {
			c.ProgressGroup = v.ProgressGroup.CloneVT()
			c.ProgressGroup.Name = printable.Line(v.ProgressGroup.Name)
		}
		clean.Vertexes = append(clean.Vertexes, &c)
	}
	for _, v := range s.Statuses {
		c := *v
		c.ID, c.Name = printable.Line(v.ID), printable.Line(v.Name)
		clean.Statuses = append(clean.Statuses, &c)
	}
	for _, l := range s.Logs {
		c := *l
		c.Data = []byte(printable.Colored(string(l.Data)))
		clean.Logs = append(clean.Logs, &c)
	}
	for _, w := range s.Warnings {
		c := *w
		c.Short, c.URL = []byte(printable.Line(string(w.Short))), printable.Line(w.URL)
		c.Detail = nil
		for _, d := range w.Detail {
			c.Detail = append(c.Detail, []byte(printable.Text(string(d))))
		}
		clean.Warnings = append(clean.Warnings, &c)
	}
	return clean
}
