// SPDX-FileCopyrightText: The Strata authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package noshell

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

func cut(c *Call) error {
	opt, files, err := c.Options("d: delimiter=d: f: fields=f: c: characters=c: b: bytes=c: s only-delimited=s")
	if err != nil {
		return err
	}
	ranges, err := parseRanges(opt.Value("f") + opt.Value("c"))
	if err != nil || opt.Has("f") == opt.Has("c") {
		return orRefuse(err, "it isn't followed")
	}
	delimiter := "\t"
	if opt.Has("d") {
		delimiter = opt.Value("d")
	}
	if len(delimiter) != 1 {
		return refuse("its delimiter isn't followed")
	}
	texts, err := c.inputs(files)
	if err != nil {
		return err
	}
	return c.buffered(func(w *bufio.Writer) error {
		for _, l := range lines(strings.Join(texts, "")) {
			fields, with := strings.Split(l, delimiter), delimiter
			if opt.Has("c") {
				fields, with = strings.Split(l, ""), ""
			} else if len(fields) == 1 {
				if !opt.Has("s") {
					_, _ = w.WriteString(l + "\n")
				}
				continue
			}
			var out []string
			for i, f := range fields {
				if slices.ContainsFunc(ranges, func(r [2]int) bool { return i+1 >= r[0] && i+1 <= r[1] }) {
					out = append(out, f)
				}
			}
			_, _ = w.WriteString(strings.Join(out, with) + "\n")
		}
		return nil
	})
}

// parseRanges reads 1,3-5,7-.
func parseRanges(text string) ([][2]int, error) {
	var out [][2]int
	for part := range strings.SplitSeq(text, ",") {
		low, high, open := strings.Cut(part, "-")
		r := [2]int{1, math.MaxInt}
		var err error
		if low != "" {
			r[0], err = strconv.Atoi(low)
		}
		if err == nil && high != "" {
			r[1], err = strconv.Atoi(high)
		}
		if !open {
			r[1] = r[0]
		}
		if err != nil || part == "-" || part == "" || r[0] < 1 {
			return nil, refuse("its list %s isn't followed", text)
		}
		if r[1] < r[0] {
			return nil, errors.New("invalid decreasing range")
		}
		out = append(out, r)
	}
	return out, nil
}

func tr(c *Call) error {
	opt, sets, err := c.Options("d delete=d s squeeze-repeats=s c complement=c C=c")
	if err != nil {
		return err
	}
	if len(sets) == 0 || len(sets) > 2 || opt.Has("d") != (len(sets) == 1) && !opt.Has("s") || opt.Has("d") && len(sets) == 2 {
		return refuse("it isn't followed")
	}
	from, err := characters(sets[0])
	if err != nil {
		return err
	}
	if opt.Has("c") {
		from = complement(from)
	}
	var to []byte
	if len(sets) == 2 {
		if to, err = characters(sets[1]); err != nil || len(to) == 0 {
			return orRefuse(err, "it isn't followed")
		}
	}
	texts, err := c.inputs(nil)
	if err != nil {
		return err
	}
	var out []byte
	for _, b := range []byte(texts[0]) {
		at := slices.Index(from, b)
		if at >= 0 && opt.Has("d") {
			continue
		}
		if at >= 0 && to != nil {
			b = to[min(at, len(to)-1)]
		}
		squeezed := from
		if to != nil {
			squeezed = to
		}
		if opt.Has("s") && len(out) > 0 && out[len(out)-1] == b && slices.Contains(squeezed, b) {
			continue
		}
		out = append(out, b)
	}
	return c.Print(string(out))
}

func complement(set []byte) []byte {
	var out []byte
	for b := range 256 {
		if !slices.Contains(set, byte(b)) {
			out = append(out, byte(b))
		}
	}
	return out
}

// characters are those that a set of tr stands for.
func characters(set string) ([]byte, error) {
	classes := map[string]string{
		"[:upper:]": "A-Z", "[:lower:]": "a-z", "[:digit:]": "0-9", "[:alpha:]": "A-Za-z", "[:alnum:]": "0-9A-Za-z",
		"[:space:]": "\t\n\v\f\r ", "[:blank:]": "\t ",
	}
	for name, chars := range classes {
		set = strings.ReplaceAll(set, name, chars)
	}
	if strings.ContainsAny(set, "[]") && (strings.Contains(set, "[:") || strings.Contains(set, "[=") || strings.Contains(set, "*]")) {
		return nil, refuse("its set %s isn't followed", set)
	}
	var out []byte
	for i := 0; i < len(set); i++ {
		b := set[i]
		if b == '\\' && i+1 < len(set) {
			i++
			simple := map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', '0': 0}
			to, ok := simple[set[i]]
			if !ok || set[i] == '0' && i+1 < len(set) && set[i+1] >= '0' && set[i+1] <= '7' && set[i+1:] != "00" {
				return nil, refuse("its set %s isn't followed", set)
			}
			if set[i] == '0' {
				i = len(set)
			}
			out = append(out, to)
			continue
		}
		if i+2 < len(set) && set[i+1] == '-' {
			if set[i+2] < b || set[i+2] == '\\' {
				return nil, refuse("its set %s isn't followed", set)
			}
			for ch := int(b); ch <= int(set[i+2]); ch++ {
				out = append(out, byte(ch))
			}
			i += 2
			continue
		}
		out = append(out, b)
	}
	return out, nil
}

