// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spell

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSuggest(t *testing.T) {
	names := []string{"commands", "command", "environment", "args", "arch", "SOURCE_DATE"}
	for name, want := range map[string]string{
		"comand": "command", "comands": "commands", "Args": "args", "agrs": "args", "arcs": "args", "envirnment": "environment", "envronmnt": "environment",
		"source_date": "SOURCE_DATE", "SUORCE_DTAE": "SOURCE_DATE", "x": "", "": "", "entirely": "", strings.Repeat("c", 200): "",
	} {
		if got := Suggest(name, names); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if got := DidYouMean("agrs", names) + DidYouMean("entirely", names); got != `did you mean "args"?` {
		t.Error(got)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"curl", "libcurl4", "curlftpfs", "curl-dev", "cut", "jq", "python3", "python3-pip", "python-is-python3", "curl"}
	for name, want := range map[string][]string{
		"crul": {"curl"}, "curll": {"curl"}, "JQ": {"jq"}, "curl-": {"curl", "curl-dev"}, "pyhton3": {"python3"}, "python": {"python3", "python3-pip"},
		"": {}, "nothing": {},
	} {
		got := Nearest(name, slices.Values(names))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", name, diff)
		}
	}
}

func TestList(t *testing.T) {
	many := strings.Fields("a b c d e f g h i j k l m")
	for want, names := range map[string][]string{
		"": nil, "a": {"a"}, "a and b": {"a", "b"}, "a, b and c": {"a", "b", "c"}, "a, b, c, d, e, f, g, h, i, j, k and 2 more": many,
	} {
		if got := List(names, "and"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if len(many) != 13 || many[11] != "l" {
		t.Errorf("List changed its argument: %q", many)
	}
}

// The distance is symmetric, 0 only for equal texts, and never above what it
// costs to change every byte.
func FuzzDistance(f *testing.F) {
	f.Add("abcd", "acbd")
	f.Add("", "x")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > longest || len(b) > longest {
			return
		}
		limit := max(len(a), len(b))
		d := distance(a, b, limit)
		if d != distance(b, a, limit) || (d == 0) != (a == b) || d > limit {
			t.Errorf("%q and %q: %d", a, b, d)
		}
		if near := distance(a, b, 2); (near <= 2) != (d <= 2) || near <= 2 && near != d {
			t.Errorf("%q and %q: %d, and %d with a limit of 2", a, b, d, near)
		}
	})
}

func TestCount(t *testing.T) {
	for want, got := range map[string]string{
		"0 layers": Count(0, "layer"), "1 layer": Count(1, "layer"), "2 store paths": Count(2, "store path"), "1 entry": Count(1, "entry"), "3 entries": Count(3, "entry"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
