// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/strata-build/strata/internal/distro"
	"github.com/strata-build/strata/internal/distro/debian/archive"
	"github.com/strata-build/strata/internal/distro/debian/index"
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
	if s.Ours.Failed && !s.Apt.Failed && st.unread > 0 {
		s.Apart = "an index that isn't among apt's lists"
	}
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
	req.Files, req.Wanted, err = readFiles(s.packages)
	if err != nil {
		s.Ours = answer{Failed: true, Reason: err.Error()}
		return
	}
	for _, name := range s.packages {
		if isFile(name) {
			continue
		}
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

// readFiles lists the packages that are files, as an index and as requests.
func readFiles(names []string) (*index.Index, []resolve.Wanted, error) {
	var text strings.Builder
	var wanted []resolve.Wanted
	for _, name := range names {
		if !isFile(name) {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, nil, err
		}
		a, err := archive.Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return nil, nil, err
		}
		c, err := a.Control()
		if err != nil {
			return nil, nil, err
		}
		fields := c.Fields.Set("Filename", name).Set("Size", strconv.Itoa(len(data))).Set("SHA256", fmt.Sprintf("%x", sha256.Sum256(data)))
		text.WriteString(fields.String() + "\n")
		wanted = append(wanted, resolve.Wanted{Name: fields.Get("Package"), Version: fields.Get("Version"), File: name})
	}
	if len(wanted) == 0 {
		return nil, nil, nil
	}
	x, err := index.ReadIndex(strings.NewReader(text.String()), index.Options{Repository: "files"})
	return x, wanted, err
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
