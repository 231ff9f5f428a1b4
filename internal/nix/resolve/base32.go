// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
)

// alphabet has no e, o, t and u, lest a hash spell something.
const alphabet = "0123456789abcdfghijklmnpqrsvwxyz"

// encodeBase32 writes bytes as Nix does: five bits a digit, the last bits first.
func encodeBase32(data []byte) string {
	out := make([]byte, base32Len(len(data)))
	for i := range out {
		bit := (len(out) - 1 - i) * 5
		at, shift := bit/8, bit%8
		v := int(data[at]) >> shift
		if at+1 < len(data) {
			v |= int(data[at+1]) << (8 - shift)
		}
		out[i] = alphabet[v&31]
	}
	return string(out)
}

// decodeBase32 reads exactly size bytes.
func decodeBase32(text string, size int) ([]byte, error) {
	if len(text) != base32Len(size) {
		return nil, fmt.Errorf("%q has %d digits, and %d bytes need %d", text, len(text), size, base32Len(size))
	}
	out := make([]byte, size)
	for i := range text {
		v := strings.IndexByte(alphabet, text[i])
		if v < 0 {
			return nil, fmt.Errorf("%q has %q, which is not a digit of Nix's base 32", text, text[i])
		}
		bit := (len(text) - 1 - i) * 5
		at, shift := bit/8, bit%8
		out[at] |= byte(v << shift)
		rest := byte(v >> (8 - shift))
		if at+1 < size {
			out[at+1] |= rest
		} else if rest != 0 {
			return nil, fmt.Errorf("%q is more than %d bytes", text, size)
		}
	}
	return out, nil
}

// base32Len is the number of digits of that many bytes.
func base32Len(size int) int { return (size*8 + 4) / 5 }

// parseHash reads a SHA-256 as Nix writes it: "sha256:" and base 16, 32 or 64,
// or "sha256-" and base 64.
func parseHash(text string) (digest.Digest, error) {
	value, ok := strings.CutPrefix(text, "sha256:")
	sri := false
	if !ok {
		if value, sri = strings.CutPrefix(text, "sha256-"); !sri {
			return "", fmt.Errorf("%q is not a SHA-256", text)
		}
	}
	var sum []byte
	var err error
	switch {
	case !sri && len(value) == hex.EncodedLen(digest.SHA256.Size()):
		sum, err = hex.DecodeString(value)
	case !sri && len(value) == base32Len(digest.SHA256.Size()):
		sum, err = decodeBase32(value, digest.SHA256.Size())
	default:
		sum, err = base64.StdEncoding.Strict().DecodeString(value)
		if err == nil && len(sum) != digest.SHA256.Size() {
			err = fmt.Errorf("it has %d bytes, and a SHA-256 has %d", len(sum), digest.SHA256.Size())
		}
	}
	if err != nil {
		return "", fmt.Errorf("%q is not a SHA-256: %w", text, err)
	}
	return digest.NewDigestFromBytes(digest.SHA256, sum), nil
}

// formatHash writes a SHA-256 as fingerprints have it.
func formatHash(d digest.Digest) string {
	sum, _ := hex.DecodeString(d.Encoded())
	return "sha256:" + encodeBase32(sum)
}
