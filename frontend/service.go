// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"syscall"
	"time"

	"github.com/moby/buildkit/frontend/gateway/client"
	gateway "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/sys/signal"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/llb/plan"
)

const (
	// helperDir is where the step helper is in a test's container.
	helperDir = "/dev/.strata"
	// patience is how long a service may take to end before it is killed. What it does
	// then is seen by no test, and a program with the number 1 ignores signals that it
	// has no handler for.
	patience = time.Second
)

// errServiceEnded says that a service ended by itself.
var errServiceEnded = errors.New("the program ended")

// service is the image's own program while a test looks at it.
type service struct {
	container client.Container
	process   client.ContainerProcess
	planned   *plan.Test
	// helper is the step helper's path in the container.
	helper string
	output *watched
	// ended is closed when the program has ended; status says how.
	ended  chan struct{}
	status error
}

// startService starts a test's service.
func startService(ctx context.Context, ctr client.Container, t *plan.Test, helper string) (*service, error) {
	s := &service{container: ctr, planned: t, helper: path.Join(helperDir, helper), output: newWatched(t.Service.Output), ended: make(chan struct{})}
	var err error
	s.process, err = ctr.Start(ctx, client.StartRequest{
		Args: t.Service.Args, Env: t.Env, User: t.User, Cwd: t.Workdir, Stdout: s.output, Stderr: s.output,
	})
	if err != nil {
		return nil, err
	}
	go func() {
		s.status = s.process.Wait()
		close(s.ended)
	}()
	return s, nil
}

// stop ends the program, with its own signal first.
func (s *service) stop(ctx context.Context) {
	select {
	case <-s.ended:
		return
	default:
	}
	number, err := signal.ParseSignal(s.planned.Service.StopSignal)
	if err != nil {
		number = syscall.SIGTERM
	}
	if s.process.Signal(ctx, number) != nil {
		return // the container's end is its own
	}
	select {
	case <-s.ended:
	case <-ctx.Done():
	case <-time.After(patience):
		_ = s.process.Signal(ctx, syscall.SIGKILL)
	}
}

// look waits for the service and asks it what the test asks. Faults are what was not as
// expected.
func (s *service) look(ctx context.Context) (faults []string, err error) {
	fault, err := s.wait(ctx)
	if err != nil {
		return nil, s.orEnded(err)
	}
	if fault != "" {
		return []string{fault}, nil
	}
	if q := s.planned.HTTP; q != nil {
		found, err := s.askHTTP(ctx, q)
		if err != nil {
			return nil, s.orEnded(err)
		}
		faults = append(faults, found...)
	}
	if q := s.planned.TCP; q != nil {
		found, err := s.askTCP(ctx, q)
		if err != nil {
			return nil, s.orEnded(err)
		}
		faults = append(faults, found...)
	}
	return faults, nil
}

// orEnded is the service's end, if that is why something failed: nothing can be run
// beside a program that has ended, which is seen a moment before its status is.
func (s *service) orEnded(err error) error {
	if err == nil {
		return nil
	}
	select {
	case <-s.ended:
		return errServiceEnded
	case <-time.After(patience):
		return err
	}
}

// wait waits for all that shows that the service has started.
func (s *service) wait(ctx context.Context) (fault string, err error) {
	want := s.planned.Service
	if want.Port != 0 {
		answer, err := s.probe(ctx, call.Probe{Kind: call.ProbeListen, Port: want.Port, Timeout: want.Timeout}.Args(), "0")
		if err != nil || answer.Fault != "" {
			return answer.Fault, err
		}
	}
	if fault, err := s.waitOutput(ctx); err != nil || fault != "" || len(want.Healthcheck) == 0 {
		return fault, err
	}
	answer, err := s.probe(ctx, call.Await{Timeout: want.Timeout, Interval: want.Interval, Command: want.Healthcheck}.Args(), "")
	if err != nil || answer.Fault == "" {
		return "", err
	}
	fault = fmt.Sprintf("within %s its healthcheck does not succeed: %s", want.Timeout, answer.Fault)
	if text := strings.TrimSpace(string(answer.Body) + string(answer.Stderr)); text != "" {
		fault += ": " + quoted(text)
	}
	return fault, nil
}

// waitOutput waits for what the service is to print, if there is anything.
func (s *service) waitOutput(ctx context.Context) (fault string, err error) {
	want := s.planned.Service
	if want.Output == "" {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, want.Timeout)
	defer cancel()
	err = s.output.await(ctx, s.ended)
	if err != nil && ctx.Err() != nil {
		return fmt.Sprintf("within %s it does not print %s", want.Timeout, quoted(want.Output)), nil
	}
	return "", err
}

