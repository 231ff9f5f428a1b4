// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/moby/buildkit/frontend/subrequests"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/frontend/subrequests/outline"
	"github.com/moby/buildkit/frontend/subrequests/targets"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/flags"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/internal/spell"
)

// The keys of an answer to a subrequest.
const (
	answerJSON   = "result.json"
	answerText   = "result.txt"
	answerStatus = "result.statuscode"
	answerLLB    = "result.llb"
	answerWords  = "result.explain"
)

// printAnswer prints the frontend's answer to a --call. Findings of a check
// are an error with a status of their own.
func printAnswer(w io.Writer, call flags.Call, answer map[string][]byte) error {
	if err := printBody(w, call, answer); err != nil {
		return err
	}
	status, err := strconv.Atoi(string(answer[answerStatus]))
	if err == nil && status != 0 && !call.IgnoreStatus {
		return cli.Status(status)
	}
	return nil
}

func printBody(w io.Writer, call flags.Call, answer map[string][]byte) error {
	data := answer[answerJSON]
	if call.Raw {
		_, err := w.Write(answer[answerLLB])
		return err
	}
	if call.Explain {
		_, err := w.Write(answer[answerWords])
		return err
	}
	if call.JSON {
		_, err := fmt.Fprintf(w, "%s\n", data)
		return err
	}
	if call.Request == lint.RequestLint || call.Request == outline.RequestSubrequestsOutline || call.Request == targets.RequestTargets {
		faults, err := faultsOf(data)
		if err != nil {
			return err
		}
		if data, err = onLines(data); err != nil {
			return err
		}
		if call.Request == lint.RequestLint {
			return printLint(w, data, faults)
		}
	}
	switch call.Request {
	case outline.RequestSubrequestsOutline:
		return outline.PrintOutline(data, w)
	case targets.RequestTargets:
		return targets.PrintTargets(data, w)
	case subrequests.RequestSubrequestsDescribe:
		return subrequests.PrintDescribe(data, w)
	}
	_, err := w.Write(answer[answerText])
	return err
}

// faultsOf is what a check says that a build would fail with, on a line for each fault of
// the build file. The frontend has made a line of each.
func faultsOf(data []byte) (string, error) {
	var answer struct {
		Error struct {
			Message string `json:"message"`
		} `json:"buildError"`
	}
	err := json.Unmarshal(data, &answer)
	return printable.Text(answer.Error.Message), err
}

// onLines makes each text of an answer one line.
func onLines(data []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var answer any
	if err := d.Decode(&answer); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return json.Marshal(eachLine(answer))
}

func eachLine(v any) any {
	switch v := v.(type) {
	case string:
		return printable.Line(v)
	case []any:
		for i := range v {
			v[i] = eachLine(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = eachLine(v[k])
		}
	}
	return v
}

// printLint prints findings with their lines, and how many there are, or the faults that
// there are instead.
func printLint(w io.Writer, data []byte, faults string) error {
	var results lint.LintResults
	if err := json.Unmarshal(data, &results); err != nil {
		return fmt.Errorf("read the check's answer: %w", err)
	}
	if err := results.PrintTo(w, nil); err != nil {
		return fmt.Errorf("print findings: %w", err)
	}
	if results.Error != nil {
		results.Error.Message = faults
		results.PrintErrorTo(w, nil)
		return nil
	}
	var err error
	if n := len(results.Warnings); n == 0 {
		_, err = fmt.Fprintln(w, "Check complete, nothing found.")
	} else {
		_, err = fmt.Fprintf(w, "\nCheck complete, %s.\n", spell.Count(n, "warning"))
	}
	return err
}
