// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/containerd/containerd/v2/core/content"
	ctdmetadata "github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	bolt "go.etcd.io/bbolt"
)

// TestForgetsWrongContent sends content wrong, and then as it is. The second time counts. What
// was sent in part is continued if there is much of it.
func TestForgetsWrongContent(t *testing.T) {
	dir := t.TempDir()
	files, err := local.NewStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(filepath.Join(dir, "db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	mdb := ctdmetadata.NewDB(db, files, nil)
	ctx := namespaces.WithNamespace(t.Context(), namespace)
	if err := mdb.Init(ctx); err != nil {
		t.Fatal(err)
	}
	store := forgetful{mdb.ContentStore()}
	for name, right := range map[string][]byte{"little": []byte("what it is"), "much": bytes.Repeat([]byte("0123456789abcdef"), 1<<17)} {
		desc := ocispecs.Descriptor{Digest: digest.FromBytes(right), Size: int64(len(right))}
		wrong := bytes.Clone(right)
		wrong[0] ^= 1
		if _, err := send(ctx, store, desc, wrong, true); err == nil {
			t.Errorf("%s: wrong content is taken", name)
		}
		half := len(right) / 2
		if at, err := send(ctx, store, desc, right[:half], false); at != 0 || err != nil {
			t.Errorf("%s: after what is wrong it begins at %d: %v", name, at, err)
		}
		want, rest := 0, right
		if name == "much" {
			want, rest = half, right[half:]
		}
		if at, err := send(ctx, store, desc, rest, true); at != int64(want) || err != nil {
			t.Errorf("%s: after a half it begins at %d, and not %d: %v", name, at, want, err)
		}
		if got, err := content.ReadBlob(ctx, store, desc); err != nil || !bytes.Equal(got, right) {
			t.Errorf("%s: it has %d bytes: %v", name, len(got), err)
		}
	}
}

// send writes data, and says where it began.
func send(ctx context.Context, store content.Store, desc ocispecs.Descriptor, data []byte, commit bool) (at int64, err error) {
	w, err := store.Writer(ctx, content.WithRef("blob-"+desc.Digest.String()), content.WithDescriptor(desc))
	if err != nil {
		return 0, err
	}
	defer w.Close()
	st, err := w.Status()
	if err != nil {
		return 0, err
	}
	if _, err := w.Write(data); err != nil || !commit {
		return st.Offset, err
	}
	return st.Offset, w.Commit(ctx, desc.Size, desc.Digest)
}
