// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"

	"github.com/containerd/containerd/v2/core/content"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
)

// forgetful is a content store that forgets what it was sent if it isn't what it should be.
// containerd keeps it to go on with it, and so refuses the content for ever after a registry
// has sent it wrong once.
type forgetful struct{ content.Store }

// Writer begins or continues to write content.
func (s forgetful) Writer(ctx context.Context, opts ...content.WriterOpt) (content.Writer, error) {
	var o content.WriterOpts
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	w, err := s.Store.Writer(ctx, opts...)
	if err != nil {
		return nil, err
	}
	if st, err := w.Status(); err == nil && st.Offset > 0 && st.Offset < worthKeeping {
		if err := w.Truncate(0); err != nil {
			_ = w.Close() // the failure says more
			return nil, err
		}
	}
	return &forgetfulWriter{w, s.Store, o.Ref}, nil
}

// worthKeeping is how many bytes there must be of content that is continued. What is
// shorter may be a page that came in its place, and is soon fetched.
const worthKeeping = 1 << 20

type forgetfulWriter struct {
	content.Writer
	store content.Store
	ref   string
}

// Commit ends what is written, and holds it to its size and digest.
func (w *forgetfulWriter) Commit(ctx context.Context, size int64, expected digest.Digest, opts ...content.Opt) error {
	err := w.Writer.Commit(ctx, size, expected, opts...)
	if cerrdefs.IsFailedPrecondition(err) {
		_ = w.store.Abort(context.WithoutCancel(ctx), w.ref) // what is wrong is said already
	}
	return err
}
