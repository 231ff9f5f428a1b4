// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

// Signature says how what is fetched is held to a key.
type Signature struct {
	Range Range
	// Key is a file of the context with a public key.
	Key String
	// URL is where a file's signature is, or Source its path in the context.
	URL    String
	Source String
}

func signatureObject() object[Signature] {
	return object[Signature]{
		span: func(s *Signature) *Range { return &s.Range },
		instead: func(string) string {
			return "write signature: {key: keys/x.asc, url: \"https://…\"}, with the public key's file in the context and the signature's address"
		},
		keys: []key[Signature]{
			bind("key", "The public key's file in the context: OpenPGP, minisign or PEM for a url; OpenPGP or SSH for git.", text(valid(CleanSource)),
				func(s *Signature) *String { return &s.Key }).must(),
			bind("url", "The address of the signature.", text(checkURL),
				func(s *Signature) *String { return &s.URL }),
			bind("source", "The signature's file in the context, in the place of url.", text(valid(CleanSource)),
				func(s *Signature) *String { return &s.Source }),
		},
	}
}

// checkSignature holds a signature to what it is of: one of a file lies somewhere, and
// those of git are in the repository.
func checkSignature(c cursor, f *File) {
	if f.Signature == nil {
		return
	}
	where, _ := c.lookup("signature")
	switch has := f.Signature; {
	case f.Git.IsSet() && (has.URL.IsSet() || has.Source.IsSet()):
		c.faultAt(where, "leave all but `key` out", "the signatures of git are in the repository")
	case f.URL.IsSet() && !has.URL.IsSet() && !has.Source.IsSet():
		c.faultAt(where, "say with `url`, or with `source` for a file of the context, where the signature is", "there is no signature")
	case has.URL.IsSet() && has.Source.IsSet():
		c.faultAt(where, "", "signature has both url and source; exactly one is allowed")
	}
}
