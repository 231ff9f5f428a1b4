// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package trials

import (
	"fmt"
	"net/http"
	"time"

	"github.com/strata-build/strata/internal/testenv/misbehave"
)

// wrongs are what happens on wires, once and always.
func wrongs() []wrong {
	var all []wrong
	for _, w := range []wrong{
		{name: "no answer", fault: misbehave.HangUp()},
		{name: "no more than a promise", fault: misbehave.Promise()},
		{name: "no content", fault: misbehave.Drop(0)},
		{name: "breaks off", fault: misbehave.Drop(100)},
		{name: "half of it", fault: misbehave.Truncate(), unseen: true},
		{name: "twice", fault: misbehave.Repeat(), unseen: true},
		{name: "a wrong bit", fault: misbehave.Flip(), unseen: true},
		{name: "nothing", fault: misbehave.Page(""), unseen: true},
		{name: "a page", fault: misbehave.Page("<html>Welcome to the hotel</html>"), unseen: true},
		{name: "429", fault: misbehave.Answer(http.StatusTooManyRequests, "Retry-After: 1")},
		{name: "500", fault: misbehave.Answer(http.StatusInternalServerError)},
		{name: "503", fault: misbehave.Answer(http.StatusServiceUnavailable)},
	} {
		w.times = 1
		all = append(all, w)
		w.times, w.name = 0, w.name+" always"
		all = append(all, w)
	}
	for _, status := range []int{401, 403, 404, 451} {
		all = append(all, wrong{name: fmt.Sprintf("%d always", status), fault: misbehave.Answer(status)})
	}
	return append(all,
		wrong{name: "slow always", fault: misbehave.Slow(50 * time.Millisecond)},
		wrong{name: "led in a circle always", fault: misbehave.Circle()},
	)
}
