// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"

	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
)

const (
	beginSigned    = "-----BEGIN PGP SIGNED MESSAGE-----"
	beginSignature = "-----BEGIN PGP SIGNATURE-----"
)

// clearSigned reads a file that is one clear-signed text, and nothing else.
func clearSigned(file []byte) (*clearsign.Block, error) {
	text, whole := bytes.CutPrefix(file, []byte(beginSigned))
	switch {
	case !whole && bytes.Contains(file, []byte("\n"+beginSigned)):
		return nil, &UnsignedError{Reason: "text stands outside of the signed part"}
	case !whole || signsNothing(text):
		return nil, &UnsignedError{Reason: "it has no clear-signed text"}
	}
	block, rest := clearsign.Decode(file)
	switch {
	case block == nil:
		return nil, &UnsignedError{Reason: "it has no clear-signed text"}
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, &UnsignedError{Reason: "text stands outside of the signed part"}
	}
	return block, nil
}

// signsNothing reports whether the signature follows the headers at once, at which
// [clearsign.Decode] panics. The text goes on behind the words that begin it.
func signsNothing(text []byte) bool {
	_, text, _ = bytes.Cut(text, []byte("\n"))
	isHeader := true
	for line := range bytes.Lines(text) {
		if !isHeader {
			return bytes.HasPrefix(line, []byte(beginSignature))
		}
		isHeader = len(bytes.TrimSpace(line)) > 0
	}
	return false
}
