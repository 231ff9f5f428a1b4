// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRefusedPush pushes to a registry that says no, in the beginning and in the
// middle. Its words reach the user, and none of the other outputs is there.
func TestRefusedPush(t *testing.T) {
	h := newHouse(t)
	dir := directory(t, map[string]string{"strata.yaml": application, "settings": "loud\n"})
	for name, test := range map[string]struct {
		refuse func(*http.Request) (int, string)
		want   string
	}{
		"no room for blobs": {func(r *http.Request) (int, string) {
			if r.Method == http.MethodPost {
				return http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"the quota of 5 blobs is used up"}]}`
			}
			return 0, ""
		}, "the quota of 5 blobs is used up"},
		"no repository": {func(r *http.Request) (int, string) {
			if r.Method == http.MethodPost {
				return http.StatusNotFound, `{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry"}]}`
			}
			return 0, ""
		}, " has no repository no-repository, and makes none"},
		"full disk": {func(r *http.Request) (int, string) {
			if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/blobs/uploads/") {
				return http.StatusInsufficientStorage, ""
			}
			return 0, ""
		}, "the disk of " + h.registry.Host + " is full"},
		"broken upload": {func(r *http.Request) (int, string) {
			if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/blobs/uploads/") {
				return http.StatusBadRequest, `{"errors":[{"code":"BLOB_UPLOAD_INVALID","message":"the disk broke in the middle"}]}`
			}
			return 0, ""
		}, "the disk broke in the middle"},
		"no manifest": {func(r *http.Request) (int, string) {
			if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") {
				return http.StatusConflict, `{"errors":[{"code":"TAG_IMMUTABLE","message":"tags never change here"}]}`
			}
			return 0, ""
		}, "tags never change here"},
	} {
		t.Run(name, func(t *testing.T) {
			h.registry.Refuse(test.refuse)
			defer h.registry.Refuse(nil)
			out := t.TempDir()
			got := h.build(t, "--progress=quiet", "-t", h.registry.Host+"/"+strings.ReplaceAll(name, " ", "-"), "--push",
				"-o", "type=oci,dest="+filepath.Join(out, "oci.tar"), "-o", filepath.Join(out, "files"),
				"--metadata-file", filepath.Join(out, "metadata.json"), "--iidfile", filepath.Join(out, "id"), dir)
			repository := h.registry.Host + "/" + strings.ReplaceAll(name, " ", "-")
			expectLine(t, got, "push "+repository+": *"+test.want)
			if left, err := os.ReadDir(out); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
}
