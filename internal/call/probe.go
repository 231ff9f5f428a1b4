// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package call

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// What [Probe] takes.
const (
	ProbeUsage = ProbeName + " [--timeout DURATION] [--method METHOD] [--header NAME=VALUE]... [--send BASE64] listen|http|tcp PORT [PATH]"

	// ProbeName is what the subcommand is called that asks a service.
	ProbeName = "probe"
)

// The kinds of a [Probe].
const (
	// ProbeListen waits until something listens on the port, and waits for no answer to
	// what it sends.
	ProbeListen = "listen"
	// ProbeHTTP asks by HTTP.
	ProbeHTTP = "http"
	// ProbeTCP sends a text and receives what comes back.
	ProbeTCP = "tcp"
)

// MaxAnswer is how many bytes of an answer count.
const MaxAnswer = 1 << 20

// Probe asks a service that runs in the same container. It writes a [ProbeAnswer] as
// JSON to the standard output.
type Probe struct {
	// Kind is ProbeListen, ProbeHTTP or ProbeTCP.
	Kind string
	// Port is a TCP port of localhost.
	Port int
	// Timeout is how long the answer may take.
	Timeout time.Duration
	// Method, Path and Headers (NAME=VALUE) are those of an HTTP request.
	Method, Path string
	Headers      []string
	// Send is sent once a connection stands. As an argument it is in base64: no argument
	// holds a zero byte.
	Send string
}

// ProbeAnswer is what a service answered.
type ProbeAnswer struct {
	// Status is that of an HTTP answer, or the exit status of a command.
	Status int `json:"status,omitempty"`
	// Body is the answer's text, or what a command printed; of more than [MaxAnswer]
	// bytes one more than that.
	Body []byte `json:"body,omitempty"`
	// Stderr is what a command printed to its standard error.
	Stderr []byte `json:"stderr,omitempty"`
	// Fault says why there is no answer; empty if there is one.
	Fault string `json:"fault,omitempty"`
}

// Args are the helper's arguments.
func (c Probe) Args() []string {
	args := slices.Concat([]string{ProbeName, "--timeout", c.Timeout.String()}, Value("method", c.Method), Each("header", c.Headers), Value("send", base64.StdEncoding.EncodeToString([]byte(c.Send))),
		[]string{"--", c.Kind, strconv.Itoa(c.Port)})
	if c.Path != "" {
		args = append(args, c.Path)
	}
	return args
}

// ParseProbe reads the arguments after the name.
func ParseProbe(args []string) (Probe, error) {
	var c Probe
	set := Flags(ProbeName)
	set.DurationVar(&c.Timeout, "timeout", time.Minute, "")
	set.StringVar(&c.Method, "method", "", "")
	set.Var((*List)(&c.Headers), "header", "")
	set.Func("send", "", func(word string) error {
		data, err := base64.StdEncoding.DecodeString(word)
		c.Send = string(data)
		return err
	})
	if err := Parse(set, args, 2, 3); err != nil {
		return c, err
	}
	c.Kind, c.Path = set.Arg(0), set.Arg(2)
	port, err := strconv.ParseUint(set.Arg(1), 10, 16)
	switch {
	case err != nil:
		return c, &ArgumentsError{ProbeName, fmt.Errorf("port: %w", err)}
	case !slices.Contains([]string{ProbeListen, ProbeHTTP, ProbeTCP}, c.Kind):
		return c, &ArgumentsError{ProbeName, fmt.Errorf("kind %q: want listen, http or tcp", c.Kind)}
	}
	c.Port = int(port)
	return c, nil
}
