// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package printable

import "testing"

func TestWithoutLogins(t *testing.T) {
	for in, want := range map[string]string{
		"a: https://ann:secret@example.org/x, b: http://tökén@example.org": "a: https://**********@example.org/x, b: http://*****@example.org",
		"git+https://ann:secret@example.org/x.git":                         "git+https://**********@example.org/x.git",
		"http://ann:se@cret@example.org:80/a@b":                            "http://***********@example.org:80/a@b",
		"HTTPS://ann:secret@example.org/x":                                 "HTTPS://**********@example.org/x",
		"https://…@example.org/x.git":                                      "https://…@example.org/x.git",
		"https://git@example.org/x.git":                                    "https://git@example.org/x.git",
		"https://ann:$TOKEN@example.org https://${TOKEN}@example.org":      "https://ann:$TOKEN@example.org https://${TOKEN}@example.org",
		"https://<user>:<password>@example.org":                            "https://<user>:<password>@example.org",
		"https://example.org/@scope/x?to=a@b":                              "https://example.org/@scope/x?to=a@b",
		"\"https://example.org\" \"me@example.org\"":                       "\"https://example.org\" \"me@example.org\"",
		"ssh://ann@example.org and ann@example.org:x":                      "ssh://ann@example.org and ann@example.org:x",
		"": "",
	} {
		if got := WithoutLogins(in); got != want {
			t.Errorf("WithoutLogins(%q) = %q, want %q", in, got, want)
		}
	}
}
