// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/strata-build/strata/internal/distro/alpine/archive"
	"github.com/strata-build/strata/internal/distro/alpine/control"
)

// A MismatchError is a package whose file isn't the one that the index has.
type MismatchError struct {
	Package string // name and version
	Why     error
}

// Error names the package and what is wrong with it.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("check the package %s: %v; fetch it from another mirror, or wait until this one is complete", e.Package, e.Why)
}

// Unwrap returns why.
func (e *MismatchError) Unwrap() error { return e.Why }

// Verify looks whether a file is the package that the index has: its control
// segment by the index's checksum, its files by the hash that is in there. They
// stay compressed, as what they become has no limit before they are unpacked. It
// returns the SHA-256 of the whole file in hexadecimal, which is what a lock
// holds it to from then on.
func Verify(p *Package, data []byte) (sha256hex string, err error) {
	fail := func(err error) (string, error) {
		return "", &MismatchError{Package: p.Name + " " + p.Version, Why: err}
	}
	if int64(len(data)) != p.Size {
		return fail(fmt.Errorf("it has %d bytes, the index says %d", len(data), p.Size))
	}
	a, err := archive.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return fail(err)
	}
	if a.Checksum != p.Checksum {
		return fail(fmt.Errorf("%w: its control segment has %s, the index says %s", control.ErrChecksum, a.Checksum, p.Checksum))
	}
	if a.Info.Name != p.Name || a.Info.Version != p.Version {
		return fail(fmt.Errorf("it says that it is %s %s", a.Info.Name, a.Info.Version))
	}
	if err := a.CheckData(); err != nil {
		return fail(err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
