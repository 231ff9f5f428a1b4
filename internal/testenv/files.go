// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// Files is an HTTP server with some files.
type Files struct {
	// URL is the address of the top, without a slash at the end.
	URL string
	*Recorder

	files map[string][]byte
}

// FileServer serves the files, whose keys are paths that start with a slash. The query
// name= is what the server says that a file is called.
func FileServer(t testing.TB, files map[string][]byte) *Files {
	t.Helper()
	f := &Files{files: files}
	f.Recorder = &Recorder{next: http.HandlerFunc(f.answer)}
	f.URL = "http://" + serve(t, f.Recorder)
	return f
}

// Digest returns the sha256 digest of a file.
func (f *Files) Digest(path string) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(f.files[path]))
}

func (f *Files) answer(w http.ResponseWriter, req *http.Request) {
	data, ok := f.files[req.URL.Path]
	if !ok {
		http.NotFound(w, req)
		return
	}
	if name := req.URL.Query().Get("name"); name != "" {
		w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	}
	w.Header().Set("ETag", fmt.Sprintf("%q", f.Digest(req.URL.Path)))
	http.ServeContent(w, req, req.URL.Path, time.Time{}, bytes.NewReader(data))
}
