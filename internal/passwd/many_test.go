// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package passwd_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/strata-build/strata/internal/passwd"
)

// TestHideMany moves the passwords of very many users, twice.
func TestHideMany(t *testing.T) {
	const many = 300_000
	var users strings.Builder
	for i := range many {
		fmt.Fprintf(&users, "u%d:x:%d\n", i, i)
	}
	open, hidden := passwd.Parse([]byte(users.String())), passwd.Parse([]byte("u0\nu1:!:1\n"))
	begun := time.Now()
	for range 2 {
		if err := open.Hide(hidden, func([]string) []string { return passwd.Aging() }); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
	// The line u0 is no entry.
	if got := strings.Count(string(hidden.Bytes()), "\n"); got != 1+many {
		t.Errorf("there are %d lines, want %d", got, 1+many)
	}
}
