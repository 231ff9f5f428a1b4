// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package signature

import (
	"bytes"
	"slices"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// merged has each key once, as gpg has keys that it imports one after the other: a list of
// keys has one again when it was renewed or revoked. The newest statement of a key about
// itself counts, and a revocation always.
func merged(ring openpgp.EntityList) openpgp.EntityList {
	var out openpgp.EntityList
	for _, e := range ring {
		at := slices.IndexFunc(out, func(o *openpgp.Entity) bool { return same(o.PrimaryKey, e.PrimaryKey) })
		if at < 0 {
			out = append(out, e)
			continue
		}
		older := out[at]
		if stated(e).Before(stated(older)) {
			e, older = older, e
		}
		e.Revocations = append(e.Revocations, older.Revocations...)
		for _, key := range older.Subkeys {
			e.Subkeys = mergeSubkey(e.Subkeys, key)
		}
		out[at] = e
	}
	return out
}

func mergeSubkey(keys []openpgp.Subkey, key openpgp.Subkey) []openpgp.Subkey {
	at := slices.IndexFunc(keys, func(o openpgp.Subkey) bool { return same(o.PublicKey, key.PublicKey) })
	if at < 0 {
		return append(keys, key)
	}
	one := &keys[at]
	if key.Sig.CreationTime.After(one.Sig.CreationTime) {
		one.Sig = key.Sig
	}
	one.Revocations = append(one.Revocations, key.Revocations...)
	return keys
}

func same(a, b *packet.PublicKey) bool { return bytes.Equal(a.Fingerprint, b.Fingerprint) }

// stated is when a key last said how long it is valid.
func stated(e *openpgp.Entity) time.Time {
	if s, _ := e.PrimarySelfSignature(); s != nil {
		return s.CreationTime
	}
	return time.Time{}
}
