// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"context"
	"errors"
)

func (c *closure) exported(context.Context) error { return errors.New("TODO") }
func (c *closure) built(context.Context) error    { return errors.New("TODO") }
