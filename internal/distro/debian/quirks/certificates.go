// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package quirks

import (
	"crypto/sha1" //nolint:gosec // it names files, as OpenSSL does
	"encoding/asn1"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/strata-build/strata/internal/distro/rootdir"
)

const (
	certificatesDir = "/usr/share/ca-certificates"
	trustDir        = "/etc/ssl/certs"
)

// Rehash makes the links by which OpenSSL finds a certificate by the hash of its
// subject, as "openssl rehash" does for a directory.
func Rehash(root rootdir.Root, dir string) error {
	entries, err := os.ReadDir(root.At(dir))
	if err != nil {
		return fmt.Errorf("find certificates: %w", err)
	}
	hashes := map[string][]string{}
	for _, e := range entries {
		if !slices.Contains([]string{".pem", ".crt", ".cer", ".crl"}, path.Ext(e.Name())) {
			if hashLink.MatchString(e.Name()) && e.Type()&fs.ModeSymlink != 0 {
				if err := os.Remove(root.At(path.Join(dir, e.Name()))); err != nil {
					return fmt.Errorf("remove a link to a certificate: %w", err)
				}
			}
			continue
		}
		text, err := os.ReadFile(root.At(path.Join(dir, e.Name())))
		if err != nil {
			return fmt.Errorf("read certificate: %w", err)
		}
		if strings.Count(string(text), "-----BEGIN ") != 1 {
			continue // it says that it takes only files with one
		}
		hash, err := subjectHash(text)
		if err != nil {
			return fmt.Errorf("read certificate %s: %w", e.Name(), err)
		}
		if !slices.Contains(hashes[hash], string(text)) {
			link := fmt.Sprintf("%s.%d", hash, len(hashes[hash]))
			if err := root.Link(path.Join(dir, link), e.Name()); err != nil {
				return fmt.Errorf("link certificate: %w", err)
			}
			hashes[hash] = append(hashes[hash], string(text))
		}
	}
	return nil
}

// hashLink is the name of a link by a subject's hash.
var hashLink = regexp.MustCompile(`^[0-9a-f]{8}\.r?[0-9]+$`)

// linkName is the name of the link to a certificate.
func linkName(name string) string {
	base := strings.TrimSuffix(path.Base(name), ".crt")
	return strings.NewReplacer(" ", "_", "(", "=", ")", "=", ",", "_").Replace(base) + ".pem"
}

// subjectHash is what OpenSSL's X509_NAME_hash gives: the first four bytes,
// backwards, of the SHA-1 of the subject in its canonical form.
func subjectHash(text []byte) (string, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return "", errors.New("it isn't PEM")
	}
	var c struct {
		TBS struct {
			Version    int `asn1:"optional,explicit,default:0,tag:0"`
			Serial     asn1.RawValue
			Algorithm  asn1.RawValue
			Issuer     asn1.RawValue
			Validity   asn1.RawValue
			Subject    asn1.RawValue
			Key        asn1.RawValue
			IssuerID   asn1.BitString `asn1:"optional,tag:1"`
			SubjectID  asn1.BitString `asn1:"optional,tag:2"`
			Extensions asn1.RawValue  `asn1:"optional,explicit,tag:3"`
		}
		Algorithm asn1.RawValue
		Signature asn1.RawValue
	}
	if _, err := asn1.Unmarshal(block.Bytes, &c); err != nil {
		return "", err
	}
	form, err := canonical(c.TBS.Subject.Bytes)
	if err != nil {
		return "", err
	}
	sum := sha1.Sum(form) //nolint:gosec // it names files, as OpenSSL does
	return fmt.Sprintf("%08x", binary.LittleEndian.Uint32(sum[:4])), nil
}

// attribute is a part of a name.
type attribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

// canonical writes the sets of a name's attributes one after the other, with
// texts in lower case and single blanks (x509_name_canon of crypto/x509/x_name.c).
func canonical(sets []byte) ([]byte, error) {
	var out []byte
	for len(sets) > 0 {
		var set asn1.RawValue
		rest, err := asn1.Unmarshal(sets, &set)
		if err != nil {
			return nil, err
		}
		sets = rest
		var members []byte
		for in := set.Bytes; len(in) > 0; {
			var attr attribute
			if in, err = asn1.Unmarshal(in, &attr); err != nil {
				return nil, err
			}
			if text, ok := textOf(attr.Value); ok {
				text = lowerASCII(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n\v\f\r", r) }), " "))
				attr.Value = asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(text)}
			}
			der, err := asn1.Marshal(attr)
			if err != nil {
				return nil, err
			}
			members = append(members, der...)
		}
		der, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: members})
		if err != nil {
			return nil, err
		}
		out = append(out, der...)
	}
	return out, nil
}

// lowerASCII makes the letters of ASCII small ones, and no others.
func lowerASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// textOf is the text of an attribute that is one.
func textOf(v asn1.RawValue) (string, bool) {
	switch v.Tag {
	case asn1.TagUTF8String, asn1.TagPrintableString, asn1.TagIA5String, 26:
		return string(v.Bytes), true
	case asn1.TagT61String:
		runes := []rune{}
		for _, b := range v.Bytes {
			runes = append(runes, rune(b))
		}
		return string(runes), true
	case asn1.TagBMPString:
		units := []uint16{}
		for i := 0; i+1 < len(v.Bytes); i += 2 {
			units = append(units, binary.BigEndian.Uint16(v.Bytes[i:]))
		}
		return string(utf16.Decode(units)), true
	}
	return "", false
}
