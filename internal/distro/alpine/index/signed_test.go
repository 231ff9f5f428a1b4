// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"archive/tar"
	"bytes"
	"crypto/rsa"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strata-build/strata/internal/distro/alpine/archive"
	"github.com/strata-build/strata/internal/testenv"
)

func TestReadsASignedIndex(t *testing.T) {
	a, other := testenv.NewAPKKey(t), testenv.NewAPKKey(t)
	p := testenv.APK{Name: "jq", Version: "1.6-r2", Arch: "x86_64", Files: map[string]string{"usr/bin/jq": "#!/bin/sh\n"}}
	_, record := a.Build(t, &p)
	index := a.Index(t, record)
	read := func(index []byte, keys Keys, limit int64) (*signed, error) {
		return readSigned(index, keys, limit)
	}
	keys := Keys{a.KeyName: key(t, a.Key)}

	f, err := read(index, keys, 0)
	if err != nil || f.text != record || f.description != "v1" || !cmp.Equal(f.signers, []string{a.KeyName}) {
		t.Fatalf("%+v, %v", f, err)
	}
	var bad *SignatureError
	for name, keys := range map[string]Keys{
		"no keys": {}, "another name": {"x": keys[a.KeyName]}, "another key": {a.KeyName: key(t, other.Key)},
	} {
		if _, err := read(index, keys, 0); !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, end, _ := archive.ReadMember(bytes.NewReader(index), 0, int64(len(index)), archive.MaxControl)
	if _, err := read(index[end:], keys, 0); !errors.As(err, &bad) || !strings.Contains(err.Error(), "there is none of a kind known here") {
		t.Errorf("an index without a signature: %v", err)
	}
	for n := int(end); n < len(index); n++ {
		changed := bytes.Clone(index)
		changed[n] ^= 0x10
		if _, err := read(changed, keys, 0); !errors.As(err, &bad) {
			t.Errorf("byte %d changed: %v", n, err)
		}
	}
	if _, err := read(append(bytes.Clone(index), index...), keys, 0); !errors.As(err, &bad) {
		t.Errorf("something behind what is signed: %v", err)
	}
	for name, index := range map[string][]byte{"of strangers": index, "without a signature": index[end:]} {
		if x, err := ReadIndex(index, nil, Options{Trusted: true}); err != nil || x.Len() != 1 || x.Signers() != nil {
			t.Errorf("an index %s that is trusted: %v", name, err)
		}
	}
	if _, err := read(index, keys, 100); !errors.Is(err, archive.ErrTooLarge) {
		t.Errorf("a limit of 100 bytes: %v", err)
	}
}

// TestManySignatures repeats the good signature of an index.
func TestManySignatures(t *testing.T) {
	a := testenv.NewAPKKey(t)
	index := a.Index(t, "")
	first, end, err := archive.ReadMember(bytes.NewReader(index), 0, int64(len(index)), archive.MaxControl)
	if err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(bytes.NewReader(first))
	h, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	value, err := archive.ReadEntry(r, maxSignature)
	if err != nil {
		t.Fatal(err)
	}
	for n, ok := range map[int]bool{2: true, maxSignatures: true, maxSignatures + 1: false} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for range n {
			if err := w.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(value); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := (Keys{a.KeyName: key(t, a.Key)}).verify(b.Bytes(), index[end:]); (err == nil) != ok {
			t.Errorf("%d signatures: %v", n, err)
		}
	}
}

func key(t *testing.T, text []byte) *rsa.PublicKey {
	t.Helper()
	k, err := ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
