// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"time"

	"github.com/strata-build/strata/llb/spec"
)

// Test is what must hold of the finished image.
type Test struct {
	Name  string     `json:"name,omitempty"`
	Range spec.Range `json:"-"`
	// Args are the command; none where the test has no command.
	Args []string `json:"args,omitempty"`
	// Env is the whole environment, as KEY=value, of the command and the service.
	Env     []string `json:"env"`
	User    string   `json:"user,omitempty"`
	Workdir string   `json:"workdir"`
	// Exit is the exit status that the command must have.
	Exit int `json:"exit"`
	// Stdout and Stderr are conditions on the command's streams; nil for none.
	Stdout *Match `json:"stdout,omitempty"`
	Stderr *Match `json:"stderr,omitempty"`
	// Service is the image's own program, beside which all else happens; nil if it isn't
	// started.
	Service *Service `json:"service,omitempty"`
	// HTTP and TCP are what the service is asked; nil for nothing.
	HTTP *HTTPRequest `json:"http_request,omitempty"`
	TCP  *TCPRequest  `json:"tcp_request,omitempty"`
	// Files are what the image must have.
	Files []FileCheck `json:"files,omitempty"`
}

// Service is a program that is started for a test.
type Service struct {
	Args []string `json:"args"`
	// Port is a TCP port that it must listen on; 0 for none.
	Port int `json:"port,omitempty"`
	// Output is a part of what it must print; empty for none.
	Output string `json:"output,omitempty"`
	// Healthcheck is a command that must succeed; none where it isn't waited for, and
	// Interval is the time between two tries.
	Healthcheck []string      `json:"healthcheck,omitempty"`
	Interval    time.Duration `json:"interval,omitempty"`
	// Timeout is how long all of these, and each answer, may take.
	Timeout time.Duration `json:"timeout"`
	// StopSignal ends it.
	StopSignal string `json:"stop_signal,omitempty"`
}

// HTTPRequest is what a service is asked by HTTP, and what it must answer.
type HTTPRequest struct {
	Port    int      `json:"port"`
	Path    string   `json:"path"`
	Method  string   `json:"method"`
	Headers []string `json:"headers,omitempty"` // as NAME=VALUE
	Status  int      `json:"status"`
	Body    *Match   `json:"body,omitempty"`
}

// TCPRequest is what is sent to a service, and what it must send back.
type TCPRequest struct {
	Port    int    `json:"port"`
	Send    string `json:"send,omitempty"`
	Receive *Match `json:"receive,omitempty"`
}

// FileCheck is what must hold of a path.
type FileCheck struct {
	Range     spec.Range `json:"-"`
	Path      string     `json:"path"`
	Absent    bool       `json:"absent,omitempty"`
	Directory bool       `json:"directory,omitempty"`
	Mode      *Mode      `json:"mode,omitempty"`
	Owner     *Owner     `json:"owner,omitempty"`
	// Symlink is what a link says; nil where it need not be one.
	Symlink *string `json:"symlink,omitempty"`
	Content *Match  `json:"content,omitempty"`
}

// Match is a condition on a text; all that are not nil must hold.
type Match struct {
	Equals   *string `json:"equals,omitempty"`
	Contains *string `json:"contains,omitempty"`
	// Matches is a regular expression in Go's syntax.
	Matches *string `json:"matches,omitempty"`
}
