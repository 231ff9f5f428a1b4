// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"testing"

	"github.com/spf13/pflag"

	"github.com/strata-build/strata/cmd/strata/internal/cli"
)

// TestProgressVariable reads the kind of progress for builds and for questions.
func TestProgressVariable(t *testing.T) {
	env := map[string]string{"BUILDKIT_PROGRESS": "plain"}
	term := cli.Terminal{Env: func(name string) (string, bool) { value, ok := env[name]; return value, ok }}
	for name, bind := range map[string]func(*Options, *pflag.FlagSet, cli.Terminal){"build": (*Options).Bind, "question": (*Options).BindQuestion} {
		for _, args := range [][]string{nil, {"--progress", "tty"}} {
			var o Options
			flags := pflag.NewFlagSet(name, pflag.ContinueOnError)
			bind(&o, flags, term)
			want := "plain"
			if err := flags.Parse(args); err != nil {
				t.Fatal(err)
			}
			if len(args) > 0 {
				want = args[1]
			}
			if o.Report.Progress != want {
				t.Errorf("%s %v: progress %q, want %q", name, args, o.Report.Progress, want)
			}
		}
	}
}

// TestWithoutDigest prints no digest, whatever the progress is.
func TestWithoutDigest(t *testing.T) {
	for _, r := range []Report{{Progress: "quiet"}, {Progress: "auto", Quiet: true}, {Progress: "plain"}} {
		r = r.WithoutDigest()
		if mode, printID, err := displayMode(r.Progress, r.Quiet); err != nil || printID {
			t.Errorf("%+v: shown as %s, the digest %t: %v", r, mode, printID, err)
		}
	}
}
