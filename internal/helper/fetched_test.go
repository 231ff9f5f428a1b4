// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/strata-build/strata/internal/call"
)

// TestFetched runs a subcommand with files that servers give, or don't.
func TestFetched(t *testing.T) {
	const content = "what is wanted"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good":
			_, _ = w.Write([]byte(content))
		case "/more":
			_, _ = w.Write([]byte(content + "."))
		case "/cut":
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(content))
		case "/elsewhere":
			http.Redirect(w, r, "/good", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	good := call.FetchedFile{Digest: digest.FromString(content), Size: int64(len(content))}
	for name, tc := range map[string]struct {
		paths, want string
		change      func(*call.FetchedFile)
	}{
		"whole":              {paths: "/good"},
		"sent on":            {paths: "/elsewhere"},
		"the second address": {paths: "/none /good"},
		"another one first":  {paths: "/more /good"},
		"without a size":     {paths: "/good", change: func(f *call.FetchedFile) { f.Size, f.Limit = 0, 100 }},
		"without a limit":    {paths: "/good", change: func(f *call.FetchedFile) { f.Size = 0 }},
		"missing":            {paths: "/none", want: "/none: the server answers with status 404"},
		"missing everywhere": {paths: "/none /cut", want: "/none: the server answers with status 404"},
		"longer":             {paths: "/more", want: "/more: it has another size than 14 bytes"},
		"over its limit":     {paths: "/good", change: func(f *call.FetchedFile) { f.Size, f.Limit = 0, 5 }, want: "it has more than 5 bytes"},
		"cut short":          {paths: "/cut", want: "/cut: unexpected EOF"},
		"another file":       {paths: "/good", change: func(f *call.FetchedFile) { f.Digest = digest.FromString("x") }, want: "it is not the file that is expected"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, out := filepath.Join(t.TempDir(), "fetched"), t.TempDir()
			file := good
			file.Name = "archive"
			if tc.change != nil {
				tc.change(&file)
			}
			for path := range strings.FieldsSeq(tc.paths) {
				file.URLs = append(file.URLs, server.URL+path)
			}
			copied := call.Place{Source: dir, Out: out}.Args()
			var stderr bytes.Buffer
			status := Main(call.Fetched{Files: []call.FetchedFile{file}, Dir: dir, Then: copied}.Args(), &stderr, &stderr)
			if ok := tc.want == ""; ok != (status == 0) || !strings.Contains(stderr.String(), tc.want) {
				t.Errorf("status %d, want %q\n%s", status, tc.want, stderr.String())
			}
			if got, _ := os.ReadFile(filepath.Join(out, "archive")); (string(got) == content) != (tc.want == "") {
				t.Errorf("the subcommand had %q", got)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("%v is left, %v", left, err)
			}
		})
	}
}
