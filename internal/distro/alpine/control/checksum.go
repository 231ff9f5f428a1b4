// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"crypto/sha1" //nolint:gosec // apk knows packages by it
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
)

// ErrChecksum is in every error about content that is not what was promised.
var ErrChecksum = errors.New("checksum differs")

// q1 is what the base64 of a SHA-1 begins with.
const q1 = "Q1"

// Q1 is the checksum of a control segment, of a file or of a link's target, as
// apk writes it.
func Q1(content []byte) string {
	sum := sha1.Sum(content) //nolint:gosec // it is apk's format
	return Q1Of(sum[:])
}

// Q1Of is the same of a SHA-1 that is known already.
func Q1Of(sum []byte) string { return q1 + base64.StdEncoding.EncodeToString(sum) }

// CheckQ1 returns an error unless a text is a checksum of that form.
func CheckQ1(text string) error {
	_, err := canonicalQ1(text)
	return err
}

// canonicalQ1 is a checksum as Q1Of writes it: the last letter of the base64 has two
// bits that say nothing.
func canonicalQ1(text string) (string, error) {
	if len(text) > len(q1) && text[:len(q1)] == q1 {
		if sum, err := base64.StdEncoding.DecodeString(text[len(q1):]); err == nil && len(sum) == sha1.Size {
			return Q1Of(sum), nil
		}
	}
	return "", fmt.Errorf("read the checksum %.80q: want Q1 and the base64 of a SHA-1", text)
}

// Q1OfHex is the Q1 form of a SHA-1 in hexadecimal, as file archives have it.
func Q1OfHex(text string) (string, error) {
	sum, err := hex.DecodeString(text)
	if err != nil || len(sum) != sha1.Size {
		return "", fmt.Errorf("read the checksum %.80q: want a SHA-1 in hexadecimal", text)
	}
	return Q1Of(sum), nil
}
