// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"sync"

	bk "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/frontend/fault"
	"github.com/strata-build/strata/internal/printable"
	"github.com/strata-build/strata/llb/lock"
	"github.com/strata-build/strata/llb/op"
	"github.com/strata-build/strata/llb/strategy"
)

// Pinner finds what addresses lead to now, each once.
type Pinner struct {
	daemon  *Daemon
	mu      sync.Mutex
	files   map[string]func() (file, error)
	afresh  map[string]bool
	commits map[string]func() (lock.Git, error)
}

type file struct {
	digest digest.Digest
	// size is in bytes.
	size int64
}

var _ strategy.Pinner = (*Pinner)(nil)

// NewPinner gives the pinner of a request.
func NewPinner(d *Daemon) *Pinner {
	return &Pinner{daemon: d, files: map[string]func() (file, error){}, afresh: map[string]bool{}, commits: map[string]func() (lock.Git, error){}}
}

// once makes a function that is called by several for the same name be called once.
func once[T any](p *Pinner, in map[string]func() (T, error), name string, do func() (T, error)) (T, error) {
	p.mu.Lock()
	if in[name] == nil {
		in[name] = sync.OnceValues(do)
	}
	get := in[name]
	p.mu.Unlock()
	return get()
}

// File returns the digest of a server's file and its length in bytes.
func (p *Pinner) File(ctx context.Context, url string) (digest.Digest, int64, error) {
	f, err := once(p, p.files, url, func() (file, error) { return p.fetch(ctx, url) })
	return f.digest, f.size, err
}

// Afresh lets the file of an address be fetched once more, whatever BuildKit has of it, and
// returns what is in its name from then on.
func (p *Pinner) Afresh(url string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.afresh[url] {
		p.afresh[url] = true
		delete(p.files, url)
	}
	return p.daemon.afresh()
}

// fetch fetches a file, so that what is locked is what was there at one time.
func (p *Pinner) fetch(ctx context.Context, url string) (file, error) {
	name := "file"
	if p.isAfresh(url) {
		name += "-" + p.daemon.afresh()
	}
	opts := []bk.HTTPOption{bk.Filename(name), bk.Chmod(0o644), bk.Chown(0, 0), bk.WithCustomName("fetch " + printable.Line(printable.Address(url)))}
	ref, err := p.daemon.Solve(ctx, bk.HTTP(url, opts...))
	if err != nil {
		return file{}, p.refused(ctx, url, err)
	}
	r := &pieces{ctx: ctx, ref: ref, name: name}
	sum := digest.SHA256.Digester()
	size, err := io.Copy(sum.Hash(), r)
	if err != nil {
		return file{}, p.refused(ctx, url, err)
	}
	return file{digest: sum.Digest(), size: size}, nil
}

func (p *Pinner) isAfresh(url string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.afresh[url]
}

// refused says what a server answered, without the address.
func (p *Pinner) refused(ctx context.Context, url string, err error) error {
	if status := p.daemon.Status(ctx, url); status != 0 {
		return fmt.Errorf("the server answers with status %d", status)
	}
	return fault.OfAddress(err, url)
}

// pieces reads a file piece by piece.
type pieces struct {
	ctx  context.Context //nolint:containedctx // io.Reader has no place for it
	ref  client.Reference
	name string
	at   int
	have []byte
	done bool
}

func (r *pieces) Read(into []byte) (int, error) {
	if len(r.have) == 0 && r.done {
		return 0, io.EOF
	}
	if len(r.have) == 0 {
		data, err := r.ref.ReadFile(r.ctx, client.ReadRequest{Filename: r.name, Range: &client.FileRange{Offset: r.at, Length: pieceSize}})
		if err != nil {
			return 0, err
		}
		r.at += len(data)
		r.have, r.done = data, len(data) < pieceSize
		if len(data) == 0 {
			return 0, io.EOF
		}
	}
	n := copy(into, r.have)
	r.have = r.have[n:]
	return n, nil
}

// Commit returns the full name of a repository's reference, its commit, and its tag's
// object where a key must have signed it. They are empty if the daemon doesn't say.
func (p *Pinner) Commit(ctx context.Context, repository, ref, key string) (lock.Git, error) {
	return once(p, p.commits, repository+"#"+ref+"#"+key, func() (lock.Git, error) { return p.lookUp(ctx, repository, ref, key) })
}

func (p *Pinner) lookUp(ctx context.Context, repository, ref, key string) (lock.Git, error) {
	words := "look up " + printable.Line(printable.Address(repository))
	st := bk.Git(repository, "", bk.GitRef(ref), bk.WithCustomName(words))
	if key != "" {
		st = op.SignedBy(st, key, true)
	}
	res, err := p.daemon.metadata(ctx, st, words)
	if said := fault.OfGitSignature(err); key != "" && said != "" {
		return lock.Git{}, fmt.Errorf("check its signature: %s", said)
	}
	if err != nil || res.Git == nil {
		return lock.Git{}, err
	}
	out := lock.Git{Ref: res.Git.Ref, Commit: cmp.Or(res.Git.CommitChecksum, res.Git.Checksum)}
	if key != "" && out.Commit != res.Git.Checksum {
		out.Tag = res.Git.Checksum
	}
	return out, nil
}

// Digest is the digest of a server's file that was fetched in this request; empty if the
// daemon doesn't say.
func (p *Pinner) Digest(ctx context.Context, url string) digest.Digest {
	words := "look up " + printable.Line(printable.Address(url))
	res, err := p.daemon.metadata(ctx, bk.HTTP(url, bk.WithCustomName(words)), words)
	if err != nil || res.HTTP == nil {
		return ""
	}
	return res.HTTP.Digest
}

// metadata is what a daemon says of a source.
func (d *Daemon) metadata(ctx context.Context, source bk.State, words string) (*sourceresolver.MetaResponse, error) {
	def, err := d.Marshal(ctx, source)
	if err != nil {
		return nil, err
	}
	first := &pb.Op{}
	if err := first.Unmarshal(def.Def[0]); err != nil {
		return nil, fmt.Errorf("read a source: %w", err)
	}
	return d.Client.ResolveSourceMetadata(ctx, first.GetSource(), sourceresolver.Opt{LogName: "[internal] " + words, GitOpt: &sourceresolver.ResolveGitOpt{}})
}
