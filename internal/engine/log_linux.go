// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"os"
	"sync"

	"github.com/sirupsen/logrus"
)

// logLimit is how large a log grows before it starts over.
const logLimit = 8 << 20

// boundedLog writes to a file opened for appending and empties it when it gets
// too large. What the Go runtime writes to standard error goes to the same file.
type boundedLog struct {
	mu   sync.Mutex
	file *os.File
	size int
}

// Write writes one entry.
func (l *boundedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size+len(p) > logLimit {
		if err := l.file.Truncate(0); err != nil {
			return 0, err
		}
		l.size = 0
	}
	n, err := l.file.Write(p)
	l.size += n
	return n, err
}

// redirectLog sends everything BuildKit and containerd say to the engine's log,
// which is standard error of this process.
func redirectLog(level string) error {
	logrus.SetOutput(&boundedLog{file: os.Stderr})
	logrus.SetFormatter(&logrus.TextFormatter{FullTimestamp: true, DisableColors: true})
	if level == "" {
		return nil
	}
	parsed, err := logrus.ParseLevel(level)
	if err != nil {
		return err
	}
	logrus.SetLevel(parsed)
	return nil
}
