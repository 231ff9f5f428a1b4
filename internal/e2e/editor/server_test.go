// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package editor

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/textproto"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/strata-build/strata/internal/testenv"
)

// server is a yaml-language-server that speaks over its standard streams.
type server struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Reader
	id  int
	// said is what the server said of the documents, by their names.
	said map[string][]diagnostic
}

// message is one of the Language Server Protocol.
type message struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
}

// position counts lines and characters from 0.
type position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

// diagnostic is what an editor shows at a place.
type diagnostic struct {
	Range struct {
		Start position `json:"start"`
	} `json:"range"`
	Message string `json:"message"`
}

// startServer starts the server that hack/install installs.
func startServer(t *testing.T) *server {
	t.Helper()
	program := filepath.Join(testenv.Root(t), ".cache", "editor", "node_modules", "yaml-language-server", "bin", "yaml-language-server")
	cmd := exec.Command("node", program, "--stdio")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start yaml-language-server: %v: run hack/install", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	s := &server{t: t, in: in, out: bufio.NewReader(out), said: map[string][]diagnostic{}}
	s.ask("initialize", map[string]any{
		"processId": nil, "rootUri": nil,
		"capabilities": map[string]any{"workspace": map[string]any{"configuration": true}},
	})
	s.tell("initialized", map[string]any{})
	return s
}

// tell sends a notification.
func (s *server) tell(method string, params any) {
	s.t.Helper()
	s.send(message{Method: method, Params: params})
}

// ask sends a request and waits for its result.
func (s *server) ask(method string, params any) json.RawMessage {
	s.t.Helper()
	s.id++
	id := json.RawMessage(strconv.Itoa(s.id))
	s.send(message{ID: id, Method: method, Params: params})
	for {
		if m := s.receive(); m.Method == "" && string(m.ID) == string(id) {
			return m.Result
		}
	}
}

// open opens a document.
func (s *server) open(uri, text string) {
	s.t.Helper()
	s.tell("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "languageId": "yaml", "version": 1, "text": text}})
}

// problems waits for what the server says of a document that was opened.
func (s *server) problems(uri string) []diagnostic {
	s.t.Helper()
	for {
		if said, ok := s.said[uri]; ok {
			return said
		}
		m := s.receive()
		if m.Method != "textDocument/publishDiagnostics" {
			continue
		}
		var said struct {
			URI         string       `json:"uri"`
			Diagnostics []diagnostic `json:"diagnostics"`
		}
		s.decode(m.Params, &said)
		s.said[said.URI] = said.Diagnostics
	}
}

func (s *server) decode(from, to any) {
	s.t.Helper()
	data, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(data, to)
	}
	if err != nil {
		s.t.Fatalf("read an answer of yaml-language-server: %v", err)
	}
}

func (s *server) send(m message) {
	s.t.Helper()
	m.JSONRPC = "2.0"
	data, err := json.Marshal(m)
	if err == nil {
		_, err = fmt.Fprintf(s.in, "Content-Length: %d\r\n\r\n%s", len(data), data)
	}
	if err != nil {
		s.t.Fatalf("send to yaml-language-server: %v", err)
	}
}

// receive reads a message. Requests of the server are answered: it asks for
// settings, and gets those of a user who set nothing but that no schema is fetched by
// the name of a file.
func (s *server) receive() message {
	s.t.Helper()
	header, err := textproto.NewReader(s.out).ReadMIMEHeader()
	if err != nil {
		s.t.Fatalf("read from yaml-language-server: %v", err)
	}
	size, err := strconv.Atoi(header.Get("Content-Length"))
	if err != nil {
		s.t.Fatalf("read from yaml-language-server: %v", err)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(s.out, data); err != nil {
		s.t.Fatalf("read from yaml-language-server: %v", err)
	}
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		s.t.Fatalf("read from yaml-language-server: %v\n%s", err, data)
	}
	if m.ID != nil && m.Method != "" {
		result := json.RawMessage("null")
		if m.Method == "workspace/configuration" {
			result = json.RawMessage(`[{"schemaStore": {"enable": false}, "validate": true, "completion": true, "hover": true}, {}, {}, {}, {}]`)
		}
		s.send(message{ID: m.ID, Result: result})
	}
	return m
}
