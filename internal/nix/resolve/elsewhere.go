// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"context"
	"fmt"
)

// Elsewhere asks binary caches for another archive of a path, when those at refused
// addresses can't be had. It has the same content: the same hash before packing.
func Elsewhere(ctx context.Context, path *Info, refused func(url string) bool, o Options) (*Info, error) {
	s := search{Options: o, found: map[string]*Info{}, down: make([]error, len(o.Caches))}
	fault := &Fault{Path: path.Path}
	for i, cache := range o.Caches {
		var found []*Info
		err := s.ask(ctx, i, []string{path.Path}, &found)[0]
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		switch {
		case err != nil:
		case refused(found[0].URL):
			err = fmt.Errorf("its archive %s can't be fetched", found[0].URL)
		case found[0].NarHash != path.NarHash || found[0].NarSize != path.NarSize:
			err = fmt.Errorf("it has other content there: %s", found[0].NarHash)
		default:
			return found[0], nil
		}
		fault.Tried = append(fault.Tried, Try{Cache: cache, Err: err})
	}
	return nil, fault
}
