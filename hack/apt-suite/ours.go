// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/resolve"
)

// ask asks both about the state that the script has made.
func (s *scenario) ask() error {
	st, err := readState(s.options)
	if err != nil {
		return err
	}
	s.State = fmt.Sprintf("%x", sha256.Sum256([]byte(st.text)))
	if s.Apt, err = s.simulate(); err != nil {
		return err
	}
	if why := st.apart(s); why != "" {
		s.Apart = why
		return nil
	}
	s.ours(st)
	return nil
}

// ours is Strata's answer. What is wrong with the state itself is a failure, too.
func (s *scenario) ours(st *state) {
	req, err := st.request()
	if err != nil {
		s.Ours = answer{Failed: true, Reason: err.Error()}
		return
	}
	if s.upgrade {
		req.Upgrade = distro.UpgradeAll
	}
	req.AllowHeld = s.held
	for _, name := range s.packages {
		w, err := parseWanted(name)
		if err != nil {
			s.Ours = answer{Failed: true, Reason: err.Error()}
			return
		}
		req.Wanted = append(req.Wanted, w)
	}
	sol, err := resolve.Resolve(req)
	if err != nil {
		s.Ours = answer{Failed: true, Reason: err.Error()}
		return
	}
	s.Ours = answerOf(sol)
	if len(sol.Ties) > 0 && !s.Ours.same(s.Apt) && s.tied(req, sol) {
		s.Note = sol.Ties[0].String()
	}
}

// parseWanted reads a name as apt-get does: one with a - behind must not come in.
func parseWanted(name string) (resolve.Wanted, error) {
	if out, ok := strings.CutSuffix(name, "-"); ok {
		name = "!" + out
	}
	return resolve.ParseWanted(name)
}

// tied reports whether ours gives apt's answer once apt's choices among equals are
// named.
func (s *scenario) tied(req resolve.Request, sol *resolve.Solution) bool {
	for _, t := range sol.Ties {
		for _, name := range t.Equal {
			if strings.Contains(" "+strings.Join(s.Apt.Steps, " ")+" ", " +"+name+" ") {
				req.Wanted = append(req.Wanted, resolve.Wanted{Name: name})
			}
		}
	}
	again, err := resolve.Resolve(req)
	return err == nil && answerOf(again).same(s.Apt)
}
