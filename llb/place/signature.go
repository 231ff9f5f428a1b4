// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"strings"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/internal/signature"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/plan"
	"github.com/strata-build/strata/llb/spec"
)

// Verified is a fetched file, alone in a tree, once its signature was checked: nothing has
// it before. It is called name there, or what it was before if that is empty. A report is
// the file that a step leaves its error in; without a name it fails.
func Verified(ops *op.Maker, file bk.State, f *plan.HTTP, name, report string) (bk.State, error) {
	const signatureFile, keyFile = "signature", "key"
	s := f.Signature
	at := ops.At(spec.Range{Start: s.Pos, End: s.Pos})
	key := bk.Scratch().File(bk.Mkfile("/"+keyFile, 0o644, []byte(s.KeyText)), at, bk.WithCustomName("[internal] take the key "+s.Key))
	var sig bk.State
	sigName := signatureFile
	if s.HTTP == nil {
		sig = bk.Scratch().File(bk.Mkfile("/"+signatureFile, 0o644, []byte(s.Text)), at, bk.WithCustomName("[internal] take the signature "+s.Source))
	} else {
		sigName = attemptName(signatureFile, s.HTTP)
		fetch := []bk.HTTPOption{
			bk.Filename(sigName), bk.Chmod(0o644), bk.Chown(0, 0), at, op.Limit(signature.MaxSize), bk.WithCustomName(ops.Name("fetch " + printable.Address(s.HTTP.URL))),
		}
		if s.HTTP.Checksum != "" {
			fetch = append(fetch, bk.Checksum(digest.Digest(s.HTTP.Checksum)))
		}
		sig = bk.HTTP(s.HTTP.URL, fetch...)
	}
	c := call.Verify{Locked: f.Lock != "", Report: report, Name: name, Source: "/in", Signature: "/" + signatureFile, Key: "/" + keyFile, Out: "/out"}
	run := []bk.RunOption{
		bk.AddMount(c.Source, file, bk.Readonly), at,
		bk.AddMount(c.Signature, sig, bk.SourcePath("/"+sigName), bk.Readonly),
		bk.AddMount(c.Key, key, bk.SourcePath("/"+keyFile), bk.Readonly),
	}
	return ops.Tree(ops.Name("check the signature of "+f.URL), c.Args(), run...)
}

// IsVerifyStep reports whether a message of BuildKit is about a step that checks a
// signature.
func IsVerifyStep(message string) bool {
	return strings.Contains(message, op.HelperPath+" "+call.VerifyName+" ")
}