func sortLines(c *Call) error {
	opt, files, err := c.Options("u unique=u r reverse=r n numeric-sort=n")
	if err != nil {
		return err
	}
	texts, err := c.inputs(files)
	if err != nil {
		return err
	}
	var all []string
	for _, t := range texts {
		all = append(all, lines(t)...)
	}
	compare := strings.Compare
	if opt.Has("n") {
		compare = func(a, b string) int {
			if x, y := leadingNumber(a), leadingNumber(b); x != y {
				return x - y
			}
			return strings.Compare(a, b)
		}
	}
	slices.SortFunc(all, compare)
	if opt.Has("u") {
		all = slices.CompactFunc(all, func(a, b string) bool { return a == b || opt.Has("n") && leadingNumber(a) == leadingNumber(b) })
	}
	if opt.Has("r") {
		slices.Reverse(all)
	}
	return c.Print(joined(all))
}

// joined ends each line.
func joined(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return strings.Join(all, "\n") + "\n"
}

func leadingNumber(s string) int {
	s = strings.TrimLeft(s, " \t")
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && s[end] == '-') {
		end++
	}
	n, _ := strconv.Atoi(s[:end])
	return n
}

func uniq(c *Call) error {
	opt, files, err := c.Options("c count=c d repeated=d u unique=u")
	if err != nil {
		return err
	}
	if len(files) > 1 {
		return refuse("it isn't followed")
	}
	texts, err := c.inputs(files)
	if err != nil {
		return err
	}
	var out []string
	all := lines(texts[0])
	for i := 0; i < len(all); {
		n := 1
		for i+n < len(all) && all[i+n] == all[i] {
			n++
		}
		l := all[i]
		if opt.Has("c") {
			l = fmt.Sprintf("%7d %s", n, l)
		}
		if (!opt.Has("d") || n > 1) && (!opt.Has("u") || n == 1) {
			out = append(out, l)
		}
		i += n
	}
	return c.Print(joined(out))
}

// expr calculates with whole numbers, compares, or matches.
func expr(c *Call) error {
	if len(c.Args) != 4 {
		return refuse("it isn't followed")
	}
	if c.Args[2] == ":" {
		return c.match(c.Args[1], c.Args[3])
	}
	a, errA := strconv.Atoi(c.Args[1])
	b, errB := strconv.Atoi(c.Args[3])
	if errA != nil || errB != nil {
		return refuse("it isn't followed")
	}
	compared := map[string]bool{"=": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}
	n := 0
	switch op := c.Args[2]; op {
	case "+":
		n = a + b
	case "-":
		n = a - b
	case "*":
		n = a * b
	default:
		yes, ok := compared[op]
		if !ok {
			return refuse("it isn't followed")
		}
		if yes {
			n = 1
		}
	}
	if err := c.Print(strconv.Itoa(n) + "\n"); err != nil || n != 0 {
		return err
	}
	return Status(1)
}

// match prints how much of a text's beginning an expression matches, or its first group.
func (c *Call) match(text, pattern string) error {
	if strings.HasPrefix(pattern, "^") || strings.HasPrefix(pattern, "*") || strings.ContainsFunc(text, func(r rune) bool { return r == '\n' || r >= utf8.RuneSelf }) ||
		slices.Contains([]string{"(", ")", "+", "match", "substr", "index", "length"}, text) {
		return refuse("it isn't followed")
	}
	re, err := expression(pattern, false, false)
	if err != nil {
		return err
	}
	at := re.FindStringSubmatchIndex(text)
	matches := at != nil && at[0] == 0
	found := ""
	switch {
	case re.NumSubexp() == 0 && matches:
		found = strconv.Itoa(at[1])
	case re.NumSubexp() == 0:
		found = "0"
	case matches && at[2] >= 0:
		found = text[at[2]:at[3]]
	}
	if err := c.Print(found + "\n"); err != nil {
		return err
	}
	if strings.Trim(found, "0") == "" || strings.HasPrefix(found, "-") && strings.Trim(found[1:], "0") == "" && len(found) > 1 {
		return Status(1)
	}
	return nil
}
