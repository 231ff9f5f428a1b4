// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package child

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// A watch ends copies of this process that don't become the program that they were made
// for. The zero value ends none.
type watch struct {
	words string        // the process's arguments as the kernel has them, which its copies share
	after time.Duration // how long a copy may take
}

// patience is how long a copy may take before it is ended. It takes some milliseconds,
// and on a machine that has much else to do a second.
const patience = 20 * time.Second

// ownWatch is a watch over this process if it is run by an emulator.
func ownWatch() *watch {
	// An emulator shows a program /proc/self/cmdline without itself.
	words, err := arguments(fmt.Sprintf("self/task/%d", os.Getpid()))
	if err != nil || words == strings.Join(os.Args, "\x00")+"\x00" {
		return &watch{}
	}
	return &watch{words: words, after: patience}
}

// arguments are a process's arguments, each followed by a NUL.
func arguments(process string) (string, error) {
	text, err := os.ReadFile("/proc/" + process + "/cmdline")
	return string(text), err
}

// begin looks for copies until ended is called, which says which were ended.
func (w *watch) begin() (ended func() map[int]bool) {
	if w.after == 0 {
		return func() map[int]bool { return nil }
	}
	stop, done := make(chan struct{}), make(chan map[int]bool)
	go func() {
		killed := map[int]bool{}
		tick := time.NewTicker(w.after)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				w.endCopies(killed)
			case <-stop:
				done <- killed
				return
			}
		}
	}()
	return func() map[int]bool {
		close(stop)
		return <-done
	}
}

// endCopies kills the copies that there are.
func (w *watch) endCopies(killed map[int]bool) {
	children, err := All()
	if err != nil {
		return // it is looked again
	}
	for _, pid := range children {
		if text, err := arguments(fmt.Sprint(pid)); err == nil && text == w.words && syscall.Kill(pid, syscall.SIGKILL) == nil {
			killed[pid] = true
		}
	}
}
