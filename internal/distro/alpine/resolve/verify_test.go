// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/strata-build/strata/internal/distro/alpine/index"
	"github.com/strata-build/strata/internal/testenv"
)

// What Verify takes is the package of a signed index, from its first byte of
// control to its last of the files.
func TestVerifyHoldsAPackageToTheIndex(t *testing.T) {
	archive := testenv.NewAPKKey(t)
	p := testenv.APK{Name: "a", Version: "1-r0", Arch: "x86_64", Files: map[string]string{"usr/bin/a": "#!/bin/sh\n"}}
	file, record := archive.Build(t, &p)
	key, err := index.ParseKey(archive.Key)
	if err != nil {
		t.Fatal(err)
	}
	x, err := index.ReadIndex(archive.Index(t, record), index.Keys{archive.KeyName: key}, index.Options{Repository: "r", Architecture: "x86_64"})
	if err != nil {
		t.Fatal(err)
	}
	w, _ := ParseWanted("a")
	sol, err := Resolve(Request{Architecture: "x86_64", Indexes: []*index.Index{x}, Wanted: []Wanted{w}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Verify(&sol.Packages[0], file)
	if want := sha256.Sum256(file); err != nil || got != hex.EncodeToString(want[:]) {
		t.Fatalf("%s, %v", got, err)
	}
	if sol.Packages[0].Path != "x86_64/a-1-r0.apk" || sol.Packages[0].Repository != "r" {
		t.Errorf("%+v", sol.Packages[0])
	}

	p.Files["usr/bin/a"] = "#!/bin/ash"
	other, _ := archive.Build(t, &p)
	var mismatch *MismatchError
	last := bytes.Clone(file)
	last[len(last)-1] ^= 1
	for what, data := range map[string][]byte{"another build": other, "cut": file[:len(file)-1], "empty": nil, "changed at its end": last} {
		if _, err := Verify(&sol.Packages[0], data); !errors.As(err, &mismatch) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := index.ReadIndex(archive.Index(t, record), nil, index.Options{Repository: "r"}); err == nil {
		t.Error("an index by an unknown key is taken")
	}
}

// What the files become when they are decompressed has no limit here, so they aren't:
// they are held to the hash as they are.
func TestVerifyDecompressesNoFiles(t *testing.T) {
	p := testenv.APK{Name: "a", Version: "1-r0", Arch: "x86_64", Data: []byte("no gzip at all")}
	file, record := testenv.NewAPKKey(t).Build(t, &p)
	fields := map[string]string{}
	for line := range strings.Lines(record) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		fields[key] = value
	}
	if _, err := Verify(&Package{Name: "a", Version: "1-r0", Size: int64(len(file)), Checksum: fields["C"]}, file); err != nil {
		t.Error(err)
	}
}
