// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/session/sshforward/sshprovider"

	"github.com/strata-build/strata/internal/plainfile"
)

// Secrets reads the values of --secret: id=ID[,src=PATH|,env=NAME][,type=file|env].
func Secrets(words []string) ([]secretsprovider.Source, error) {
	var out []secretsprovider.Source
	for _, word := range words {
		if word == "" {
			continue
		}
		s, err := parseSecret(word)
		if err != nil {
			return nil, fmt.Errorf("--secret %s: %w", shown(word), err)
		}
		out = append(out, s)
	}
	return out, nil
}

func parseSecret(word string) (secretsprovider.Source, error) {
	var s secretsprovider.Source
	fs, err := fields(word)
	if err != nil {
		return s, err
	}
	kind := ""
	for _, f := range fs {
		switch f.key {
		case "type":
			kind = f.value
		case "id":
			s.ID = f.value
		case "source", "src":
			s.FilePath = f.value
		case "env":
			s.Env = f.value
		default:
			return s, fmt.Errorf("unknown key %q (id, src, env or type)", f.key)
		}
	}
	switch kind {
	case "", "file":
	case "env":
		if s.Env == "" {
			s.Env, s.FilePath = s.FilePath, ""
		}
	default:
		return s, fmt.Errorf("unknown type %q (file or env)", kind)
	}
	if s.ID == "" {
		return s, errors.New("it needs an id")
	}
	return s, nil
}

// SSH reads the values of --ssh: ID[=SOCKET|KEY[,KEY…]]. What is neither a socket nor a plain
// file is refused: it may have no end.
func SSH(words []string) ([]sshprovider.AgentConfig, error) {
	var out []sshprovider.AgentConfig
	for _, word := range words {
		if word == "" {
			continue
		}
		id, list, ok := strings.Cut(word, "=")
		conf := sshprovider.AgentConfig{ID: id}
		if ok {
			conf.Paths = strings.Split(list, ",")
		}
		paths := conf.Paths
		if !ok { // which BuildKit's client looks for itself
			paths = []string{os.Getenv("SSH_AUTH_SOCK")}
		}
		for _, path := range paths {
			if err := checkAgent(path); err != nil {
				return nil, fmt.Errorf("--ssh %s: %w", id, err)
			}
		}
		out = append(out, conf)
	}
	return out, nil
}

// checkAgent refuses what is neither an agent's socket nor the file of a key. What isn't
// there is told where it is opened.
func checkAgent(path string) error {
	fi, err := os.Stat(path)
	if err != nil || fi.Mode()&os.ModeSocket != 0 || plainfile.IsHanded(path) {
		return nil //nolint:nilerr // see above
	}
	return plainfile.Check(path, fi)
}
