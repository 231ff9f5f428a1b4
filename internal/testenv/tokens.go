// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TokenServer gives out the tokens that a registry with [RegistryOptions].Tokens
// asks for, by the protocols of the distribution project: GET with a password, and
// POST with an identity token.
type TokenServer struct {
	// Realm is its address.
	Realm string
	// Passwords are by user. Identities are the users of identity tokens.
	Passwords, Identities map[string]string
	// ReadOnly are users who may only pull.
	ReadOnly []string
	// Owners are the only users who may touch a repository, by its name.
	Owners map[string]string

	cert string
	der  []byte
	key  *ecdsa.PrivateKey

	mu    sync.Mutex
	asked []string
}

const (
	tokenService = "registry.test"
	tokenIssuer  = "tokens.test"
)

// NewTokenServer starts a server. Who is anonymous gets a token that is good for
// nothing.
func NewTokenServer(t testing.TB) *TokenServer {
	t.Helper()
	s := &TokenServer{cert: filepath.Join(Dir(t), "tokens.crt")}
	var err error
	if s.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: tokenIssuer},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if s.der, err = x509.CreateCertificate(rand.Reader, template, template, &s.key.PublicKey, s.key); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.der}), 0o600); err != nil {
		t.Fatal(err)
	}
	// A name, as clients distrust registries that send them to private addresses.
	host := serve(t, s)
	s.Realm = "http://localhost" + host[strings.LastIndex(host, ":"):] + "/token"
	return s
}

// Asked are the grants that were asked for: "password USER", "refresh_token USER",
// "anonymous".
func (s *TokenServer) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// ServeHTTP answers with a token, or refuses.
func (s *TokenServer) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	user, grant, ok := s.login(req)
	s.mu.Lock()
	s.asked = append(s.asked, strings.TrimSpace(grant+" "+user))
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if !ok || req.Form.Get("service") != tokenService {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"errors":[{"code":"UNAUTHORIZED","message":"incorrect username or password"}]}`))
		return
	}
	token := s.sign(user, s.access(user, req.Form["scope"]), time.Now().Add(time.Hour))
	answer := map[string]any{"token": token, "access_token": token, "expires_in": 3600}
	_ = json.NewEncoder(w).Encode(answer)
}

// login says who asks.
func (s *TokenServer) login(req *http.Request) (user, grant string, ok bool) {
	if err := req.ParseForm(); err != nil {
		return "", "broken", false
	}
	if req.Method == http.MethodPost {
		grant = req.PostForm.Get("grant_type")
		switch grant {
		case "refresh_token":
			user, ok = s.Identities[req.PostForm.Get("refresh_token")]
		case "password":
			user = req.PostForm.Get("username")
			ok = s.knows(user, req.PostForm.Get("password"))
		}
		return user, grant, ok
	}
	user, password, has := req.BasicAuth()
	if !has {
		return "", "anonymous", true
	}
	return user, "password", s.knows(user, password)
}

func (s *TokenServer) knows(user, password string) bool {
	want, ok := s.Passwords[user]
	return ok && want == password
}

// access is what of the wanted scopes a user gets.
func (s *TokenServer) access(user string, scopes []string) []map[string]any {
	access := []map[string]any{}
	if user == "" {
		return access
	}
	for _, scope := range strings.Fields(strings.Join(scopes, " ")) {
		kind, rest, _ := strings.Cut(scope, ":")
		i := strings.LastIndex(rest, ":")
		if i < 0 {
			continue
		}
		actions := strings.Split(rest[i+1:], ",")
		if slices.Contains(s.ReadOnly, user) {
			actions = []string{"pull"}
		}
		if owner, ok := s.Owners[rest[:i]]; ok && owner != user {
			continue
		}
		access = append(access, map[string]any{"type": kind, "name": rest[:i], "actions": actions})
	}
	return access
}

// Expired is a token that would be good for a repository if it were not too old.
func (s *TokenServer) Expired(repository string) string {
	access := []map[string]any{{"type": "repository", "name": repository, "actions": []string{"pull", "push"}}}
	return s.sign("someone", access, time.Now().Add(-time.Hour))
}

// sign makes a token that is good for an hour before its end.
func (s *TokenServer) sign(user string, access []map[string]any, end time.Time) string {
	part := func(values map[string]any) string {
		data, _ := json.Marshal(values) // strings and numbers have no faults
		return base64.RawURLEncoding.EncodeToString(data)
	}
	text := part(map[string]any{"typ": "JWT", "alg": "ES256", "x5c": []string{base64.StdEncoding.EncodeToString(s.der)}}) + "." +
		part(map[string]any{
			"iss": tokenIssuer, "aud": tokenService, "sub": user, "access": access, "jti": rand.Text(),
			"exp": end.Unix(), "nbf": end.Add(-2 * time.Hour).Unix(), "iat": end.Add(-2 * time.Hour).Unix(),
		})
	sum := sha256.Sum256([]byte(text))
	r, v, err := ecdsa.Sign(rand.Reader, s.key, sum[:])
	if err != nil {
		return "" // which no registry takes for a token
	}
	signature := append(r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))...)
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// config is the part of a registry's configuration.
func (s *TokenServer) config() string {
	values := map[string]string{"realm": s.Realm, "service": tokenService, "issuer": tokenIssuer, "rootcertbundle": s.cert}
	var words []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		words = append(words, key+": "+quoteYAML(values[key]))
	}
	return "auth: {token: {" + strings.Join(words, ", ") + "}}\n"
}

// quoteYAML writes a string as YAML and JSON have it.
func quoteYAML(s string) string {
	data, _ := json.Marshal(s) // a string has no faults
	return string(data)
}
