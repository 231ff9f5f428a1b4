// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"errors"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		req  Request
		size int64
		ok   bool
	}{
		{Request{}, MaxSize, true},
		{Request{}, MaxSize + 1, false},
		{Request{Limit: 10}, 10, true},
		{Request{Limit: 10}, 11, false},
		{Request{Limit: 1 << 62}, MaxSize + 1, false},
		{Request{Size: 10, Limit: 5}, 10, true},
		{Request{Size: 10}, 9, false},
		{Request{Size: 10}, 11, false},
		{Request{Size: 1<<63 - 1}, 10, false},
		{Request{Size: -1}, 10, false},
	} {
		if err := c.req.Check(c.size); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrSize) {
			t.Errorf("%+v with %d bytes: %v", c.req, c.size, err)
		}
	}
}
