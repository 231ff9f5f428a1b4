// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/strata-build/strata/internal/spell"

	mode "github.com/tonistiigi/dchapes-mode"
)

// ParseMode reads a file mode: an octal number up to 07777, with or without a
// leading 0 or 0o.
func ParseMode(text string) (uint32, error) {
	digits := strings.TrimPrefix(text, "0o")
	if !isDigits(digits) {
		return 0, fmt.Errorf("%.40q is not a file mode; write an octal number such as 0644", text)
	}
	mode, err := strconv.ParseUint(digits, 8, 32)
	if err != nil || mode > 0o7777 {
		return 0, fmt.Errorf("%.40q is not a file mode; write an octal number up to 07777", text)
	}
	return uint32(mode), nil
}

// ParseModeChange reads the mode of a file, which is octal or, as chmod takes it, a change
// such as u+x,go-w. A change applies to the mode that a file has, and is returned as text.
func ParseModeChange(text string) (bits uint32, change string, err error) {
	if isDigits(strings.TrimPrefix(text, "0o")) || text == "" {
		bits, err = ParseMode(text)
		return bits, "", err
	}
	if _, err := mode.ParseWithUmask(text, 0); err != nil {
		return 0, "", fmt.Errorf("%.40q is not a file mode; write an octal number such as 0644, or a change such as u+x,go-w", text)
	}
	return 0, text, nil
}

// ChangeMode applies a change to the mode of a file.
func ChangeMode(bits uint32, change string) (uint32, error) {
	set, err := mode.ParseWithUmask(change, 0)
	if err != nil {
		return 0, fmt.Errorf("read file mode: %w", err)
	}
	return toUnix(set.Apply(fromUnix(bits))), nil
}

// setBits are the bits above those for reading, writing and executing, as Go and as
// chmod(2) have them.
func setBits() map[fs.FileMode]uint32 {
	return map[fs.FileMode]uint32{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000}
}

func fromUnix(bits uint32) fs.FileMode {
	m := fs.FileMode(bits) & fs.ModePerm
	for in, out := range setBits() {
		if bits&out != 0 {
			m |= in
		}
	}
	return m
}

func toUnix(m fs.FileMode) uint32 {
	bits := uint32(m.Perm())
	for in, out := range setBits() {
		if m&in != 0 {
			bits |= out
		}
	}
	return bits
}

// Owner is the owner of a file, each part a name or a number.
type Owner struct {
	User string
	// Group is empty when only a user is given.
	Group string
}

// ParseOwner reads "user" or "user:group".
func ParseOwner(text string) (Owner, error) {
	user, group, both := strings.Cut(text, ":")
	if err := checkOwnerPart("user", user); err != nil {
		return Owner{}, fmt.Errorf("owner %.40q: %w", text, err)
	}
	if both {
		if err := checkOwnerPart("group", group); err != nil {
			return Owner{}, fmt.Errorf("owner %.40q: %w", text, err)
		}
	}
	return Owner{User: user, Group: group}, nil
}

// KeepOwner is the owner of a build's $out that leaves all owners as they are.
const KeepOwner = "keep"

// ParseOwnership reads who owns files: "user", "user:group", or ":group", where the user
// is root.
func ParseOwnership(text string) (Owner, error) {
	if strings.HasPrefix(text, ":") {
		text = "0" + text
	}
	return ParseOwner(text)
}

func checkOwnerPart(what, part string) error {
	switch {
	case part == "":
		return fmt.Errorf("the %s is missing", what)
	case strings.Contains(part, ":"):
		return errors.New("more than one colon; write user:group")
	case strings.ContainsAny(part, " \t\n\r/,\x00"):
		return fmt.Errorf("%.40q cannot name a %s", part, what)
	}
	if isDigits(part) {
		if n, err := strconv.ParseUint(part, 10, 32); err != nil || n > math.MaxInt32 {
			return fmt.Errorf("the %s number is too large", what)
		}
	}
	return nil
}

// ParsePort reads a port, a port with its protocol, or a range of ports, and
// returns them as the image configuration has them: "80/tcp".
func ParsePort(text string) ([]string, error) {
	ports, proto, given := strings.Cut(text, "/")
	if !given {
		proto = "tcp"
	}
	proto = strings.ToLower(proto)
	if err := checkOneOf(proto, "tcp", "udp", "sctp"); err != nil {
		return nil, fmt.Errorf("port %.40q: %w", text, err)
	}
	low, high, isRange := strings.Cut(ports, "-")
	if !isRange {
		high = low
	}
	first, err := parsePortNumber(low)
	if err != nil {
		return nil, fmt.Errorf("port %.40q: %w", text, err)
	}
	last, err := parsePortNumber(high)
	if err != nil {
		return nil, fmt.Errorf("port %.40q: %w", text, err)
	}
	if last < first {
		return nil, fmt.Errorf("port %.40q: the range ends before it starts", text)
	}
	all := make([]string, 0, last-first+1)
	for n := first; n <= last; n++ {
		all = append(all, fmt.Sprintf("%d/%s", n, proto))
	}
	return all, nil
}

func parsePortNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || !isDigits(text) || n < 1 || n > 65535 {
		return 0, fmt.Errorf("want a number from 1 to 65535, found %.40q", text)
	}
	return n, nil
}

// ParseSize reads a number of bytes, with a unit of 1024 if any: 64m, 64MB and
// 64MiB are one.
func ParseSize(text string) (int64, error) {
	number := strings.TrimRight(text, "bBiIkKmMgGtT")
	unit := strings.ToLower(text[len(number):])
	shift, ok := map[string]int{
		"": 0, "b": 0,
		"k": 10, "kb": 10, "kib": 10,
		"m": 20, "mb": 20, "mib": 20,
		"g": 30, "gb": 30, "gib": 30,
		"t": 40, "tb": 40, "tib": 40,
	}[unit]
	if !ok || !isDigits(number) {
		return 0, fmt.Errorf("%.40q is not a size; write a number of bytes or one with a unit, such as 64m", text)
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("the size %.40q is too large", text)
	}
	return n << shift, nil
}

// ParseDuration reads a duration such as 30s or 1m30s, which is not negative.
func ParseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%.40q is not a duration; write one such as 30s or 1m30s", text)
	}
	return d, nil
}

// ParseNetwork reads a build's network: none, default or host.
func ParseNetwork(text string) (string, error) {
	return text, checkOneOf(text, "none", "default", "host")
}

// ParseSecurity reads a build's rights: sandbox or insecure.
func ParseSecurity(text string) (string, error) {
	return text, checkOneOf(text, "sandbox", "insecure")
}

// ParseDeterministic reads how deterministic a build is: false, network or
// strict. The word true means strict.
func ParseDeterministic(text string) (string, error) {
	if text == "true" {
		return "strict", nil
	}
	return text, checkOneOf(text, "false", "network", "strict")
}

// ParseSharing reads how builds share a cache: shared, private or locked.
func ParseSharing(text string) (string, error) {
	return text, checkOneOf(text, "shared", "private", "locked")
}

// ParseScripts reads what is done with maintainer scripts: run or skip.
func ParseScripts(text string) (string, error) {
	return text, checkOneOf(text, "run", "skip")
}

// FetchByStep is the word for archives that the steps fetch which unpack them.
const FetchByStep = "step"

// ParseFetch reads who fetches archives: source for BuildKit, each as a source of its own,
// or [FetchByStep].
func ParseFetch(text string) (string, error) {
	return text, checkOneOf(text, "source", FetchByStep)
}

// ParseConffiles reads what becomes of configuration files that are there: keep.
func ParseConffiles(text string) (string, error) {
	return text, checkOneOf(text, "keep")
}

// ParseUpgrade reads which of the base's packages are brought up to date: true, false
// or security.
func ParseUpgrade(text string) (string, error) {
	return text, checkOneOf(text, "true", "false", "security")
}

// ParseAlgorithm reads how a closure is split into layers: cohort, popularity,
// per-path or single.
func ParseAlgorithm(text string) (string, error) {
	return text, checkOneOf(text, "cohort", "popularity", "per-path", "single")
}

// ParseRepositoryType reads the type of a package archive: deb or apk.
func ParseRepositoryType(text string) (string, error) {
	return text, checkOneOf(text, "deb", "apk")
}

func checkOneOf(text string, words ...string) error {
	for _, w := range words {
		if text == w {
			return nil
		}
	}
	list := strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
	err := fmt.Errorf("want %s, found %.40q", list, text)
	if hint := spell.DidYouMean(text, words); hint != "" {
		err = fmt.Errorf("%w; %s", err, hint)
	}
	return err
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// valid makes a check of a parser.
func valid[V any](parse func(string) (V, error)) func(string) error {
	return func(text string) error {
		_, err := parse(text)
		return err
	}
}

// checkLine accepts a text that is not empty and has no line breaks.
func checkLine(text string) error {
	if text == "" {
		return errors.New("want a string that is not empty")
	}
	if strings.ContainsAny(text, "\n\r\x00") {
		return errors.New("want a string of one line")
	}
	return nil
}
