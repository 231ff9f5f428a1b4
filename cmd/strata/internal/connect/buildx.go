// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package connect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/cli/cli/connhelper/commandconn"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
	"github.com/strata-build/strata/internal/spell"
)

// bootTimeout is how long a builder may take to answer: buildx may have to pull an image
// and start a container or a pod first.
const bootTimeout = 10 * time.Minute

// buildx is the command that runs buildx: docker with its plugin, or buildx by itself.
func buildx() ([]string, error) {
	for _, command := range [][]string{{"docker", "buildx"}, {"docker-buildx"}, {"buildx"}} {
		if path, err := exec.LookPath(command[0]); err == nil {
			return append([]string{path}, command[1:]...), nil
		}
	}
	return nil, errors.New("neither docker nor buildx is in PATH")
}

// builder is one of buildx's builders.
type builder struct {
	// name is empty for the current one.
	name string
	// command runs buildx.
	command []string
}

// findBuilder finds buildx; whether the builder is there shows when it is asked.
func findBuilder(name string) (*builder, error) {
	b := &builder{name: name}
	var err error
	if b.command, err = buildx(); err != nil {
		hint := "install docker with buildx, or name a BuildKit daemon with --addr or BUILDKIT_HOST"
		return nil, cli.Hint(fmt.Errorf("%s needs docker buildx: %w", b, err), hint)
	}
	return b, nil
}

// String names the builder in messages.
func (b *builder) String() string {
	if b.name == "" {
		return "the current builder of docker buildx"
	}
	return fmt.Sprintf("the builder %q of docker buildx", b.name)
}

// dial connects to the node that buildx takes for a platform, or to the first when it is
// empty. buildx starts it if it doesn't run.
func (b *builder) dial(ctx context.Context, platform string) (*client.Client, error) {
	// An empty platform takes the place of the one in the environment, which may be several.
	args := slices.Concat(b.command[1:], []string{"dial-stdio", "--builder", b.name, "--platform", platform})
	heard := &complaint{}
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		conn, err := commandconn.New(ctx, b.command[0], args...)
		return &heardConn{Conn: conn, heard: heard}, err
	}
	bkc, err := client.New(ctx, "", client.WithContextDialer(dial), client.WithGRPCDialOption(patience()))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", b, err)
	}
	if err := b.greet(ctx, bkc, heard); err != nil {
		return nil, errors.Join(err, bkc.Close())
	}
	return bkc, nil
}

// patience lets a connection take as long as buildx needs: by itself gRPC would end it, and
// buildx, after 20 s.
func patience() grpc.DialOption {
	return grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: bootTimeout})
}

// greet makes sure that the builder answers and is new enough. What keeps it from
// answering is what buildx says when it is asked about the builder.
func (b *builder) greet(ctx context.Context, bkc *client.Client, heard *complaint) error {
	greeting, cancel := context.WithTimeout(ctx, bootTimeout)
	defer cancel()
	_, err := bkc.Info(greeting)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case grpcerrors.Code(err) == codes.Unimplemented:
		return cli.Hint(fmt.Errorf("the BuildKit of %s is too old", b), "Strata needs BuildKit 0.20 or later, or Docker Engine 28: upgrade it")
	}
	if _, wrong := b.driver(ctx); wrong != nil {
		return wrong
	}
	why := heard.text()
	if s, ok := grpcerrors.AsGRPCStatus(err); ok && why == "" {
		why = s.Message()
	}
	return cli.Hint(fmt.Errorf("%s does not answer: %s", b, why), b.more())
}

func (b *builder) more() string {
	return fmt.Sprintf("%q says more", strings.TrimSpace("docker buildx inspect "+b.name))
}

// driver asks buildx for the builder's driver. The error is what is wrong with the builder.
func (b *builder) driver(ctx context.Context) (string, error) {
	out, err := b.output(ctx, "inspect", "--builder", b.name)
	if err != nil {
		return "", cli.Hint(fmt.Errorf("%s does not answer: %s", b, lastLine(err.Error())), b.others(ctx))
	}
	driver := ""
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(line, ":")
		switch value = strings.TrimSpace(value); key {
		case "Driver":
			driver = value
		case "Error":
			return "", cli.Hint(fmt.Errorf("%s does not answer: %s", b, value), b.more())
		}
	}
	return driver, nil
}

// others is a hint with the builders that there are.
func (b *builder) others(ctx context.Context) string {
	names := b.all(ctx)
	if len(names) == 0 || slices.Contains(names, b.name) {
		return b.more()
	}
	hint := "there is " + spell.List(names, "and")
	if near := spell.DidYouMean(b.name, names); near != "" {
		hint += "; " + near
	}
	return hint
}

// all are the names of buildx's builders, in its order; none if it doesn't tell.
func (b *builder) all(ctx context.Context) []string {
	out, err := b.output(ctx, "ls", "--format", "json")
	if err != nil {
		return nil
	}
	var names []string
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		var listed struct{ Name string }
		if d.Decode(&listed) != nil {
			return names
		}
		names = append(names, listed.Name)
	}
}

// output runs buildx, and returns what it prints; the error is what it complains of.
func (b *builder) output(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, b.command[0], slices.Concat(b.command[1:], args)...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		if text := strings.TrimSpace(complaint.String()); text != "" {
			return "", errors.New(text)
		}
		return "", err
	}
	return out.String(), nil
}

// lastLine is the last line of what buildx complains of, without its prefix.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimPrefix(strings.TrimSpace(lines[len(lines)-1]), "ERROR: ")
}

// complaint is what buildx printed before it ended a connection.
type complaint struct {
	mu   sync.Mutex
	said string
}

// note takes what buildx printed from an error of the connection, which has it behind
// "stderr=".
func (c *complaint) note(err error) {
	if err == nil {
		return
	}
	_, printed, ok := strings.Cut(err.Error(), "stderr=")
	if !ok || strings.TrimSpace(printed) == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = lastLine(printed)
}

func (c *complaint) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said
}

// heardConn is a connection whose errors are noted: gRPC reports only the first of reading
// and writing.
type heardConn struct {
	net.Conn
	heard *complaint
}

// Read reads.
func (c *heardConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.heard.note(err)
	return n, err
}

// Write writes.
func (c *heardConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.heard.note(err)
	return n, err
}
