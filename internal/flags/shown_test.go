// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"strings"
	"testing"
)

// TestSecretsStayOutOfErrors gives values with a fault and a canary.
func TestSecretsStayOutOfErrors(t *testing.T) {
	caches := func(words []string) error {
		_, err := CacheTo(words, func(string) (string, bool) { return "", false })
		return err
	}
	secrets := func(words []string) error {
		_, err := Secrets(words)
		return err
	}
	contexts := func(words []string) error {
		_, err := NamedContexts(words)
		return err
	}
	for _, c := range []struct {
		parse func(words []string) error
		word  string
		want  string
	}{
		{caches, "type=s3,secret_access_key=CANARY,oops", `"type=s3,secret_access_key=…"`},
		{caches, `type=s3,"Secret_Access_Key=a,CANARY",oops`, "what follows secret_access_key"},
		{caches, "type=s3,secret_access_key=a,CANARY", "what follows secret_access_key is not key=value"},
		{caches, "secret_access_key=CANARY,region=x", "it needs a type"},
		{caches, "type=gha,token=CANARY,x", "what follows token"},
		{caches, `type=s3,session_token="CANARY`, "--cache-to"},
		{secrets, "id=x,value=CANARY", `unknown key "value"`},
		{contexts, "https://ann:CANARY@example.org/x.git", `"https://…@example.org/x.git" is not NAME=VALUE`},
		{contexts, "x y=https://CANARY@example.org/x.git", "is not a name"},
	} {
		err := c.parse([]string{c.word})
		if err == nil || strings.Contains(err.Error(), "CANARY") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.word, err, c.want)
		}
	}
	for word, want := range map[string]string{"a=b": `"a=b"`, "token=": `"token="`, "x\x1b=y": `"x\x1b=y"`, "http://h/a@b": `"http://h/a@b"`, "x=http://ann:se@cret@h/a@b": `"x=http://…@h/a@b"`} {
		if got := shown(word); got != want {
			t.Errorf("shown(%q) = %s, want %s", word, got, want)
		}
	}
}
