// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package op

import (
	"context"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	"google.golang.org/protobuf/proto"
)

// SignedBy is a git source whose tag, or else whose commit, must be signed by a key:
// armored OpenPGP, or a line of SSH. BuildKit has no option for it yet, though its daemon
// knows the attributes. With rejectExpired the key must not have expired by now.
func SignedBy(git bk.State, key string, rejectExpired bool) bk.State {
	return bk.NewState(signedOutput{&signedSource{git: git.Output(), key: key, rejectExpired: rejectExpired}})
}

// signedSource is the operation with the attributes.
type signedSource struct {
	git           bk.Output
	key           string
	rejectExpired bool
}

var _ bk.Vertex = (*signedSource)(nil)

// Validate is that of the source.
func (s *signedSource) Validate(ctx context.Context, c *bk.Constraints) error {
	return s.git.Vertex(ctx, c).Validate(ctx, c)
}

// Marshal adds the attributes to the source, and notes that the daemon must know them.
func (s *signedSource) Marshal(ctx context.Context, c *bk.Constraints) (digest.Digest, []byte, *pb.OpMetadata, []*bk.SourceLocation, error) {
	_, data, md, lines, err := s.git.Vertex(ctx, c).Marshal(ctx, c)
	if err != nil {
		return "", nil, nil, nil, err
	}
	op := &pb.Op{}
	if err := op.Unmarshal(data); err != nil {
		return "", nil, nil, nil, err
	}
	attrs := op.GetSource().Attrs
	attrs[pb.AttrGitSignatureVerifyPubKey] = s.key
	if s.rejectExpired {
		attrs[pb.AttrGitSignatureVerifyRejectExpired] = "true"
	}
	if data, err = (proto.MarshalOptions{Deterministic: true}).Marshal(op); err != nil {
		return "", nil, nil, nil, err
	}
	md = md.CloneVT()
	if md.Caps == nil {
		md.Caps = map[string]bool{}
	}
	md.Caps[string(pb.CapSourceGitSignatureVerify)] = true
	return digest.FromBytes(data), data, md, lines, nil
}

// Output is the tree that is checked out.
func (s *signedSource) Output() bk.Output { return signedOutput{s} }

// Inputs are none.
func (s *signedSource) Inputs() []bk.Output { return nil }

// signedOutput is the only output of the operation.
type signedOutput struct{ source *signedSource }

// ToInput names the operation by its digest.
func (o signedOutput) ToInput(ctx context.Context, c *bk.Constraints) (*pb.Input, error) {
	of, _, _, _, err := o.source.Marshal(ctx, c)
	if err != nil {
		return nil, err
	}
	return &pb.Input{Digest: string(of)}, nil
}

// Vertex is the operation.
func (o signedOutput) Vertex(context.Context, *bk.Constraints) bk.Vertex { return o.source }
