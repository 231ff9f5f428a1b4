// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// serviceTimeout is how long a service may take to start where the build file doesn't
// say; probeInterval is the time between two healthchecks: the image's interval is for
// programs that run for days.
const (
	serviceTimeout = time.Minute
	probeInterval  = time.Second
)

// planService plans the image's own program, and what it is asked.
func (r reader) planService(out *plan.Test, s *spec.Test, config *dockerspec.DockerOCIImageConfig) error {
	args := slices.Concat(config.Entrypoint, config.Cmd)
	if len(args) == 0 {
		return r.errorf(s.Range.Start, "the image has neither entrypoint nor cmd to start; set one under config")
	}
	out.Service = &plan.Service{Args: args, Timeout: serviceTimeout, StopSignal: config.StopSignal}
	if s.Wait != nil {
		if err := r.planWait(out.Service, s.Wait, config); err != nil {
			return err
		}
	}
	asked := cmp.Or(out.Service.Port, onlyPort(config))
	if s.HTTP != nil {
		if err := r.planHTTPRequest(out, s.HTTP, asked); err != nil {
			return err
		}
	}
	if s.TCP != nil {
		if err := r.planTCPRequest(out, s.TCP, asked); err != nil {
			return err
		}
	}
	if s.Wait == nil && out.HTTP != nil {
		out.Service.Port = out.HTTP.Port
	} else if s.Wait == nil && out.TCP != nil {
		out.Service.Port = out.TCP.Port
	}
	return nil
}

// onlyPort is the TCP port that the image exposes; 0 if it is not exactly one.
func onlyPort(config *dockerspec.DockerOCIImageConfig) int {
	found := 0
	for name := range config.ExposedPorts {
		number, protocol, _ := strings.Cut(name, "/")
		port, err := strconv.Atoi(number)
		if err != nil || protocol != "" && protocol != "tcp" {
			continue
		}
		if found != 0 {
			return 0
		}
		found = port
	}
	return found
}

func (r reader) planWait(out *plan.Service, w *spec.Wait, config *dockerspec.DockerOCIImageConfig) (err error) {
	out.Port = w.Port
	if out.Output, err = r.expand(w.Output); err != nil {
		return err
	}
	if w.Timeout.IsSet() {
		text, err := r.expand(w.Timeout)
		if err != nil {
			return err
		}
		if out.Timeout, err = spec.ParseDuration(text); err != nil {
			return r.errorf(w.Timeout.Pos, "%w", err)
		}
	}
	if !w.Healthcheck {
		return nil
	}
	out.Interval = probeInterval
	check := config.Healthcheck
	switch {
	case check == nil || len(check.Test) < 2:
		return r.errorf(w.Range.Start, "the image has no healthcheck to wait for; set one under config")
	case check.Test[0] == "CMD":
		out.Healthcheck = check.Test[1:]
	default:
		shell := []string{"/bin/sh", "-c"}
		if len(config.Shell) > 0 {
			shell = config.Shell
		}
		out.Healthcheck = append(slices.Clone(shell), check.Test[1])
	}
	return nil
}

func (r reader) planHTTPRequest(out *plan.Test, q *spec.HTTPRequest, asked int) error {
	made := &plan.HTTPRequest{Port: cmp.Or(q.Port, asked), Path: "/", Method: "GET", Status: cmp.Or(q.Status, 200)}
	if made.Port == 0 {
		return r.errorf(q.Range.Start, "which port is asked? the image does not expose exactly one; say `port`")
	}
	for _, f := range []struct {
		from spec.String
		to   *string
	}{{q.Path, &made.Path}, {q.Method, &made.Method}} {
		if !f.from.IsSet() {
			continue
		}
		text, err := r.expand(f.from)
		if err != nil {
			return err
		}
		*f.to = text
	}
	if !strings.HasPrefix(made.Path, "/") {
		return r.errorf(q.Path.Pos, "the path %q does not begin with /", made.Path)
	}
	for _, h := range q.Headers {
		value, err := r.expand(h.Value)
		if err != nil {
			return err
		}
		made.Headers = append(made.Headers, h.Key+"="+value)
	}
	slices.Sort(made.Headers)
	var err error
	made.Body, err = r.match(q.Body)
	out.HTTP = made
	return err
}

func (r reader) planTCPRequest(out *plan.Test, q *spec.TCPRequest, asked int) (err error) {
	made := &plan.TCPRequest{Port: cmp.Or(q.Port, asked)}
	if made.Port == 0 {
		return r.errorf(q.Range.Start, "which port is asked? the image does not expose exactly one; say `port`")
	}
	if made.Send, err = r.verbatim(q.Send); err != nil {
		return err
	}
	made.Receive, err = r.match(q.Receive)
	out.TCP = made
	return err
}

// planFiles plans what must hold of the image's files.
func (r reader) planFiles(checks []spec.FileCheck) (out []plan.FileCheck, err error) {
	for i := range checks {
		f := &checks[i]
		made := plan.FileCheck{Range: f.Range, Absent: f.Absent, Directory: f.Directory}
		if made.Path, _, err = r.dest(f.Path); err != nil {
			return nil, err
		}
		if made.Mode, err = r.mode(f.Mode); err != nil {
			return nil, err
		}
		if made.Owner, err = r.owner(f.Owner); err != nil {
			return nil, err
		}
		if f.Symlink.IsSet() {
			link, err := r.expand(f.Symlink)
			if err != nil {
				return nil, err
			}
			made.Symlink = &link
		}
		if made.Content, err = r.match(f.Content); err != nil {
			return nil, err
		}
		out = append(out, made)
	}
	return out, nil
}
