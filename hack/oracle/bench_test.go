// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"os"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/debian/index"
	"github.com/strata-build/strata/internal/distro/debian/resolve"
)

// BenchmarkReadIndex reads the largest index that apt has fetched.
func BenchmarkReadIndex(b *testing.B) {
	text := benchmarkIndexes(b)[0].Text()
	for b.Loop() {
		if _, err := index.ReadIndex(strings.NewReader(text), index.Options{Architecture: "amd64"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkResolve resolves usual sets on minbase.
func BenchmarkResolve(b *testing.B) {
	indexes := benchmarkIndexes(b)
	f, err := os.Open("../../.cache/apt-oracle/status-minbase")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	status, err := index.ReadStatus(f)
	if err != nil {
		b.Fatal(err)
	}
	for _, names := range []string{"jq", "ca-certificates curl", "ca-certificates curl git jq nginx python3", "default-jdk", "texlive-full"} {
		b.Run(names, func(b *testing.B) {
			req := resolve.Request{Architecture: "amd64", Indexes: indexes, Installed: status}
			for name := range strings.FieldsSeq(names) {
				req.Wanted = append(req.Wanted, resolve.Wanted{Name: name})
			}
			for b.Loop() {
				if _, err := resolve.Resolve(req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func benchmarkIndexes(b *testing.B) []*index.Index {
	b.Helper()
	return fetch(b).indexes(b)
}
