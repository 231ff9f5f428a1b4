// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

// Package login finds the login that a server of packages is given, as apt and apk find
// theirs: in auth.conf, or in the address of an archive. A build secret may have either,
// or a user and a password alone. What it returns is never printed.
package login

import (
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
)

// Logins are those of an image, or of a secret. A nil one has none.
type Logins struct {
	// files are the words of apt's auth.conf and its parts, in apt's order. There are no
	// comments in them.
	files [][]string
	// addresses are those of archives that have a login in them.
	addresses []*url.URL
	// header is the Authorization of whatever asks for it; empty for none.
	header string
}

// Empty reports whether there are no logins at all.
func (l *Logins) Empty() bool {
	return l == nil || len(l.files)+len(l.addresses) == 0 && l.header == ""
}

// For is the Authorization header for an address; empty where no login matches.
func (l *Logins) For(u *url.URL) string {
	if l == nil {
		return ""
	}
	if l.header != "" {
		return l.header
	}
	for _, with := range l.addresses {
		if with.Scheme == u.Scheme && with.Host == u.Host && isBelow(u.EscapedPath(), with.EscapedPath()) {
			password, _ := with.User.Password()
			return basic(with.User.Username(), password)
		}
	}
	for _, words := range l.files {
		if user, password := match(words, u); user != "" || password != "" {
			return basic(user, password)
		}
	}
	return ""
}

// ForText is For an address that may not be one.
func (l *Logins) ForText(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return l.For(u)
}

// ForBelow reports whether there is a login for an address, or for anything below it.
func (l *Logins) ForBelow(address string) bool {
	u, err := url.Parse(strings.TrimSuffix(address, "/") + "/")
	if err != nil || l == nil {
		return false
	}
	return l.For(u) != "" || slices.ContainsFunc(l.files, func(words []string) bool { return hasBelow(words, u) })
}

// hasBelow reports whether auth.conf has a machine below a directory.
func hasBelow(words []string, u *url.URL) bool {
	for i := 1; i < len(words); i++ {
		scheme, rest, ok := strings.Cut(words[i], "://")
		if !ok {
			scheme, rest = "https", words[i]
		}
		if words[i-1] == "machine" && scheme == u.Scheme && strings.HasPrefix(rest, u.Host+u.EscapedPath()) {
			return true
		}
	}
	return false
}

// Bound reports whether the logins say themselves which addresses they are for.
func (l *Logins) Bound() bool { return l == nil || l.header == "" }

// isBelow reports whether a path is a directory or in it.
func isBelow(path, dir string) bool {
	dir = strings.TrimSuffix(dir, "/")
	return path == dir || strings.HasPrefix(path, dir+"/")
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// match finds the login of the first machine in auth.conf that an address is of: by
// apt's rules, which send none without encryption unless the machine says http://.
func match(words []string, u *url.URL) (user, password string) {
	for i := 0; i < len(words); i++ {
		if words[i] != "machine" || i+1 == len(words) {
			continue
		}
		i++
		if !isMachine(words[i], u) {
			continue
		}
		for i++; i+1 < len(words) && words[i] != "machine"; i++ {
			switch words[i] {
			case "login":
				i++
				user = words[i]
			case "password":
				i++
				password = words[i]
			}
		}
		return user, password
	}
	return "", ""
}

// isMachine reports whether an address is of a machine of auth.conf: a host, perhaps
// with a port, a path's beginning, or a scheme.
func isMachine(name string, u *url.URL) bool {
	scheme, rest, ok := strings.Cut(name, "://")
	if !ok {
		scheme, rest = "https", name
	}
	if scheme != u.Scheme {
		return false
	}
	if strings.Contains(rest, "/") {
		return strings.HasPrefix(u.Host+u.EscapedPath(), rest)
	}
	return rest == u.Host || rest == u.Hostname()
}

// errNoLogin says what a secret may be.
var errNoLogin = errors.New("it is neither lines of apt's auth.conf nor user:password")

// ParseSecret reads the text of a secret: lines of auth.conf, user:password, or the
// value of an Authorization header.
func ParseSecret(text string) (*Logins, error) {
	words := strings.Fields(text)
	switch {
	case len(words) == 0:
		return nil, errors.New("it is empty")
	case words[0] == "machine" || strings.HasPrefix(words[0], "#"):
		return &Logins{files: [][]string{words}}, nil
	case len(words) == 2 && (strings.EqualFold(words[0], "basic") || strings.EqualFold(words[0], "bearer")):
		return &Logins{header: words[0] + " " + words[1]}, nil
	}
	user, password, ok := strings.Cut(strings.Trim(text, "\r\n"), ":")
	if !ok || strings.ContainsAny(user+password, "\r\n") {
		return nil, errNoLogin
	}
	return &Logins{header: basic(user, password)}, nil
}
