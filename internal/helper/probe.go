// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/call"
)

const (
	// probeAgain is the time between two attempts to connect.
	probeAgain = 50 * time.Millisecond
	// probeQuiet is how long a service sends nothing until it is taken to have said all.
	probeQuiet = time.Second
	// maxAnswer is how much of an answer is kept, in bytes: enough to see that it is too
	// much.
	maxAnswer = call.MaxAnswer + 1
)

// probe asks a service of this container, as often as it takes until it listens.
func probe(c call.Probe) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.Timeout)
	defer cancel()
	answer, err := ask(ctx, c)
	if err != nil {
		answer = call.ProbeAnswer{Fault: err.Error()}
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

func ask(ctx context.Context, c call.Probe) (call.ProbeAnswer, error) {
	if c.Kind == call.ProbeHTTP {
		return askHTTP(ctx, c)
	}
	conn, err := connect(ctx, c.Port)
	if err != nil {
		return call.ProbeAnswer{}, err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return call.ProbeAnswer{}, err
	}
	if _, err := io.WriteString(conn, c.Send); err != nil {
		return call.ProbeAnswer{}, fmt.Errorf("send: %w", err)
	}
	if c.Kind == call.ProbeListen {
		return call.ProbeAnswer{}, nil
	}
	return receive(conn)
}

// connect connects to a port of localhost, by IPv4 or IPv6, once something listens there.
func connect(ctx context.Context, port int) (net.Conn, error) {
	var dialer net.Dialer
	for {
		var last error
		for _, host := range []string{"127.0.0.1", "::1"} {
			conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
			if err == nil {
				return conn, nil
			}
			last = err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("nothing listens on port %d: %w", port, last)
		case <-time.After(probeAgain):
		}
	}
}

// receive takes what comes until the service ends the connection, or sends nothing more
// for a while.
func receive(conn net.Conn) (call.ProbeAnswer, error) {
	var answer call.ProbeAnswer
	buf := make([]byte, 32<<10)
	for len(answer.Body) < maxAnswer {
		n, err := conn.Read(buf)
		answer.Body = append(answer.Body, buf[:min(n, maxAnswer-len(answer.Body))]...)
		switch {
		case errors.Is(err, io.EOF), err != nil && len(answer.Body) > 0:
			return answer, nil
		case err != nil:
			return answer, fmt.Errorf("receive: %w", err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(probeQuiet)); err != nil {
			return answer, err
		}
	}
	return answer, nil
}

// askHTTP asks by HTTP. Redirects are answers like others.
func askHTTP(ctx context.Context, c call.Probe) (call.ProbeAnswer, error) {
	client := &http.Client{
		Transport:     &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return connect(ctx, c.Port) }},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, c.Method, "http://"+net.JoinHostPort("localhost", strconv.Itoa(c.Port))+c.Path, nil)
	if err != nil {
		return call.ProbeAnswer{}, err
	}
	for _, header := range c.Headers {
		name, value, _ := strings.Cut(header, "=")
		req.Header.Add(name, value)
		if http.CanonicalHeaderKey(name) == "Host" {
			req.Host = value
		}
	}
	res, err := client.Do(req)
	if err != nil {
		return call.ProbeAnswer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return call.ProbeAnswer{}, fmt.Errorf("read the answer: %w", err)
	}
	return call.ProbeAnswer{Status: res.StatusCode, Body: body}, nil
}
