// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCacheIndex has indexes that are none: the message doesn't have all of them.
func TestCacheIndex(t *testing.T) {
	for text, want := range map[string]string{
		`{"manifests": [` + strings.Repeat("[", 100_000): "index.json is not an index",
		`{"manifests": {}}`: "index.json is not an index",
		`{"manifests": []}`: "",
		"":                  "",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "index.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := CacheFrom([]string{"type=local,src=" + dir}, os.LookupEnv)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || len(err.Error()) > 1000) {
			t.Errorf("%.30s: %v, want %q", text, err, want)
		}
	}
}
