// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"slices"
	"strings"
)

// architectures are those that images are made for, by Go's names.
func architectures() []string {
	return []string{
		"amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64",
		"mips64le", "mips64", "mipsle", "mips", "ppc64", "wasm",
	}
}

func systems() []string {
	return []string{"linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "wasip1"}
}

// checkPlatformKey accepts arch, os/arch and os/arch/variant.
func checkPlatformKey(text string) error {
	parts := strings.Split(text, "/")
	switch {
	case len(parts) == 1 && slices.Contains(architectures(), text):
		return nil
	case len(parts) == 2 || len(parts) == 3:
		if slices.Contains(systems(), parts[0]) && slices.Contains(architectures(), parts[1]) && parts[len(parts)-1] != "" {
			return nil
		}
	}
	return fmt.Errorf("%.40q is not a platform; write one such as arm64 or linux/arm64", text)
}

// platformMatch tells how exactly a key names a platform: 0 is not at all.
func platformMatch(key, platform string) int {
	want := strings.Split(key, "/")
	have := strings.Split(platform, "/")
	if len(have) < 2 {
		return 0
	}
	switch len(want) {
	case 1:
		if want[0] == have[1] {
			return 1
		}
	case 2:
		if want[0] == have[0] && want[1] == have[1] {
			return 2
		}
	case 3:
		if want[0] == have[0] && want[1] == have[1] && variant(want) == variant(have) {
			return 3
		}
	}
	return 0
}

// variant is the platform's variant, or the one that its architecture has when
// none is named.
func variant(parts []string) string {
	if len(parts) > 2 {
		return parts[2]
	}
	return map[string]string{"amd64": "v1", "arm64": "v8", "arm": "v7"}[parts[1]]
}

// choose picks the text for a platform: the one with the most exact key.
func (s String) choose(platform string) (PlatformString, bool) {
	if s.Platforms == nil {
		return PlatformString{Value: s.Value, Pos: s.Pos}, true
	}
	var best PlatformString
	most := 0
	for _, choice := range s.Platforms {
		if match := platformMatch(choice.Platform, platform); match > most {
			best, most = choice, match
		}
	}
	return best, most > 0
}
