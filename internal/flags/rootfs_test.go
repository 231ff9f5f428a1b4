// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags_test

import (
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/flags"
)

func TestParseRootOutput(t *testing.T) {
	tests := []struct {
		word string
		want flags.RootOutput
		err  string
	}{
		{word: "-", want: flags.RootOutput{Type: "tar", Dest: "-", Compression: "none"}},
		{word: "out", want: flags.RootOutput{Type: "dir", Dest: "out", Compression: "none"}},
		{word: "type=local,dest=out,mode=delete", want: flags.RootOutput{Type: "dir", Dest: "out", Compression: "none", Replace: true}},
		{word: "type=squashfs,dest=a.sqfs", want: flags.RootOutput{Type: "squashfs", Dest: "a.sqfs", Compression: "gzip"}},
		{word: "type=cpio,compression=zstd", want: flags.RootOutput{Type: "cpio", Dest: "-", Compression: "zstd"}},
		{word: "", err: "it has no type"},
		{word: "dest=x", err: "it has no type"},
		{word: "type=oci,dest=x", err: `type is "oci": there are dir, tar`},
		{word: "type=dir", err: "a directory needs dest=PATH"},
		{word: "type=dir,dest=-", err: "a directory needs dest=PATH"},
		{word: "type=tar,mode=delete", err: "mode=delete is for type=dir"},
		{word: "type=dir,dest=x,mode=keep", err: `mode is "keep"`},
		{word: "type=erofs,compression=lz4", err: `compression of erofs is "lz4": there is none`},
		{word: "type=tar,destination=x", err: "destination is not an attribute"},
	}
	for _, test := range tests {
		got, err := flags.ParseRootOutput(test.word)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q: error %v, want %q", test.word, err, test.err)
			}
			continue
		}
		if err != nil || got != test.want {
			t.Errorf("%q: %+v, %v, want %+v", test.word, got, err, test.want)
		}
	}
}
