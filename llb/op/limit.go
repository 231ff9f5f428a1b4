// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package op

import (
	"strconv"

	bk "github.com/moby/buildkit/client/llb"

	"github.com/strata-build/strata/internal/fetch"
)

// Limit notes the most that a download takes, in bytes; 0 is no limit. It is no part of
// what a cache knows the download by.
func Limit(most int64) bk.ConstraintsOpt {
	if most <= 0 {
		return bk.WithDescription(nil)
	}
	return bk.WithDescription(map[string]string{fetch.LimitKey: strconv.FormatInt(most, 10)})
}
