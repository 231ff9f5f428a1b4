// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// fakeToken is a token that was given out.
type fakeToken struct {
	// scopes are as a client asks for them: repository:NAME:pull,push.
	scopes []string
	// refused is how many requests do not know it yet.
	refused int
}

// Scopes are those that were asked for, a text for each token.
func (r *FakeRegistry) Scopes() []string {
	var all []string
	for _, q := range r.Requests() {
		if q.Path == "/token" {
			all = append(all, strings.Join(q.Query["scope"], " "))
		}
	}
	return all
}

// allowed reports whether a request may go on, and answers it if not.
func (r *FakeRegistry) allowed(w http.ResponseWriter, req *http.Request) bool {
	q := r.quirks
	if q.Login == "" || q.OpenPing && req.URL.Path == "/v2/" {
		return true
	}
	if user, password, ok := req.BasicAuth(); q.Login == "basic" && ok && user == FakeUser && password == FakePassword {
		return true
	}
	if token, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer "); ok && r.accepts(token, req) {
		return true
	}
	scheme := "http"
	if req.TLS != nil {
		scheme = "https"
	}
	challenge := `Basic realm="fake"`
	if q.Login == "bearer" {
		challenge = fmt.Sprintf(`Bearer realm="%s://%s/token",service="fake"`, scheme, r.Host)
		if scope := neededScope(req); scope != "" {
			challenge += fmt.Sprintf(`,scope="%s"`, scope)
		}
	}
	if q.OtherChallenge {
		w.Header().Add("WWW-Authenticate", "Negotiate")
	}
	if !q.NoChallenge {
		w.Header().Add("WWW-Authenticate", challenge)
	}
	fail(w, http.StatusUnauthorized, "UNAUTHORIZED")
	return false
}

// neededScope is what a request needs.
func neededScope(req *http.Request) string {
	m := reFake.FindStringSubmatch(req.URL.Path)
	if m == nil {
		return ""
	}
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		return "repository:" + m[1] + ":pull"
	}
	return "repository:" + m[1] + ":pull,push"
}

// accepts reports whether a token is good for a request.
func (r *FakeRegistry) accepts(token string, req *http.Request) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, ok := r.tokens[token]
	if !ok {
		return false
	}
	if t.refused > 0 {
		t.refused--
		return false
	}
	scope := neededScope(req)
	return scope == "" || slices.ContainsFunc(t.scopes, func(has string) bool { return covers(has, scope) })
}

// covers reports whether a scope has all of another one.
func covers(has, want string) bool {
	i, j := strings.LastIndex(has, ":"), strings.LastIndex(want, ":")
	if i < 0 || has[:i] != want[:j] {
		return false
	}
	actions := strings.Split(has[i+1:], ",")
	for action := range strings.SplitSeq(want[j+1:], ",") {
		if !slices.Contains(actions, action) {
			return false
		}
	}
	return true
}

// giveToken answers who wants a token.
func (r *FakeRegistry) giveToken(w http.ResponseWriter, req *http.Request) {
	if err := req.ParseForm(); err != nil {
		fail(w, http.StatusBadRequest, "UNSUPPORTED")
		return
	}
	scopes := strings.Fields(strings.Join(req.Form["scope"], " "))
	user, password, ok := req.BasicAuth()
	isForm := req.Method == http.MethodPost
	if isForm {
		user, password, ok = req.PostForm.Get("username"), req.PostForm.Get("password"), true
	}
	switch {
	case ok && (user != FakeUser || password != FakePassword):
		fail(w, http.StatusUnauthorized, "UNAUTHORIZED")
		return
	case !ok:
		scopes = r.anonymous(scopes)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.quirks.FirstToken {
		for i, scope := range scopes {
			name := scope[:strings.LastIndex(scope, ":")]
			if first, ok := r.first[name]; ok {
				scopes[i] = first
			}
			r.first[name] = scopes[i]
		}
	}
	r.count++
	token := fmt.Sprintf("token-%d", r.count)
	r.tokens[token] = &fakeToken{scopes: scopes, refused: r.quirks.FreshTokens}
	answer := map[string]string{"token": token}
	if r.quirks.AccessToken || isForm {
		answer = map[string]string{"access_token": token}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// anonymous is what of some scopes anonymous users get.
func (r *FakeRegistry) anonymous(scopes []string) []string {
	var out []string
	for _, scope := range scopes {
		if r.quirks.AnonymousPull {
			out = append(out, scope[:strings.LastIndex(scope, ":")]+":pull")
		}
	}
	return out
}
