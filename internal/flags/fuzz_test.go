// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags_test

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/flags"
)

// FuzzWords gives each flag a word: it is read, or refused in one line.
func FuzzWords(f *testing.F) {
	for _, word := range []string{
		"type=registry,ref=example.org/a,mode=max", "type=s3,bucket=b,secret_access_key=x", "type=oci,dest=-,\"name=a,b\"", "id=a,src=b", "default=a=b",
		"type=provenance,mode=max,disabled=false", "index,manifest[linux/amd64]:a=b", "a=docker-image://b", "oci-layout://a:b@sha256:c", "linux/arm64/v8,local",
		"a:host-gateway", "nofile=1:2", "64m", "http://ann:secret@example.org", "dest=a,compression=zstd,mode=", "KEY", "KEY=",
	} {
		f.Add(word)
	}
	env := environ(map[string]string{"KEY": "value"})
	f.Fuzz(func(t *testing.T, word string) {
		words := []string{word}
		var errs []error
		note := func(err error) { errs = append(errs, err) }
		_, err := flags.Annotations(words)
		note(err)
		_, err = flags.BuildArgs(words, env)
		note(err)
		_, err = flags.Labels(words)
		note(err)
		_, err = flags.Attests(words, word, word)
		note(err)
		_, err = flags.CacheFrom(words, env)
		note(err)
		_, err = flags.CacheTo(words, env)
		note(err)
		_, err = flags.ParseCall(word)
		note(err)
		_, err = flags.NamedContexts(words)
		note(err)
		_, _, err = flags.ParseLayout(word)
		note(err)
		_, err = flags.Outputs(flags.OutputFlags{Outputs: words, Tags: words, Annotations: words})
		note(err)
		_, err = flags.Platforms(words)
		note(err)
		_, err = flags.ParseRootOutput(word)
		note(err)
		_, err = flags.Secrets(words)
		note(err)
		_, err = flags.ExtraHosts(words, func() (string, error) { return "", nil })
		note(err)
		_, err = flags.ShmSize(word)
		note(err)
		_, err = flags.Ulimits(words)
		note(err)
		_, _, err = flags.Network(word)
		note(err)
		_, err = flags.Allow(words)
		note(err)
		_, err = flags.Names(words)
		note(err)
		for _, err := range errs {
			if err != nil && (err.Error() == "" || !strings.Contains(word, "%!") && strings.Contains(err.Error(), "%!")) {
				t.Errorf("%q: error %q", word, err)
			}
		}
	})
}
