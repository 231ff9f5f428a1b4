// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package helper

import (
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/strata-build/strata/internal/child"
)

// moments are the times that tell what a command changed, in nanoseconds since the epoch.
type moments struct {
	// command is just before the command's start: a file changed since is the command's.
	command int64
	// container is before the file system was made ready. The runtime makes mount points, such as
	// /etc/resolv.conf and /dev, and so changes the directories they are in, between the two.
	container int64
}

// startTimes is called before the command is started. The kernel takes a
// file's times from a coarse clock, or, if a program asked for them, from the
// fine one (since 6.13). So it waits until the coarse clock passes what the
// fine one says now: then everything changed until now is older, and
// everything changed from then on isn't. That the coarse clock moves at all
// would not do, for it may move to a time already past.
func startTimes() (moments, error) {
	before, err := clock(unix.CLOCK_REALTIME)
	if err != nil {
		return moments{}, err
	}
	for {
		now, err := clock(unix.CLOCK_REALTIME_COARSE)
		if err != nil {
			return moments{}, err
		}
		if now > before {
			return moments{command: now, container: containerStart(now)}, nil
		}
		time.Sleep(time.Millisecond)
	}
}

// containerStart is when this process began. It began as the runtime's own
// first process, which prepared the file system and then became the helper.
func containerStart(fallback int64) int64 {
	const startTime = 22 - 3
	fields := child.Stat("self")
	if len(fields) <= startTime {
		return fallback
	}
	ticks, err := strconv.ParseInt(fields[startTime], 10, 64)
	if err != nil {
		return fallback
	}
	up, err1 := clock(unix.CLOCK_BOOTTIME)
	now, err2 := clock(unix.CLOCK_REALTIME)
	if err1 != nil || err2 != nil {
		return fallback
	}
	const tick = int64(time.Second) / 100
	return min(fallback, now-up+ticks*tick)
}

func clock(id int32) (int64, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(id, &ts); err != nil {
		return 0, fmt.Errorf("read clock: %w", err)
	}
	return ts.Nano(), nil
}
