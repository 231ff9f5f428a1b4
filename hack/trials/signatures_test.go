// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"bytes"
	"io"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
)

// spoiled is a clear-signed text whose signature is changed.
func spoiled(t *testing.T, text []byte, change func(signature []byte) []byte) []byte {
	t.Helper()
	block, _ := clearsign.Decode(text)
	signature, err := io.ReadAll(block.ArmoredSignature.Body)
	must(t, err)
	var b bytes.Buffer
	b.Write(text[:bytes.Index(text, []byte("-----BEGIN PGP SIGNATURE-----"))])
	w, err := armor.Encode(&b, "PGP SIGNATURE", nil)
	must(t, err)
	_, err = w.Write(change(signature))
	must(t, err)
	must(t, w.Close())
	b.WriteByte('\n')
	return b.Bytes()
}

// weakly lets a signature say that it is one over a SHA-1.
func weakly(t *testing.T, text []byte) []byte {
	return spoiled(t, text, func(signature []byte) []byte {
		// A packet's header of two or three bytes, the version, the type, the algorithm and
		// the hash: 2 is SHA-1.
		at := bytes.Index(signature, []byte{4, 1, 22, 8})
		signature[at+3] = 2
		return signature
	})
}

// cutArmor leaves out the end of a signature.
func cutArmor(t *testing.T, text []byte) []byte {
	return spoiled(t, text, func(signature []byte) []byte { return signature[:len(signature)/2] })
}

// within reports whether an address is below another one, as a server understands it.
func within(address, base string) bool {
	u, err := url.Parse(address)
	b, baseErr := url.Parse(base)
	if err != nil || baseErr != nil {
		return false
	}
	return u.Host == b.Host && u.Scheme == b.Scheme && u.RawQuery == "" && u.Fragment == "" &&
		strings.HasPrefix(path.Clean(u.Path), b.Path+"/")
}
