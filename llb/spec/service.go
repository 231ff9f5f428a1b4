// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"net/http"
	"strings"
)

// Wait is what shows that the image's program has started; all that are set must come.
type Wait struct {
	Range Range
	// Port is a TCP port that it listens on; 0 for none.
	Port int
	// Output is a part of what it prints.
	Output String
	// Healthcheck says that the image's healthcheck must succeed.
	Healthcheck bool
	// Timeout is how long it may take, as 30s; a minute if it isn't set.
	Timeout String
}

// HTTPRequest is what a program is asked by HTTP, and what it must answer.
type HTTPRequest struct {
	Range Range
	// Port is 0 for the one that is waited for, or that the image exposes.
	Port int
	// Path may have a query; it is / if it isn't set, and Method GET.
	Path, Method String
	Headers      []Pair
	// Status is the status that it must answer with; 0 is 200.
	Status int
	// Body is a condition on what it answers; nil for none.
	Body *Match
}

// TCPRequest is what is sent to a program, and what it must send back.
type TCPRequest struct {
	Range Range
	// Port is 0 for the one that is waited for, or that the image exposes.
	Port int
	// Send is sent once the connection stands.
	Send String
	// Receive is a condition on what comes back; nil for none.
	Receive *Match
}

// FileCheck is what must hold of a path in the image.
type FileCheck struct {
	Range Range
	Path  String
	// Absent says that nothing is there.
	Absent bool
	// Directory says that a directory is there.
	Directory bool
	// Mode and Owner are as in a files layer; not set for any.
	Mode, Owner String
	// Symlink is what a link says.
	Symlink String
	// Content is a condition on a file's text; nil for none.
	Content *Match
}

// serviceKeys are the keys of a test that are about the image's program.
func serviceKeys() []key[Test] {
	return []key[Test]{
		bind("start", "Start the image's own entrypoint and cmd, and end them after the test.", boolean(),
			func(t *Test) *bool { return &t.Start }),
		bind("wait", "What shows that the program has started; without it, that it listens on the port that it is asked at.", pointer(waitObject().kind()),
			func(t *Test) **Wait { return &t.Wait }),
		bind("http", "Ask the program by HTTP.", pointer(httpObject().kind()),
			func(t *Test) **HTTPRequest { return &t.HTTP }),
		bind("tcp", "Connect to the program.", pointer(tcpObject().kind()),
			func(t *Test) **TCPRequest { return &t.TCP }),
	}
}

func port() kind[int] { return number(1, 65535) }

func waitObject() object[Wait] {
	return object[Wait]{
		span: func(w *Wait) *Range { return &w.Range },
		keys: []key[Wait]{
			bind("port", "A TCP port that it listens on.", port(),
				func(w *Wait) *int { return &w.Port }),
			bind("output", "A part of what it prints.", text(),
				func(w *Wait) *String { return &w.Output }),
			bind("healthcheck", "The image's healthcheck succeeds.", boolean(),
				func(w *Wait) *bool { return &w.Healthcheck }),
			bind("timeout", "How long it may take, as 30s; a minute when left out.", duration(),
				func(w *Wait) *String { return &w.Timeout }),
		},
	}
}

func httpObject() object[HTTPRequest] {
	return object[HTTPRequest]{
		span: func(r *HTTPRequest) *Range { return &r.Range },
		keys: []key[HTTPRequest]{
			bind("path", "The path, with a query if need be; / when left out.", formed(text(checkRequestPath), schema{"type": "string", "pattern": "^[/$]", "errorMessage": "want a path that begins with /"}),
				func(r *HTTPRequest) *String { return &r.Path }),
			bind("port", "The port; the one that is waited for, or that the image exposes, when left out.", port(),
				func(r *HTTPRequest) *int { return &r.Port }),
			bind("method", "The method; GET when left out.", text(checkMethod),
				func(r *HTTPRequest) *String { return &r.Method }),
			bind("headers", "Header fields of the request.", labels("header"),
				func(r *HTTPRequest) *[]Pair { return &r.Headers }),
			bind("status", "The status that it must answer with; 200 when left out.", number(100, 599),
				func(r *HTTPRequest) *int { return &r.Status }),
			bind("body", "Conditions on what it answers.", pointer(matchObject().kind()),
				func(r *HTTPRequest) **Match { return &r.Body }),
		},
	}
}

func checkRequestPath(p string) error {
	if !strings.HasPrefix(p, "/") {
		return fmt.Errorf("%q does not begin with /", p)
	}
	return nil
}

// checkMethod lets net/http say what a method is.
func checkMethod(name string) error {
	if _, err := http.NewRequest(name, "http://localhost/", nil); err != nil || name == "" { //nolint:noctx // it is not sent
		return fmt.Errorf("%q is not an HTTP method", name)
	}
	return nil
}

func tcpObject() object[TCPRequest] {
	return object[TCPRequest]{
		span: func(r *TCPRequest) *Range { return &r.Range },
		keys: []key[TCPRequest]{
			bind("port", "The port; the one that is waited for, or that the image exposes, when left out.", port(),
				func(r *TCPRequest) *int { return &r.Port }),
			bind("send", "What is sent once the connection stands.", text(),
				func(r *TCPRequest) *String { return &r.Send }),
			bind("receive", "Conditions on what comes back until the program ends the connection, or sends no more for a second.", pointer(matchObject().kind()),
				func(r *TCPRequest) **Match { return &r.Receive }),
		},
	}
}

func fileCheckObject() object[FileCheck] {
	return object[FileCheck]{
		span: func(f *FileCheck) *Range { return &f.Range },
		keys: []key[FileCheck]{
			bind("path", "A path in the image; a link is not followed.", absolute(),
				func(f *FileCheck) *String { return &f.Path }).must(),
			bind("absent", "Nothing is there.", boolean(),
				func(f *FileCheck) *bool { return &f.Absent }),
			bind("directory", "It is a directory.", boolean(),
				func(f *FileCheck) *bool { return &f.Directory }),
			bind("mode", "The permission bits, as 0644.", fileMode(),
				func(f *FileCheck) *String { return &f.Mode }),
			bind("owner", "Who it belongs to: user or user:group.", owner(),
				func(f *FileCheck) *String { return &f.Owner }),
			bind("symlink", "It is a link that says this.", text(),
				func(f *FileCheck) *String { return &f.Symlink }),
			bind("content", "Conditions on its text.", pointer(matchObject().kind()),
				func(f *FileCheck) **Match { return &f.Content }),
		},
		check: func(c cursor, f *FileCheck) {
			if f.Absent && len(c.node.pairs) > 2 {
				c.fault("says that nothing is there, and what is there")
			}
		},
	}
}
