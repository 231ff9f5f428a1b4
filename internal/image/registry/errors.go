// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/strata-build/strata/internal/printable"
)

// What can be wrong, beside a registry that does not answer.
var (
	// ErrNotFound says that the registry has no such thing.
	ErrNotFound = errors.New("not found")
	// ErrLogin says that the registry does not let this user in.
	ErrLogin = errors.New("not allowed")
)

// Error is what went wrong with a repository, in one line.
type Error struct {
	// Verb is what was tried: "pull", "push".
	Verb string
	// Name is the repository, with what was asked for in it.
	Name string
	// Reason is what is wrong, in words.
	Reason string
	// Kind is ErrNotFound, ErrLogin or nil.
	Kind error
	err  error
}

// Error returns the line.
func (e *Error) Error() string { return fmt.Sprintf("%s %s: %s", e.Verb, e.Name, e.Reason) }

// Unwrap returns the causes.
func (e *Error) Unwrap() []error {
	if e.Kind == nil {
		return []error{e.err}
	}
	return []error{e.Kind, e.err}
}

// explain puts an error of the registry, or of the way to it, into words.
func (s *session) explain(verb, what string, err error) error {
	e := &Error{Verb: verb, Name: s.name + what, Reason: lastLine(err), err: err}
	if s.place.mirror {
		e.Name += " from the mirror " + s.place.host
	}
	if reason := s.unanswered(err); reason != "" {
		e.Reason = reason
		return e
	}
	var answer *transport.Error
	if !errors.As(err, &answer) {
		return e
	}
	switch sent := s.sent.Load(); {
	case answer.StatusCode == http.StatusUnauthorized && sent && s.refusesToken(answer):
		e.Kind, e.Reason = ErrLogin, fmt.Sprintf("%s does not allow it to the user of %s", s.place.host, s.from)
	case answer.StatusCode == http.StatusUnauthorized && sent:
		e.Kind, e.Reason = ErrLogin, fmt.Sprintf("%s does not accept the %s of %s", s.place.host, s.with, s.from)
	case answer.StatusCode == http.StatusUnauthorized && s.from != "":
		e.Kind, e.Reason = ErrLogin, fmt.Sprintf("%s wants a login and does not say of which kind, so the %s of %s was not sent", s.place.host, s.with, s.from)
	case answer.StatusCode == http.StatusUnauthorized:
		e.Kind, e.Reason = ErrLogin, fmt.Sprintf("%s wants a login, and no file has credentials for it (docker login %s)", s.place.host, s.place.host)
	case answer.StatusCode == http.StatusForbidden:
		e.Kind, e.Reason = ErrLogin, fmt.Sprintf("%s does not allow it: %s", s.place.host, said(answer))
	case has(answer, transport.NameUnknownErrorCode):
		e.Kind, e.Reason = ErrNotFound, fmt.Sprintf("%s has no repository %s", s.place.host, s.place.path)
	case answer.StatusCode == http.StatusNotFound:
		e.Kind, e.Reason = ErrNotFound, fmt.Sprintf("%s has no such image", s.place.host)
	case answer.StatusCode == http.StatusInsufficientStorage, strings.Contains(err.Error(), "no space left on device"):
		e.Reason = fmt.Sprintf("the disk of %s is full", s.place.host)
	case answer.StatusCode == http.StatusTooManyRequests:
		e.Reason = fmt.Sprintf("%s has had too many requests: %s", s.place.host, said(answer))
	default:
		e.Reason = fmt.Sprintf("%s answers %d %s: %s", s.place.host, answer.StatusCode, http.StatusText(answer.StatusCode), said(answer))
	}
	return e
}

// unanswered says why a request got no answer, if that needs other words than the
// error's. Where plain http is allowed, the error may be of two attempts.
func (s *session) unanswered(err error) string {
	if untrusted, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Sprintf("the certificate of %s is not trusted (%s); --cert-dir names a directory with one to trust, --insecure takes any",
			cmp.Or(askedHost(err), s.place.host), oneLine(untrusted.Err.Error()))
	}
	if busy, ok := errors.AsType[*busyError](err); ok {
		return busy.Error()
	}
	if silent, ok := errors.AsType[*silentError](err); ok {
		return silent.Error()
	}
	return ""
}

// askedHost is the host that an error is about: where the registry has redirected to, or
// the one that gives tokens. It is empty if the error does not say.
func askedHost(err error) (host string) {
	for {
		failed, ok := errors.AsType[*url.Error](err)
		if !ok {
			return host
		}
		if u, err := url.Parse(failed.URL); err == nil {
			host = u.Host
		}
		err = failed.Err
	}
}

// refusesToken tells a registry that does not take a token, because it is not good
// for what was asked, from a server that did not give one.
func (s *session) refusesToken(answer *transport.Error) bool {
	return s.bearer.Load() && answer.Request != nil && strings.HasPrefix(answer.Request.URL.Path, s.place.base()+"/") && answer.Request.URL.Path != s.place.base()+"/"
}

// refusals keeps of refusals what can be read: they may be pages for people, which are longer
// than anything that a registry says, or break off. It is the status that counts.
type refusals struct{ next http.RoundTripper }

// RoundTrip sends a request.
func (r *refusals) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.next.RoundTrip(req)
	if err == nil && resp.StatusCode >= http.StatusBadRequest {
		cutShort(resp)
		resp.Body = &start{&readable{resp.Body}, resp.Body}
	}
	return resp, err
}

// cutShort leaves of an answer that is not the wanted one what is read of it.
func cutShort(resp *http.Response) {
	resp.Body = &start{io.LimitReader(resp.Body, greetingLimit), resp.Body}
}

// readable ends where it can't be read any more.
type readable struct{ from io.Reader }

// Read reads.
func (r *readable) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

// said is what a registry says itself.
func said(e *transport.Error) string {
	var words []string
	for _, d := range e.Errors {
		words = append(words, oneLine(d.String()))
	}
	if len(words) == 0 {
		return "no reason given"
	}
	return strings.Join(words, "; ")
}

func has(e *transport.Error, code transport.ErrorCode) bool {
	for _, d := range e.Errors {
		if d.Code == code {
			return true
		}
	}
	return false
}

// lastLine is an error without the request's address, which has nothing that a
// user wrote.
func lastLine(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		return oneLine(u.Err.Error())
	}
	return oneLine(err.Error())
}

// oneLine shortens a text of unknown length to a line.
func oneLine(s string) string {
	const most = 300
	s = printable.Words(s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// IsDigestInvalid reports whether a registry did not take a blob because it is
// not what its digest says.
func IsDigestInvalid(err error) bool {
	var answer *transport.Error
	return errors.As(err, &answer) && has(answer, transport.DigestInvalidErrorCode)
}
