// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"testing"
	"time"
)

func fixedTime() time.Time { return time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC) }

func TestRetryAfterHeader(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "7": 7 * time.Second, "Sat, 03 Feb 2024 04:05:36 GMT": 30 * time.Second, "Sat, 03 Feb 2024 04:00:00 GMT": 0,
	} {
		if got, ok := retryAfter(text, fixedTime()); !ok || got != want {
			t.Errorf("retryAfter(%q) = %s, %t; want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-1", "soon"} {
		if got, ok := retryAfter(text, fixedTime()); ok {
			t.Errorf("retryAfter(%q) = %s", text, got)
		}
	}
}
