// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"errors"
	"fmt"
	"strings"

	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/session/sshforward/sshprovider"
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
			return nil, fmt.Errorf("--secret %q: %w", word, err)
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

// SSH reads the values of --ssh: ID[=SOCKET|KEY[,KEY…]].
func SSH(words []string) []sshprovider.AgentConfig {
	var out []sshprovider.AgentConfig
	for _, word := range words {
		if word == "" {
			continue
		}
		id, paths, ok := strings.Cut(word, "=")
		conf := sshprovider.AgentConfig{ID: id}
		if ok {
			conf.Paths = strings.Split(paths, ",")
		}
		out = append(out, conf)
	}
	return out
}
