// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"time"

	"github.com/strata-build/strata/internal/spell"
)

// UnsignedError is a Release without a signature that could be checked.
type UnsignedError struct {
	Reason string
}

// Error says what is wrong with the file.
func (e *UnsignedError) Error() string {
	return "verify the Release file: it is not signed: " + e.Reason + "; check the repository's address"
}

// UntrustedError is a Release that only keys outside of the keyring signed.
type UntrustedError struct {
	SignedBy []string // key ids in hex
	Trusted  []string // fingerprints of the keyring, sorted
}

// Error names the keys that signed and those that would have counted.
func (e *UntrustedError) Error() string {
	s := "verify the Release file: signed by " + spell.List(e.SignedBy, "and") + ", and none of these keys is trusted"
	if len(e.Trusted) == 0 {
		return s + ": the keyring is empty; name the repository's key in signed_by"
	}
	return s + "; trusted are " + spell.List(e.Trusted, "and") + "; name the repository's key in signed_by"
}

// BadSignatureError is a signature of a trusted key that does not fit the text.
type BadSignatureError struct {
	Key    string // fingerprint
	Reason string
}

// Error names the key and the reason.
func (e *BadSignatureError) Error() string {
	return fmt.Sprintf("verify the Release file: the signature of %s is bad: %s; the file was altered on its way, or fetched "+
		"half-way through an update", e.Key, e.Reason)
}

// ExpiredKeyError is a Release whose trusted signers have all expired.
type ExpiredKeyError struct {
	Key string // fingerprint
	Now time.Time
}

// Error names the key.
func (e *ExpiredKeyError) Error() string {
	return fmt.Sprintf("verify the Release file: the key %s had expired by %s; take the repository's newer keyring",
		e.Key, e.Now.UTC().Format(time.DateOnly))
}

// ExpiredReleaseError is a Release past its Valid-Until.
type ExpiredReleaseError struct {
	Suite           string
	ValidUntil, Now time.Time
}

// Error says since when.
func (e *ExpiredReleaseError) Error() string {
	return fmt.Sprintf("verify the Release file of %s: it expired on %s, and it is %s; the mirror is stale, or it is a "+
		"snapshot and the build file should say \"snapshot: true\"", e.Suite, e.ValidUntil.UTC().Format(time.RFC3339), e.Now.UTC().Format(time.RFC3339))
}

// OlderReleaseError is a Release from before one that was seen already.
type OlderReleaseError struct {
	Suite           string
	Date, NotBefore time.Time
}

// Error gives both dates.
func (e *OlderReleaseError) Error() string {
	return fmt.Sprintf("verify the Release file of %s: it is of %s, older than the one of %s in the lock; the mirror is "+
		"behind, try another one", e.Suite, e.Date.UTC().Format(time.RFC3339), e.NotBefore.UTC().Format(time.RFC3339))
}

// FutureReleaseError is a Release that was made later than now.
type FutureReleaseError struct {
	Suite     string
	Date, Now time.Time
}

// Error gives both dates.
func (e *FutureReleaseError) Error() string {
	return fmt.Sprintf("verify the Release file of %s: it isn't valid before %s, and it is %s; is the clock right?",
		e.Suite, e.Date.UTC().Format(time.RFC3339), e.Now.UTC().Format(time.RFC3339))
}