// askHTTP asks by HTTP and says what of the answer is not as expected.
func (s *service) askHTTP(ctx context.Context, q *plan.HTTPRequest) ([]string, error) {
	answer, err := s.probe(ctx, call.Probe{
		Kind: call.ProbeHTTP, Port: q.Port, Timeout: s.planned.Service.Timeout, Method: q.Method, Path: q.Path, Headers: q.Headers,
	}.Args(), "0")
	if err != nil {
		return nil, err
	}
	if answer.Fault != "" {
		return []string{fmt.Sprintf("%s %s: %s", q.Method, q.Path, answer.Fault)}, nil
	}
	var faults []string
	if answer.Status != q.Status {
		faults = append(faults, fmt.Sprintf("%s %s answers with status %d, not %d", q.Method, q.Path, answer.Status, q.Status))
	}
	return append(faults, mismatches("body", keptOf(answer.Body), q.Body)...), nil
}

// askTCP sends a text and says what of the answer is not as expected.
func (s *service) askTCP(ctx context.Context, q *plan.TCPRequest) ([]string, error) {
	ask := call.Probe{Kind: call.ProbeTCP, Port: q.Port, Timeout: s.planned.Service.Timeout, Send: q.Send}
	if q.Receive == nil {
		ask.Kind = call.ProbeListen
	}
	answer, err := s.probe(ctx, ask.Args(), "0")
	if err != nil {
		return nil, err
	}
	if answer.Fault != "" {
		return []string{fmt.Sprintf("port %d: %s", q.Port, answer.Fault)}, nil
	}
	return mismatches("answer", keptOf(answer.Body), q.Receive), nil
}

// command runs the test's command beside the service, and notes what was not as
// expected.
func (s *service) command(ctx context.Context, res *TestResult) error {
	answer, err := s.probe(ctx, call.Await{Once: true, Command: s.planned.Args}.Args(), "")
	if err != nil {
		return err
	}
	if answer.Fault != "" {
		res.Faults = append(res.Faults, "the command can't be run: "+answer.Fault)
		return nil
	}
	noteCommand(s.planned, answer.Status, keptOf(answer.Body), keptOf(answer.Stderr), res)
	return nil
}

// keptOf is a text as what is kept of a stream.
func keptOf(text []byte) *head {
	var h head
	_, _ = h.Write(text) // it takes everything
	return &h
}

// probe runs the step helper beside the service, as a user. The helper never fails:
// BuildKit ends a container with any of its commands that fails.
func (s *service) probe(ctx context.Context, args []string, user string) (call.ProbeAnswer, error) {
	var answer call.ProbeAnswer
	status, out, err := s.run(ctx, append([]string{s.helper}, args...), user)
	if err != nil {
		return answer, err
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return answer, fmt.Errorf("ask the program: the step helper ends with status %d: %w", status, err)
	}
	return answer, nil
}

// run runs a command beside the service, until that ends. An empty user is the test's.
func (s *service) run(ctx context.Context, args []string, user string) (status int, stdout []byte, err error) {
	if user == "" {
		user = s.planned.User
	}
	// Two streams of their full length, in base64, are less than that.
	out, stderr := head{limit: 4 * headLimit}, head{}
	process, err := s.container.Start(ctx, client.StartRequest{Args: args, Env: s.planned.Env, User: user, Cwd: s.planned.Workdir, Stdout: &out, Stderr: &stderr})
	if err != nil {
		return 0, nil, err
	}
	done := make(chan error, 1)
	go func() { done <- process.Wait() }()
	select {
	case err := <-done:
		status, err := exitStatus(err)
		return status, out.Bytes(), err
	case <-s.ended:
		return 0, nil, errServiceEnded
	case <-ctx.Done():
		_ = process.Signal(context.WithoutCancel(ctx), syscall.SIGKILL)
		return 0, nil, ctx.Err()
	}
}

// end says how the program ended.
func (s *service) end() string {
	status, err := exitStatus(s.status)
	if err != nil {
		return "the program ended: " + err.Error()
	}
	return fmt.Sprintf("the program ended with status %d while the test was looking at it", status)
}

// exitStatus is the exit status that a process ended with.
func exitStatus(err error) (int, error) {
	var exit *gateway.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit) && exit.ExitCode < gateway.UnknownExitStatus:
		return int(exit.ExitCode), nil
	}
	return 0, err
}
