// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/containerd/containerd/v2/core/remotes/docker"
)

const (
	// tagPagesLimit is how many pages of tags are read at most: some repositories have tens of
	// thousands of tags, in pages of a hundred.
	tagPagesLimit = 1000
	// tagsLimit is the most bytes that the pages may have together: those of a million tags.
	tagsLimit = 64 << 20
)

// Tags lists the tags of a repository. The registry itself is asked before its mirrors,
// which may know only what was asked of them.
func (r *Repository) Tags(ctx context.Context) ([]string, error) {
	sessions, err := r.able(docker.HostCapabilityResolve)
	if err != nil {
		return nil, err
	}
	var failed error
	for _, s := range slices.Backward(sessions) {
		tags, err := s.tags(ctx)
		if err == nil {
			return tags, nil
		}
		if failed == nil {
			failed = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

func (s *session) tags(ctx context.Context) ([]string, error) {
	q := request{verb: "list the tags of", method: http.MethodGet, path: "tags/list?n=1000", accept: "application/json"}
	var all []string
	read := 0
	for range tagPagesLimit {
		resp, err := s.do(ctx, q, http.StatusOK)
		if err != nil {
			return nil, err
		}
		raw, err := io.ReadAll(io.LimitReader(resp.Body, manifestLimit))
		resp.Body.Close()
		if err != nil {
			return nil, s.explain(q.verb, "", err)
		}
		if read += len(raw); read > tagsLimit {
			return nil, s.explain(q.verb, "", fmt.Errorf("the lists of tags have more than %d bytes", tagsLimit))
		}
		var page struct{ Tags []string }
		if err := json.Unmarshal(raw, &page); err != nil {
			return nil, s.explain(q.verb, "", fmt.Errorf("the answer is not a list of tags: %w", err))
		}
		all = append(all, page.Tags...)
		if q.url, err = nextPage(resp); err != nil {
			return nil, s.explain(q.verb, "", err)
		}
		if q.url == "" {
			return all, nil
		}
	}
	return nil, s.explain(q.verb, "", fmt.Errorf("there are more than %d pages of tags", tagPagesLimit))
}
