// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package unpack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
)

// An Opened is a package's file, and which of all it is.
type Opened struct {
	*os.File
	// Index is the file's among all.
	Index int
	// Size is in bytes.
	Size int64
}

// Each opens package files on all processors, and returns what one makes of each,
// in the order of the files. The greatest are begun first, so that none is left
// alone at the end. After an error no other is begun.
func Each[P any](ctx context.Context, files []string, one func(context.Context, Opened) (P, error)) ([]P, error) {
	order, err := bySize(files)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	next := make(chan int)
	made, errs := make([]P, len(files)), make([]error, len(files))
	var wg sync.WaitGroup
	for range min(runtime.NumCPU(), len(files)) {
		wg.Go(func() {
			for i := range next {
				if made[i], errs[i] = opened(ctx, files[i], i, one); errs[i] != nil {
					cancel()
				}
			}
		})
	}
	for _, i := range order {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return nil, err
		}
	}
	return made, errors.Join(errs...)
}

func opened[P any](ctx context.Context, file string, i int, one func(context.Context, Opened) (P, error)) (P, error) {
	var none P
	if err := ctx.Err(); err != nil {
		return none, err
	}
	f, err := os.Open(file)
	if err != nil {
		return none, fmt.Errorf("open package: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return none, fmt.Errorf("open package: %w", err)
	}
	return one(ctx, Opened{File: f, Index: i, Size: info.Size()})
}

// bySize is the order of files from the greatest to the smallest.
func bySize(files []string) ([]int, error) {
	sizes := make([]int64, len(files))
	order := make([]int, len(files))
	for i, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return nil, fmt.Errorf("open package: %w", err)
		}
		order[i], sizes[i] = i, info.Size()
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sizes[b], sizes[a]) })
	return order, nil
}
