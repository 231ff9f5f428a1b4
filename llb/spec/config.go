// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/strata-build/strata/internal/spell"
)

func configObject() object[Config] {
	return object[Config]{
		span:    func(c *Config) *Range { return &c.Range },
		instead: asConfig,
		keys: []key[Config]{
			bind("entrypoint", "The command that always runs; an empty list clears the base's.", list(text()),
				func(c *Config) *[]String { return &c.Entrypoint }),
			bind("cmd", "The command, or its arguments, when none are given.", list(text()),
				func(c *Config) *[]String { return &c.Cmd }),
			bind("env", "Environment variables, over the base's; null removes one of the base's.", removing(env()),
				func(c *Config) *[]Pair { return &c.Env }),
			bind("workdir", "The directory that the container starts in; null removes the base's.", removable(text(checkPath)),
				func(c *Config) *String { return &c.Workdir }),
			bind("user", "Who the container runs as: user or user:group; null removes the base's.", removable(owner()),
				func(c *Config) *String { return &c.User }),
			bind("expose", "Ports, as 8080, 8080/udp or 8000-8010/tcp, beside the base's. An empty list clears those; in a map, null removes one.", additions("port", ports()),
				func(c *Config) *Additions { return &c.Expose }),
			bind("volumes", "Directories that hold data, beside the base's. An empty list clears those; in a map, null removes one.", additions("volume", absolute()),
				func(c *Config) *Additions { return &c.Volumes }),
			bind("labels", "Labels, over the base's; null removes one of the base's.", removing(labels("label")),
				func(c *Config) *[]Pair { return &c.Labels }),
			bind("stop_signal", "The signal that ends the container, as SIGTERM or 15; null removes the base's.", removable(signal()),
				func(c *Config) *String { return &c.StopSignal }),
			bind("shell", "The shell that scripts run in.", list(text()),
				func(c *Config) *[]String { return &c.Shell }),
			bind("onbuild", "Dockerfile instructions for images on top of this one.", list(text(checkLine)),
				func(c *Config) *[]String { return &c.OnBuild }),
			bind("author", "Who made the image; null removes the base's.", removable(text()),
				func(c *Config) *String { return &c.Author }),
			bind("healthcheck", "How a running container is probed; null removes the base's.", healthcheckKind(),
				func(c *Config) **Healthcheck { return &c.Healthcheck }),
		},
	}
}

// healthcheckKind also takes null.
func healthcheckKind() kind[*Healthcheck] {
	long := pointer(healthcheckObject().kind())
	return kind[*Healthcheck]{schema: orNull(long.schema), read: func(c cursor) (*Healthcheck, bool) {
		if c.isNull() {
			return &Healthcheck{Range: c.span, Removed: true}, true
		}
		return long.read(c)
	}}
}

func healthcheckObject() object[Healthcheck] {
	period := duration()
	return object[Healthcheck]{
		span: func(h *Healthcheck) *Range { return &h.Range },
		keys: []key[Healthcheck]{
			bind("test", "The probe: a list that starts with CMD, CMD-SHELL or NONE; a string is a script.", probeKind(),
				func(h *Healthcheck) *[]String { return &h.Test }),
			bind("interval", "The time between probes.", period,
				func(h *Healthcheck) *String { return &h.Interval }),
			bind("timeout", "The time that a probe may take.", period,
				func(h *Healthcheck) *String { return &h.Timeout }),
			bind("start_period", "The time that the container may take to start.", period,
				func(h *Healthcheck) *String { return &h.StartPeriod }),
			bind("start_interval", "The time between probes while it starts.", period,
				func(h *Healthcheck) *String { return &h.StartInterval }),
			bind("retries", "How many probes in a row have to fail.", number(0, math.MaxInt32),
				func(h *Healthcheck) *int { return &h.Retries }),
		},
	}
}

// probeKind reads a healthcheck's test. A string becomes CMD-SHELL.
func probeKind() kind[[]String] {
	long := filled(text())
	read := long.read
	long.read = func(c cursor) ([]String, bool) {
		argv, ok := read(c)
		if !ok || len(argv) == 0 {
			return nil, false
		}
		want := map[string]bool{"CMD": len(argv) > 1, "CMD-SHELL": len(argv) == 2, "NONE": len(argv) == 1}
		if fits, known := want[argv[0].Value]; !known {
			c.faultAt(c.items[0], "", "want CMD, CMD-SHELL or NONE first, found %.40q", argv[0].Value)
			return nil, false
		} else if !fits {
			c.fault("want a command after CMD, one string after CMD-SHELL, and nothing after NONE")
			return nil, false
		}
		return argv, true
	}
	return or(long, text(checkNotBlank), likeText(), func(c cursor, script String) []String {
		return []String{{Value: "CMD-SHELL", Pos: c.span.Start}, script}
	})
}

// ParseSignal reads the signal that ends a container: a number, or its name on Linux. By
// another one no container starts.
func ParseSignal(text string) (string, error) {
	if regexp.MustCompile("^(?:"+signalPattern()+")$").MatchString(text) && strings.Trim(text, "0") != "" {
		return text, nil
	}
	err := fmt.Errorf("%.40q is not a signal; write one such as SIGTERM or 15", text)
	if hint := spell.DidYouMean(text, signals()); hint != "" {
		err = fmt.Errorf("%w; %s", err, hint)
	}
	return "", err
}

func signalPattern() string {
	return "(?:" + strings.Join(signals(), "|") + `)|SIGRTMIN\+(?:[1-9]|1[0-5])|SIGRTMAX-(?:[1-9]|1[0-4])|[0-9]{1,2}`
}

// signals are the names that stand for one signal.
func signals() []string {
	return strings.Fields(`SIGABRT SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT SIGKILL SIGPIPE SIGPOLL SIGPROF SIGPWR SIGQUIT
		SIGRTMAX SIGRTMIN SIGSEGV SIGSTKFLT SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ`)
}

func isBlank(text string) bool { return strings.TrimSpace(text) == "" }

func checkNotBlank(text string) error {
	if isBlank(text) {
		return fmt.Errorf("the script is empty")
	}
	return nil
}
