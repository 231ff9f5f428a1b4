// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"context"
	"errors"
	"fmt"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/filesync"
)

// localSessionAttr and the name of a directory of this machine are the attribute that says
// by which session that is read.
const localSessionAttr = "local-sessionid:"

// sharedFiles are the directories of this machine that several builds read by one session
// on each node, so that a daemon takes what they have in common for the same.
type sharedFiles struct{ sessions []*ownSession }

// share lets the builds of several targets read by common sessions. Where the outputs of
// one lie in its context, which it must not send then, each reads for itself.
func (b *batch) share(ctx context.Context) (*sharedFiles, error) {
	f := &sharedFiles{}
	if b.writesInContexts() {
		return f, nil
	}
	byNode := map[*client.Client]*session.Session{}
	for _, j := range b.jobs {
		for _, p := range j.parts {
			s := byNode[p.node.Client]
			if s == nil {
				var err error
				if s, err = f.open(ctx, p.node.Client, p.opt); err != nil {
					return f, errors.Join(err, f.close())
				}
				byNode[p.node.Client] = s
			}
			for name := range p.opt.LocalMounts {
				p.opt.FrontendAttrs[localSessionAttr+name] = s.ID()
			}
		}
	}
	return f, nil
}

// open starts a session for the directories of a build.
func (f *sharedFiles) open(ctx context.Context, node *client.Client, opt client.SolveOpt) (*session.Session, error) {
	s, err := session.NewSession(ctx, opt.SharedKey)
	if err != nil {
		return nil, fmt.Errorf("open a session for the context: %w", err)
	}
	dirs, err := localSources(opt.LocalMounts)
	if err != nil {
		return nil, err
	}
	s.Allow(filesync.NewFSSyncProvider(dirs))
	own := &ownSession{session: s}
	own.start(ctx, node)
	f.sessions = append(f.sessions, own)
	return s, nil
}

// close ends the sessions.
func (f *sharedFiles) close() error {
	var errs []error
	for _, s := range f.sessions {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}
