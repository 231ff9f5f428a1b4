// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"regexp"
	"strings"

	"github.com/strata-build/strata/internal/tree"
)

// Where images have logins. Those of files that end so are apt's.
const (
	authFile  = "/etc/apt/auth.conf"
	authParts = "/etc/apt/auth.conf.d"
)

// Read reads the logins of an image: those of apt's auth.conf and its parts, and those
// in the addresses of its archives.
func Read(ctx context.Context, image tree.Tree) (*Logins, error) {
	l := &Logins{}
	auth, err := files(ctx, image, authFile, authParts, ".conf")
	if err != nil {
		return nil, err
	}
	for _, text := range auth {
		l.files = append(l.files, strings.Fields(text))
	}
	for _, where := range [][3]string{
		{"/etc/apt/sources.list", "/etc/apt/sources.list.d", ""},
		{"/etc/apk/repositories", "/etc/apk/repositories.d", ".list"},
		{"", "/lib/apk/repositories.d", ".list"},
	} {
		texts, err := files(ctx, image, where[0], where[1], where[2])
		if err != nil {
			return nil, err
		}
		for _, text := range texts {
			l.addresses = append(l.addresses, addresses(text)...)
		}
	}
	return l, nil
}

// files are the texts of a file, if there is one, and of those of a directory whose
// names end in some way. Either may be left out.
func files(ctx context.Context, image tree.Tree, file, dir, ext string) ([]string, error) {
	var names []string
	if file != "" {
		names = append(names, file)
	}
	if dir != "" {
		parts, err := image.ReadDir(ctx, dir)
		if err != nil {
			return nil, fmt.Errorf("read directory %s: %w", dir, err)
		}
		for _, name := range parts {
			if strings.HasSuffix(name, ext) && !strings.HasPrefix(name, ".") {
				names = append(names, dir+"/"+name)
			}
		}
	}
	var out []string
	for _, name := range names {
		data, err := image.ReadFile(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		out = append(out, string(data))
	}
	return out, nil
}

// withLogin is an address that has a login.
var withLogin = regexp.MustCompile(`https?://[^\s/@]+@[^\s\]]+`)

// addresses are those of a text that have a login. What architecture is put into them
// makes no difference.
func addresses(text string) []*url.URL {
	var out []*url.URL
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, address := range withLogin.FindAllString(line, -1) {
			address, _, _ = strings.Cut(address, "$(") // of apt
			address, _, _ = strings.Cut(address, "${") // of apk
			if u, err := url.Parse(address); err == nil && u.User != nil {
				out = append(out, u)
			}
		}
	}
	return out
}

// Without are addresses without the logins in them.
func Without(addresses ...string) []string {
	out := make([]string, len(addresses))
	for i, address := range addresses {
		out[i] = without(address)
	}
	return out
}

func without(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	scheme, rest, _ := strings.Cut(address, "://")
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority = rest[:i]
	}
	return scheme + "://" + rest[strings.LastIndexByte(authority, '@')+1:]
}
