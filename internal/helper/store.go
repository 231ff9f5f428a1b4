// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/call"
	"github.com/strata-build/strata/internal/compress"
)

// What is wrong with a store path's archive.
var (
	// errHash says that its hash isn't the one that was vouched for.
	errHash = errors.New("it is not what was announced")
	// errSize says the same of its length.
	errSize = errors.New("it has another size than announced")
)

// storeTime is the modification time of all in a store, in seconds since 1970:
// programs in it take 0 for "unknown".
const storeTime = 1

// A storeItem is a path to be put into a store.
type storeItem call.Item

// fillStore puts items into the store at the image path dir, below the empty
// directory dst. They are unpacked side by side, and each is checked against
// its hash and its size. Files are read-only, all belongs to root, and all
// times are storeTime. After an error dst is empty.
func fillStore(items []call.Item, dir, dst string) error {
	d, err := openEmpty(dst)
	if err != nil {
		return err
	}
	defer d.close()
	err = store(items, dir, d)
	if err != nil {
		err = errors.Join(err, clearDir(dst))
	}
	return err
}

func store(items []call.Item, path string, out dir) error {
	open := []dir{out}
	defer func() {
		for _, d := range open[1:] {
			d.close()
		}
	}()
	for _, name := range components(path) {
		sub, err := open[len(open)-1].mkdir(name)
		if err != nil {
			return err
		}
		open = append(open, sub)
	}
	if err := storeAll(items, open[len(open)-1]); err != nil {
		return err
	}
	for i := len(open) - 1; i >= 0; i-- {
		if err := open[i].seal(0o755); err != nil {
			return err
		}
	}
	return nil
}

// storeAll unpacks as many items at once as there are processors. The biggest
// come first, so that none of them is what all others have to wait for.
func storeAll(items []call.Item, to dir) error {
	order := bySize(items)
	errs := make([]error, len(order))
	next := make(chan int)
	var workers sync.WaitGroup
	var failed sync.Once
	stop := make(chan struct{})
	for range min(runtime.GOMAXPROCS(0), len(order)) {
		workers.Go(func() {
			var archives compress.Opener
			for i := range next {
				if errs[i] = storeItem(order[i]).put(to, &archives); errs[i] != nil {
					failed.Do(func() { close(stop) })
				}
			}
		})
	}
send:
	for i := range order {
		select {
		case next <- i:
		case <-stop:
			break send
		}
	}
	close(next)
	workers.Wait()
	return errors.Join(errs...)
}

// put unpacks one item.
func (item storeItem) put(to dir, archives *compress.Opener) error {
	if err := item.unpack(to, archives); err != nil {
		return fmt.Errorf("unpack %s: %w", show(to.join(item.Name)), err)
	}
	return nil
}

// seal gives a finished directory its mode and its time.
func (d dir) seal(mode uint32) error {
	if err := unix.Fchmod(d.fd, mode); err != nil {
		return fmt.Errorf("set mode of %s: %w", show(d.path), err)
	}
	return d.date(".")
}

// date sets the times of name, of a link itself and not of its target.
func (d dir) date(name string) error {
	times := []unix.Timespec{{Sec: storeTime}, {Sec: storeTime}}
	if err := unix.UtimesNanoAt(d.fd, name, times, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("set times of %s: %w", show(d.join(name)), err)
	}
	return nil
}

// clearDir removes all that is in a directory.
func clearDir(path string) error {
	root, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	defer root.Close()
	f, err := root.Open(".")
	if err != nil {
		return err
	}
	names, err := f.Readdirnames(-1)
	f.Close()
	for _, name := range names {
		err = errors.Join(err, root.RemoveAll(name))
	}
	return err
}
